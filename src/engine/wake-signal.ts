/** A wait that others can end early: it ends when it is signalled or after its time, whichever is first. */
import type { Clock } from './ports.ts'

/** One signal for one waiting loop. */
export interface WakeSignal {
  /** Ends the current wait; without one, the next wait ends at once. */
  ring(): void
  wait(ms: number): Promise<void>
}

/** Makes a signal that is not set. */
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
