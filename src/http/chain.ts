/** The order of all steps of a call, defined in one place. */
import type { Authenticator } from './auth/authenticator.ts'
import type { BreakerOptions } from './breaker/circuit.ts'
import type { Call, HttpClock, Next, Policy, ResponseStep, WireResponse } from './call.ts'
import type { CallLogEntry } from './call-log.ts'
import type { CookieJar } from './cookies/cookie-jar.ts'
import type { RateLimiter } from './limits/rate-limiter.ts'
import type { ResponseLimits, RetryOptions } from './options.ts'
import { authenticatePolicy } from './policies/authenticate.ts'
import { beforeRequestPolicy } from './policies/before-request.ts'
import { breakerPolicy } from './policies/breaker.ts'
import { type CacheParts, cachePolicy, type ReadPlain } from './policies/cache.ts'
import { classifyStep } from './policies/classify.ts'
import { deadlinePolicy } from './policies/deadline.ts'
import { decode, readPlain } from './policies/decode.ts'
import { keepCookiesPolicy } from './policies/keep-cookies.ts'
import { learnLimitsStep } from './policies/learn-limits.ts'
import { logAttemptPolicy } from './policies/log-attempt.ts'
import { type CopyResponse, mergeEqualPolicy } from './policies/merge-equal.ts'
import { rateLimitPolicy } from './policies/rate-limit.ts'
import { redirectPolicy } from './policies/redirect.ts'
import { retryPolicy } from './policies/retry.ts'
import { tracePolicy } from './policies/trace.ts'
import type { BeforeRequest } from './request-hook.ts'
import type { Telemetry } from './telemetry/open-telemetry.ts'

/** Dependencies of the policies. */
export interface ChainParts {
  readonly clock: HttpClock
  readonly random: () => number
  readonly retry: RetryOptions
  readonly cache: CacheParts | undefined
  readonly coalesceReads: boolean
  readonly breaker: BreakerOptions | undefined
  readonly limiter: RateLimiter
  readonly authenticator: Authenticator | undefined
  readonly telemetry: Telemetry | undefined
  readonly beforeRequest: BeforeRequest | undefined
  readonly onAttempt: ((entry: CallLogEntry) => void) | undefined
  readonly cookies: CookieJar | undefined
  readonly redirects: number
  readonly allowHttp: boolean
  readonly response: ResponseLimits
  readonly exchange: (call: Call) => Promise<WireResponse>
}

/**
 * Builds the chain. Outer to inner; each step receives the errors of the inner ones, and a disabled step is
 * omitted:
 *
 * 1. `deadline` outermost, so that it also bounds queueing, tokens and back-off
 * 2. `before-request` a user's hook, outside of the cache, so that its additions distinguish responses
 * 3. `cache` a hit needs no attempt and no slot
 * 4. `merge-equal` inside of the cache, so that concurrent cache misses send one request
 * 5. `retry` outside of everything that belongs to one attempt
 * 6. `breaker` inside of retry, so that every attempt is counted; outside of the queue, so that refused calls
 *    take no slot
 * 7. `rate-limit` inside of retry: the API counts every attempt, so every attempt takes a slot
 * 8. `authenticate` inside of the queue, so that a token is still fresh when its request is sent; receives
 *    the 401 that `classify` throws and
 *                   may send once more
 * 9. `redirect` inside of authenticate, so that no credential is added for another origin
 * 10. `keep-cookies` inside of redirect: each origin gets its own; outside of classify, since refusals set
 *     cookies as well
 * 11. `trace` and `log-attempt` one span and one entry for each request on the wire, the one after a 401
 *     included
 * 12. transport and decode: the inner end. On its response, at once: `learn-limits`, since refusals report
 *     limits as well, and
 *     `classify`, which decides by status once the body is decoded, so that errors carry it
 */
export function clientChain(parts: ChainParts): Next {
  const { clock } = parts
  const read: ReadPlain = (call, wire) => readPlain(call, wire, parts.response)
  const classify = classifyStep(clock)
  const order: readonly (Policy | undefined)[] = [
    deadlinePolicy(clock),
    when(parts.beforeRequest, beforeRequestPolicy),
    when(parts.cache, (cache) => cachePolicy(cache, read, classify)),
    parts.coalesceReads ? mergeEqualPolicy(copyWith(read)) : undefined,
    retryPolicy({ jitter: parts.retry, clock, random: parts.random }),
    when(parts.breaker, (options) => breakerPolicy(options, clock)),
    rateLimitPolicy(parts.limiter),
    when(parts.authenticator, authenticatePolicy),
    redirectPolicy(parts.redirects, parts.allowHttp, clock),
    when(parts.cookies, (jar) => keepCookiesPolicy(jar, clock)),
    when(parts.telemetry, (telemetry) => tracePolicy(telemetry, clock)),
    when(parts.onAttempt, (listener) => logAttemptPolicy(listener, clock)),
  ]
  const responseSteps = [learnLimitsStep(parts.limiter, clock), classify]
  const innerEnd = exchangeWith(parts.exchange, parts.response, responseSteps)
  return order
    .filter((policy) => policy !== undefined)
    .reduceRight<Next>((next, policy) => (call) => policy.run(call, next), innerEnd)
}

function when<Part>(part: Part | undefined, make: (part: Part) => Policy): Policy | undefined {
  return part === undefined ? undefined : make(part)
}

function copyWith(read: ReadPlain): CopyResponse {
  return (call, { status, headers, plain }) =>
    read(call, { status, headers, bytes: plain ?? new Uint8Array() })
}

/** Sends one request, decodes the response and passes it to each step. */
function exchangeWith(
  exchange: ChainParts['exchange'],
  limits: ResponseLimits,
  steps: readonly ResponseStep[],
): Next {
  return async (call) => {
    call.progress.hadLanded = call.progress.mayHaveLanded
    const decoded = decode(call, await exchange(call), limits)
    const reply = decoded instanceof Promise ? await decoded : decoded
    for (const step of steps) step.take(call, reply)
    return reply
  }
}
