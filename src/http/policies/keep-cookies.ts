/**
 * Returns the cookies that the API set, for APIs that keep a session in them (SAP's write token belongs to
 * one).
 */
import type { HttpClock, Policy } from '../call.ts'
import type { CookieJar } from '../cookies/cookie-jar.ts'
import { AuthenticationError, HttpStatusError, RateLimitedError } from '../errors.ts'
import { setCookieLines } from '../header-names.ts'

/** The jar belongs to one client, as its credential does. */
export function keepCookiesPolicy(jar: CookieJar, clock: HttpClock): Policy {
  return {
    name: 'keep-cookies',
    async run(call, next) {
      const { origin, path } = call
      const kept = jar.headerFor(origin, path, clock.now())
      const keep = (headers: Readonly<Record<string, string>> | undefined): void => {
        const lines = setCookieLines(headers)
        if (lines.length > 0) jar.store(origin, path, lines, clock.now())
      }
      try {
        const response = await next(kept === undefined ? call : withCookies(call, kept))
        keep(response.headers)
        return response
      } catch (error) {
        // A refusal may start or renew a session just as a success does.
        if (isAnswered(error)) keep(error.headers)
        throw error
      }
    },
  }
}

/** A cookie that the caller gave is sent as well. */
function withCookies<C extends { readonly headers: Readonly<Record<string, string>> }>(
  call: C,
  kept: string,
): C {
  const own = call.headers.cookie
  return { ...call, headers: { ...call.headers, cookie: own === undefined ? kept : `${own}; ${kept}` } }
}

function isAnswered(error: unknown): error is HttpStatusError | RateLimitedError | AuthenticationError {
  return (
    error instanceof HttpStatusError ||
    error instanceof RateLimitedError ||
    error instanceof AuthenticationError
  )
}
