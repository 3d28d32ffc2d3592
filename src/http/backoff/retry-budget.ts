/**
 * Bounds the share of retries of one client, so that an outage is not answered with a multiple of the
 * traffic.
 *
 * A retry takes tokens, a success returns some. With 500 tokens, 14 per transient failure and 5 per throttle,
 * about 35 failures in a row may be retried; after that each success pays for a fraction of one.
 */
const capacity = 500
const transientCost = 14
const throttleCost = 5
const refund = 1

/** The budget of retries of one client. */
export class RetryBudget {
  #tokens = capacity

  /** Remaining tokens. */
  get tokens(): number {
    return this.#tokens
  }

  /** Returns the tokens that the retry took; undefined when no retry is allowed. */
  take(kind: 'transient' | 'throttle'): number | undefined {
    const cost = kind === 'throttle' ? throttleCost : transientCost
    if (this.#tokens < cost) return undefined
    this.#tokens -= cost
    return cost
  }

  /**
   * Records a success. After a retry it returns the tokens that the retry took, never more: otherwise
   * failures would pay for failures.
   */
  succeed(taken: number | undefined): void {
    this.#tokens = Math.min(capacity, this.#tokens + (taken ?? refund))
  }
}
