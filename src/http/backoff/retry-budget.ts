/**
 * Bounds the share of retries of one client, so that an outage is not answered with a multiple of the traffic.
 *
 * A retry takes tokens, a success gives some back. With 500 tokens, 14 per transient failure and 5 per throttle, about 35 failures in a
 * row may be retried; after that each success pays for a fraction of one.
 */
const capacity = 500
const transientCost = 14
const throttleCost = 5
const refund = 1

/** The retries that one client may still make. */
export class RetryBudget {
  #tokens = capacity

  /** True when the retry may be made. */
  take(kind: 'transient' | 'throttle'): boolean {
    const cost = kind === 'throttle' ? throttleCost : transientCost
    if (this.#tokens < cost) return false
    this.#tokens -= cost
    return true
  }

  /** Records a success. `afterRetry` gives back what the retry took. */
  succeed(afterRetry: boolean): void {
    this.#tokens = Math.min(capacity, this.#tokens + (afterRetry ? transientCost : refund))
  }
}
