/** Bounds a wait by the engine's clock. */
import type { Clock } from '../ports.ts'

/** What a wait answers when its time is over before its work is. */
export type Late = 'late'

/**
 * Waits for the work at most `ms`, or until the signal aborts; then answers `late`. The work itself is not stopped by this: whoever
 * started it gave it a signal for that.
 *
 * Rejects when the work rejects in time. A rejection after the deadline is swallowed, since nobody waits for it any more.
 */
export async function withDeadline<T>(
  clock: Pick<Clock, 'sleep'>,
  ms: number,
  signal: AbortSignal,
  work: Promise<T>,
): Promise<T | Late> {
  const done = new AbortController()
  const late = clock.sleep(ms, AbortSignal.any([signal, done.signal])).then((): Late => 'late')
  work.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    done.abort()
  }
}
