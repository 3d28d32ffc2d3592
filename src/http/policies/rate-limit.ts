/** Waits for a slot within the system's limits, and pauses all calls when the system requests it. */
import type { Call, Policy } from '../call.ts'
import { outcomeSoFar } from '../call.ts'
import { type HttpError, HttpStatusError, RateLimitedError } from '../errors.ts'
import type { LimiterRefusal, RateLimiter } from '../limits/rate-limiter.ts'

/** The limiter may be shared by several clients of one system. */
export function rateLimitPolicy(limiter: RateLimiter): Policy {
  return {
    name: 'rate-limit',
    async run(call, next) {
      call.progress.phase = 'queue'
      const acquired = limiter.acquire({
        lane: call.priority,
        stop: call.stop,
        scope: call.endpointClass,
        deadlineAt: Math.min(call.deadlineAt, call.startBefore ?? Number.POSITIVE_INFINITY),
      })
      const grant = acquired instanceof Promise ? await acquired : acquired
      if ('refused' in grant) throw refusal(call, grant)
      try {
        return await next(call)
      } catch (error) {
        if (asksForPause(error)) limiter.pause(error.retry.afterMs, call.endpointClass)
        throw error
      } finally {
        grant.release()
      }
    },
  }
}

/** A part of an API that is limited or unavailable, and reports for how long. */
function asksForPause(error: unknown): error is HttpError & { readonly retry: { readonly afterMs: number } } {
  if (!(error instanceof RateLimitedError) && !(error instanceof HttpStatusError)) return false
  return typeof error.retry === 'object'
}

function refusal(call: Call, { refused, waitMs }: LimiterRefusal): RateLimitedError {
  const message =
    refused === 'queue-full'
      ? `${call.label} was not sent: too many calls are already waiting for the rate limit.`
      : `${call.label} was not sent: the rate limit frees a slot only in ${Math.ceil(waitMs)} ms, after its deadline.`
  const code = refused === 'queue-full' ? 'HTTP_QUEUE_FULL' : 'HTTP_RATE_LIMITED'
  return new RateLimitedError(code, message, {
    outcome: outcomeSoFar(call.progress),
    ...(waitMs > 0 ? { retry: { afterMs: Math.ceil(waitMs) } } : {}),
  })
}
