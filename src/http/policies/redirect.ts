/**
 * Follows redirects of reads, if that is wanted. Never of writes, since nobody knows what the first address did with them.
 *
 * To another origin only what says nothing about us goes along: no credential, no cookie, no header of the caller's. Where it leads is
 * checked like every other address, at the moment of connecting.
 */
import { assertScheme } from '../address.ts'
import type { Call, Policy } from '../call.ts'
import { HttpStatusError, RequestError } from '../errors.ts'

const followed: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const neutral: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'accept-language', 'user-agent'])

/** Follows at most `redirectsMax` of them for one call. */
export function redirectPolicy(redirectsMax: number, allowHttp: boolean): Policy {
  return {
    name: 'redirect',
    async run(call, next) {
      if (call.method !== 'GET' && call.method !== 'HEAD') return next(call)
      let current = call
      for (let left = redirectsMax; ; left -= 1) {
        try {
          return await next(current)
        } catch (error) {
          if (!(error instanceof HttpStatusError) || !followed.has(error.status) || left === 0) throw error
          current = redirected(current, error, allowHttp)
        }
      }
    },
  }
}

/** @throws the redirect's own error when it leads to an address that no call may have */
function redirected(call: Call, error: HttpStatusError, allowHttp: boolean): Call {
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
    if (error instanceof RequestError) return false
    throw error
  }
}
