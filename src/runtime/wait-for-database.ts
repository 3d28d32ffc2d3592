/**
 * Waits for a database that is starting up or shutting down: a second process may find the private database
 * of a first one that is just stopping.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isIsthmusError } from '../model/errors.ts'

const waitMs = 30_000
const everyMs = 250

/** Errors of PostgreSQL during startup and shutdown, and of connections that it closes meanwhile. */
const passing = /^(?:57P0[123])$/
const cut = /terminated unexpectedly|Connection terminated/i

/**
 * Retries for a bounded time while the database is starting up or shutting down.
 *
 * @param isPrivate also retries while nothing listens, because the private database is restarted by the
 *   process that watches it
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
