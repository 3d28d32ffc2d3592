/** Bounds a wait by the engine's clock. */
import type { Clock } from '../ports.ts'

/** The result of a wait whose time ended before its work did. */
export type Late = 'late'

/**
 * Waits for the work at most `ms`, or until the signal aborts; then resolves to `late`. The work itself is
 * not stopped: its own signal is responsible for that.
 *
 * Rejects when the work rejects in time. A later rejection is swallowed, since nothing waits for it any more.
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
