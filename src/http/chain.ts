/** The order of everything that happens to a call, written once. */
import type { Authenticator } from './auth/authenticator.ts'
import type { BreakerOptions } from './breaker/circuit.ts'
import type { Call, DecodedAnswer, HttpClock, Next, Policy, WireAnswer } from './call.ts'
import type { CallLogEntry } from './call-log.ts'
import type { RateLimiter } from './limits/rate-limiter.ts'
import type { ResponseLimits, RetryOptions } from './options.ts'
import { authenticatePolicy } from './policies/authenticate.ts'
import { breakerPolicy } from './policies/breaker.ts'
import { classifyPolicy } from './policies/classify.ts'
import { deadlinePolicy } from './policies/deadline.ts'
import { decodeWith } from './policies/decode.ts'
import { learnLimitsPolicy } from './policies/learn-limits.ts'
import { logAttemptPolicy } from './policies/log-attempt.ts'
import { rateLimitPolicy } from './policies/rate-limit.ts'
import { retryPolicy } from './policies/retry.ts'
import { tracePolicy } from './policies/trace.ts'
import type { Telemetry } from './telemetry/open-telemetry.ts'

/** What the policies are made from. */
export interface ChainParts {
  readonly clock: HttpClock
  readonly random: () => number
  readonly retry: RetryOptions
  readonly breaker: BreakerOptions | undefined
  readonly limiter: RateLimiter
  readonly authenticator: Authenticator | undefined
  readonly telemetry: Telemetry | undefined
  readonly onAttempt: ((entry: CallLogEntry) => void) | undefined
  readonly response: ResponseLimits
  readonly exchange: (call: Call) => Promise<WireAnswer>
}

/**
 * Builds the chain. Outer to inner; each step sees what the inner ones throw:
 *
 * 1. `deadline`     outermost, so that it also bounds queueing, tokens and back-off
 * 2. `retry`        outside of everything that belongs to one attempt
 * 3. `breaker`      inside of retry, so that every attempt is counted; outside of the queue, so that refused calls take no slot
 * 4. `rate-limit`   inside of retry: the other side counts every attempt, so every attempt pays for a slot
 * 5. `authenticate` inside of the queue, so that a token is not yet old when its request leaves; sees the 401 that `classify` throws and
 *                   may send once more
 * 6. `trace` and `log-attempt`  one span and one entry for each request on the wire, the one after a 401 included
 * 7. `classify`     decides by status once the body is decoded, so that errors carry it
 * 8. `learn-limits` inside of classify, since refusals tell of limits as well
 * 9. decode and transport: the inner end
 *
 * A cache and the merging of equal calls belong between 1 and 2: a hit needs no attempt.
 */
export function clientChain(parts: ChainParts): (call: Call) => Promise<DecodedAnswer> {
  const { clock } = parts
  const order: readonly Policy[] = [
    deadlinePolicy(clock),
    retryPolicy({ jitter: parts.retry, clock, random: parts.random }),
    breakerPolicy(parts.breaker, clock),
    rateLimitPolicy(parts.limiter),
    authenticatePolicy(parts.authenticator),
    ...(parts.telemetry === undefined ? [] : [tracePolicy(parts.telemetry, clock)]),
    logAttemptPolicy(parts.onAttempt, clock),
    classifyPolicy(clock),
    learnLimitsPolicy(parts.limiter, clock),
  ]
  const innerEnd = decodeWith(parts.exchange, parts.response)
  return order.reduceRight<Next>((next, policy) => (call) => policy.run(call, next), innerEnd)
}
