/** Something to wait for that others can ring: a wait ends by the bell or by its time, whichever is first. */
import type { Clock } from './ports.ts'

/** One bell for one waiting loop. */
export interface WakeSignal {
  /** Ends the present wait; without one, the next wait ends at once. */
  ring(): void
  wait(ms: number): Promise<void>
}

/** Makes a bell that has not been rung. */
export function createWakeSignal(clock: Pick<Clock, 'sleep'>): WakeSignal {
  let rung = false
  let waiting: AbortController | undefined
  return {
    ring() {
      rung = true
      waiting?.abort()
    },
    async wait(ms) {
      if (!rung) {
        waiting = new AbortController()
        await clock.sleep(ms, waiting.signal)
        waiting = undefined
      }
      rung = false
    },
  }
}
