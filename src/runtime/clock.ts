/** The real clock: monotonic ticks of this process, aligned to the database's wall clock. */
import type { Clock } from '../engine/ports.ts'

/** Maximum delay of Node's timers; longer sleeps wake early, which every caller's loop tolerates. */
const SLEEP_MS_MAX = 2_147_483_647

/** A {@link Clock} whose wall time can be moved to the database's. */
export interface DatabaseClock extends Clock {
  /**
   * Reads the database's clock and follows it from then on. The response is assumed to take half of the round
   * trip, so the error is at most half a round trip.
   */
  align(readDatabaseNow: () => Promise<number>): Promise<void>
}

/**
 * Creates the process's clock. It follows the host until {@link DatabaseClock.align} is called.
 *
 * Wall time is ticks plus an offset rather than `Date.now()`, because a step of the host's clock must not
 * move leases or horizons.
 */
export function createClock(): DatabaseClock {
  let offsetMs = performance.timeOrigin
  return {
    now: () => Math.floor(performance.now() + offsetMs),
    monotonic: () => performance.now(),
    sleep: (ms, signal) => sleep(ms, signal),
    defer: (task) => void setImmediate(task),
    async align(readDatabaseNow) {
      const started = performance.now()
      const databaseNow = await readDatabaseNow()
      const ended = performance.now()
      offsetMs = databaseNow - (started + ended) / 2
    },
  }
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve()
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, Math.min(Math.max(ms, 0), SLEEP_MS_MAX))
    signal?.addEventListener('abort', finish, { once: true })
  })
}
