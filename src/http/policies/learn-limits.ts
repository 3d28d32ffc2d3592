/** Tells the limiter what each answer says about limits, whether it is a success or not. */
import type { HttpClock, Policy } from '../call.ts'
import type { RateLimiter } from '../limits/rate-limiter.ts'

/** The clock is needed for limits whose end is given as a time. */
export function learnLimitsPolicy(limiter: RateLimiter, clock: HttpClock): Policy {
  return {
    name: 'learn-limits',
    async run(call, next) {
      const answer = await next(call)
      limiter.learn(answer.headers, clock.now())
      return answer
    },
  }
}
