/** The order of everything that happens to a call, written once. */
import type { Authenticator } from './auth/authenticator.ts'
import type { BreakerOptions } from './breaker/circuit.ts'
import type { Call, DecodedAnswer, HttpClock, Next, Policy, WireAnswer } from './call.ts'
import type { CallLogEntry } from './call-log.ts'
import type { CookieJar } from './cookies/cookie-jar.ts'
import type { RateLimiter } from './limits/rate-limiter.ts'
import type { ResponseLimits, RetryOptions } from './options.ts'
import { authenticatePolicy } from './policies/authenticate.ts'
import { breakerPolicy } from './policies/breaker.ts'
import { type CacheParts, cachePolicy, type ReadPlain } from './policies/cache.ts'
import { classifyPolicy } from './policies/classify.ts'
import { deadlinePolicy } from './policies/deadline.ts'
import { decodeWith, readPlain } from './policies/decode.ts'
import { keepCookiesPolicy } from './policies/keep-cookies.ts'
import { learnLimitsPolicy } from './policies/learn-limits.ts'
import { logAttemptPolicy } from './policies/log-attempt.ts'
import { mergeEqualPolicy } from './policies/merge-equal.ts'
import { rateLimitPolicy } from './policies/rate-limit.ts'
import { redirectPolicy } from './policies/redirect.ts'
import { retryPolicy } from './policies/retry.ts'
import { tracePolicy } from './policies/trace.ts'
import type { Telemetry } from './telemetry/open-telemetry.ts'

/** What the policies are made from. */
export interface ChainParts {
  readonly clock: HttpClock
  readonly random: () => number
  readonly retry: RetryOptions
  readonly cache: CacheParts | undefined
  readonly mergeEqualReads: boolean
  readonly breaker: BreakerOptions | undefined
  readonly limiter: RateLimiter
  readonly authenticator: Authenticator | undefined
  readonly telemetry: Telemetry | undefined
  readonly onAttempt: ((entry: CallLogEntry) => void) | undefined
  readonly cookies: CookieJar | undefined
  readonly redirects: number
  readonly allowHttp: boolean
  readonly response: ResponseLimits
  readonly exchange: (call: Call) => Promise<WireAnswer>
}

/**
 * Builds the chain. Outer to inner; each step sees what the inner ones throw:
 *
 * 1. `deadline`     outermost, so that it also bounds queueing, tokens and back-off
 * 2. `cache`        a hit needs no attempt and no slot
 * 3. `merge-equal`  inside of the cache, so that callers who find nothing there ask once
 * 4. `retry`        outside of everything that belongs to one attempt
 * 5. `breaker`      inside of retry, so that every attempt is counted; outside of the queue, so that refused calls take no slot
 * 6. `rate-limit`   inside of retry: the other side counts every attempt, so every attempt pays for a slot
 * 7. `authenticate` inside of the queue, so that a token is not yet old when its request leaves; sees the 401 that `classify` throws and
 *                   may send once more
 * 8. `redirect`     inside of authenticate, so that no credential is put on for another origin
 * 9. `keep-cookies` inside of redirect: each origin gets its own; outside of classify, since refusals set cookies as well
 * 10. `trace` and `log-attempt`  one span and one entry for each request on the wire, the one after a 401 included
 * 11. `classify`     decides by status once the body is decoded, so that errors carry it
 * 12. `learn-limits` inside of classify, since refusals tell of limits as well
 * 13. decode and transport: the inner end
 */
export function clientChain(parts: ChainParts): (call: Call) => Promise<DecodedAnswer> {
  const { clock } = parts
  const read: ReadPlain = (call, wire) => readPlain(call, wire, parts.response)
  const order: readonly Policy[] = [
    deadlinePolicy(clock),
    cachePolicy(parts.cache, read),
    mergeEqualPolicy(parts.mergeEqualReads, (call, answer) =>
      read(call, { status: answer.status, headers: answer.headers, bytes: answer.plain ?? new Uint8Array() }),
    ),
    retryPolicy({ jitter: parts.retry, clock, random: parts.random }),
    breakerPolicy(parts.breaker, clock),
    rateLimitPolicy(parts.limiter),
    authenticatePolicy(parts.authenticator),
    redirectPolicy(parts.redirects, parts.allowHttp),
    ...(parts.cookies === undefined ? [] : [keepCookiesPolicy(parts.cookies, clock)]),
    ...(parts.telemetry === undefined ? [] : [tracePolicy(parts.telemetry, clock)]),
    logAttemptPolicy(parts.onAttempt, clock),
    classifyPolicy(clock),
    learnLimitsPolicy(parts.limiter, clock),
  ]
  const innerEnd = decodeWith(parts.exchange, parts.response)
  return order.reduceRight<Next>((next, policy) => (call) => policy.run(call, next), innerEnd)
}
