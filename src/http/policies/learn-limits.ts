/** Tells the limiter what each answer says about limits, whether it is a success or not. */
import type { AnswerStep, HttpClock } from '../call.ts'
import type { RateLimiter } from '../limits/rate-limiter.ts'

/** The clock is needed for limits whose end is given as a time. */
export function learnLimitsStep(limiter: RateLimiter, clock: HttpClock): AnswerStep {
  return {
    name: 'learn-limits',
    take: (call, { status, headers }) =>
      limiter.learn(headers, clock.now(), { scope: call.endpointClass, isRefusal: status >= 400 }),
  }
}
