/**
 * Follows redirects of reads, if that is wanted. Never of writes, since nobody knows what the first address did with them; unless the call is
 * one of `fetch`, whose rules are other people's.
 *
 * To another origin only what says nothing about us goes along: no credential, no cookie, no header of the caller's. Where it leads is
 * checked like every other address, at the moment of connecting.
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

/** Follows at most `redirectsMax` of them for one call that does not say itself how many. */
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

/** `Retry-After` of a redirect is how long to wait before following it (RFC 9110, 10.2.3). @throws the redirect's own error when that is too long */
async function waitAsAsked(call: Call, error: HttpStatusError, clock: HttpClock): Promise<void> {
  const ms = retryAfterMs(error.headers['retry-after'], clock.now(), error.headers.date) ?? 0
  if (ms === 0) return
  if (clock.monotonic() + ms >= call.deadlineAt) throw error
  await sleepUntilStopped(ms, call.stop)
}

/** What is sent to where a redirect leads. Writes that go on as what they are need their body once more. */
function asRedirected(call: Call, { status }: HttpStatusError): Call | undefined {
  const becomesRead =
    status === 303 ? call.method !== 'GET' && call.method !== 'HEAD' : status < 303 && call.method === 'POST'
  if (!becomesRead) return isSpentBySending(call) ? undefined : call
  const headers = Object.entries(call.headers).filter(([name]) => !name.startsWith('content-'))
  return { ...call, method: 'GET', body: undefined, headers: Object.fromEntries(headers) }
}

/** @throws the redirect's own error when it leads to an address that no call may have */
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
