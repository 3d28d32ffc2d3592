/**
 * Follows redirects of reads, if enabled. Never of writes, since their effect at the first address is
 * unknown; except for calls of `fetch`, which has its own rules.
 *
 * To another origin only headers that say nothing about the caller are sent: no credential, no cookie, no
 * header of the caller's. The target is checked like every other address, when the connection is made.
 */

import { UsageError } from '../../model/errors.ts'
import { assertScheme } from '../address.ts'
import { retryAfterMs } from '../backoff/retry-after.ts'
import { isSpentBySending } from '../bodies/request-body.ts'
import type { Call, HttpClock, Policy } from '../call.ts'
import { HttpStatusError } from '../errors.ts'
import { sleepUntilStopped } from '../stop.ts'

const followed: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const neutral: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'accept-language', 'user-agent'])

/** Follows at most `redirectsMax` redirects of a call that does not specify its own maximum. */
export function redirectPolicy(redirectsMax: number, allowHttp: boolean, clock: HttpClock): Policy {
  return {
    name: 'redirect',
    async run(call, next) {
      const isRead = call.method === 'GET' || call.method === 'HEAD'
      let left = call.redirects ?? (isRead ? redirectsMax : 0)
      if (left === 0) return next(call)
      let current = call
      for (; ; left -= 1) {
        try {
          return await next(current)
        } catch (error) {
          if (!(error instanceof HttpStatusError) || !followed.has(error.status) || left === 0) throw error
          current = redirected(current, error, allowHttp)
          call.progress.redirectedTo = current.origin + current.path
          await waitAsAsked(current, error, clock)
        }
      }
    },
  }
}

/**
 * `Retry-After` of a redirect is the delay before following it (RFC 9110, 10.2.3). @throws the redirect's own
 * error when that is too long
 */
async function waitAsAsked(call: Call, error: HttpStatusError, clock: HttpClock): Promise<void> {
  const ms = retryAfterMs(error.headers['retry-after'], clock.now(), error.headers.date) ?? 0
  if (ms === 0) return
  if (clock.monotonic() + ms >= call.deadlineAt) throw error
  await sleepUntilStopped(ms, call.stop)
}

/**
 * The request to the target of a redirect. Writes that keep their method need their body again; of a body
 * that can't be sent again, `fetch` follows only 303.
 */
function asRedirected(call: Call, { status }: HttpStatusError): Call | undefined {
  if (status !== 303 && isSpentBySending(call)) return undefined
  const becomesRead =
    status === 303 ? call.method !== 'GET' && call.method !== 'HEAD' : status < 303 && call.method === 'POST'
  if (!becomesRead) return call
  const headers = Object.entries(call.headers).filter(([name]) => !name.startsWith('content-'))
  return { ...call, method: 'GET', body: undefined, headers: Object.fromEntries(headers) }
}

/** @throws the redirect's own error when it leads to an address that no call may use */
function redirected(before: Call, error: HttpStatusError, allowHttp: boolean): Call {
  const call = asRedirected(before, error)
  if (call === undefined) throw error
  const location = error.headers.location ?? ''
  const from = call.origin + call.path
  if (location === '' || !URL.canParse(location, from)) throw error
  const url = new URL(location, from)
  if (url.username !== '' || url.password !== '' || !isSafeScheme(url, allowHttp)) throw error
  if (call.origin.startsWith('https:') && url.protocol !== 'https:') throw error
  const path = url.pathname + url.search
  if (url.origin === call.origin) return { ...call, path }
  const headers = Object.fromEntries(Object.entries(call.headers).filter(([name]) => neutral.has(name)))
  const label = `${call.method} ${url.origin} (redirected)`
  return { ...call, origin: url.origin, path, label, route: '(redirected)', headers }
}

function isSafeScheme(url: URL, allowHttp: boolean): boolean {
  try {
    assertScheme(url, allowHttp)
    return true
  } catch (error) {
    if (error instanceof UsageError) return false
    throw error
  }
}
