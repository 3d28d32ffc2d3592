/** Waits for a database that is starting up or shutting down: a second process may meet the private one of a first that is just ending. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isIsthmusError } from '../model/errors.ts'

const waitMs = 30_000
const everyMs = 250

/** What PostgreSQL says while it ends or starts, and what a connection meets that it cuts while doing so. */
const passing = /^(?:57P0[123])$/
const cut = /terminated unexpectedly|Connection terminated/i

/**
 * Does it again, for a bounded time, while the database is on its way up or down.
 *
 * @param isPrivate also while nothing listens: the private database is started again by whoever watches it
 */
export async function retryWhileUnavailable<Result>(
  work: () => Promise<Result>,
  { isPrivate, withinMs = waitMs }: { readonly isPrivate: boolean; readonly withinMs?: number },
): Promise<Result> {
  const until = performance.now() + withinMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (performance.now() >= until || !isPassing(error, isPrivate)) throw error
      await sleep(everyMs)
    }
  }
}

function isPassing(error: unknown, isPrivate: boolean): boolean {
  const cause = isIsthmusError(error) ? error.cause : error
  if (!(cause instanceof Error)) return false
  const code = 'code' in cause ? String(cause.code) : ''
  if (passing.test(code) || cut.test(cause.message)) return true
  return isPrivate && /^(?:ECONNREFUSED|ENOENT|ECONNRESET|EPIPE)$/.test(code)
}
