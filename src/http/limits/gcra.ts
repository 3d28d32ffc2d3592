/**
 * The generic cell rate algorithm: a rate limit as one number, the theoretical arrival time of the next request.
 *
 * With a burst of b and one request each T, at most `b - 1 + W / T` requests start within any window W. T is chosen so that this never
 * exceeds the limit, whatever kind of window the other side counts in; 3 % are left for requests that arrive closer together than they left.
 * A burst slightly above 1 makes up for timers that fire late.
 */

/** One rate limit: so many requests in so much time. */
export interface RateLimit {
  /** 1 to 10,000,000. */
  readonly requests: number
  /** Milliseconds. 1 to 86,400,000 (a day). */
  readonly perMs: number
  /** Requests that may start at once after a quiet time. @default a twentieth of `requests`, at least a little above 1 */
  readonly burst?: number
}

const margin = 1.03

/** The state of one rate limit. */
export class Gcra {
  /** Milliseconds between two requests in the long run. */
  readonly intervalMs: number
  /** Milliseconds that a request may be ahead of that. */
  readonly toleranceMs: number
  /** Tells the limit from others, and a changed limit from what it was. */
  readonly name: string
  #arrivalAt = 0

  constructor(limit: RateLimit) {
    const { requests, perMs } = limit
    const usual = Math.max(1 + requests / 40, Math.floor(requests / 20))
    const burst = Math.min(requests, Math.max(1, limit.burst ?? usual))
    this.name = `${requests}/${perMs}`
    this.intervalMs = (perMs / (requests - burst + 1)) * margin
    this.toleranceMs = (burst - 1) * this.intervalMs
  }

  /** Milliseconds until a request may start; 0 = now. `reserve` is the share of the burst that this caller must leave. */
  waitMs(now: number, reserve: number): number {
    return Math.max(0, this.#arrivalAt - this.toleranceMs * (1 - reserve) - now)
  }

  /** Counts a request that starts now. */
  take(now: number): void {
    this.#arrivalAt = Math.max(this.#arrivalAt, now) + this.intervalMs
  }
}
