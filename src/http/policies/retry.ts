/**
 * Retries failed requests: a repeatable request after every temporary failure, any other one only after a
 * failure that proves that it had no effect. The delay is never shorter than a `Retry-After`.
 */
import { fullJitterMs, type JitterOptions } from '../backoff/full-jitter.ts'
import { RetryBudget } from '../backoff/retry-budget.ts'
import type { Call, HttpClock, Policy } from '../call.ts'
import { HttpError, RateLimitedError } from '../errors.ts'
import type { RetryOptions } from '../options.ts'
import { sleepUntilStopped } from '../stop.ts'

/** Dependencies of the retries: bounds of the delays, clock and randomness. */
export interface RetryDependencies {
  readonly jitter: JitterOptions & Pick<RetryOptions, 'maxRetryAfterMs'>
  readonly clock: HttpClock
  readonly random: () => number
}

/** One budget of retries serves all calls of the policy. */
export function retryPolicy(dependencies: RetryDependencies): Policy {
  const budget = new RetryBudget()
  return {
    name: 'retry',
    async run(call, next) {
      let lastFailure: unknown
      let taken: number | undefined
      for (let attempt = 1; ; attempt += 1) {
        call.progress.attempt = attempt
        try {
          const response = await next(call)
          budget.succeed(taken)
          return response
        } catch (error) {
          // The circuit opened during the wait: the API's last response is more informative than the refusal
          // of the circuit.
          if (error instanceof HttpError && error.code === 'HTTP_CIRCUIT_OPEN') throw lastFailure ?? error
          lastFailure = error
          const waitMs = waitBeforeNext(call, error, attempt, dependencies)
          if (waitMs === undefined) throw error
          taken = budget.take(error instanceof RateLimitedError ? 'throttle' : 'transient')
          if (taken === undefined) throw error
          call.progress.phase = 'back-off'
          await sleepUntilStopped(waitMs, call.stop)
        }
      }
    },
  }
}

/** Returns the milliseconds to wait, or undefined when the failure is final for this call. */
function waitBeforeNext(
  call: Call,
  error: unknown,
  attempt: number,
  { jitter, clock, random }: RetryDependencies,
): number | undefined {
  if (!(error instanceof HttpError) || error.retry === 'never') return undefined
  if (call.stop.reason !== undefined || attempt > call.retries) return undefined
  if (!call.repeatable && call.progress.mayHaveLanded) return undefined
  const asked = typeof error.retry === 'object' ? error.retry.afterMs : 0
  if (asked > (jitter.maxRetryAfterMs ?? Number.POSITIVE_INFINITY)) return undefined
  const waitMs = Math.max(asked, fullJitterMs(attempt, jitter, random()))
  const startsAt = clock.monotonic() + waitMs
  if (startsAt >= call.deadlineAt) return undefined
  if (call.startBefore !== undefined && startsAt > call.startBefore) return undefined
  return waitMs
}
