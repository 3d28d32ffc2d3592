/** Passes the limits that each response reports to the limiter, whether it is a success or not. */
import type { HttpClock, ResponseStep } from '../call.ts'
import type { RateLimiter } from '../limits/rate-limiter.ts'

/** The clock is needed for limits whose end is given as a time. */
export function learnLimitsStep(limiter: RateLimiter, clock: HttpClock): ResponseStep {
  return {
    name: 'learn-limits',
    take: (call, { status, headers }) =>
      limiter.learn(headers, clock.now(), { scope: call.endpointClass, isRefusal: status >= 400 }),
  }
}
