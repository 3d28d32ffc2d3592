/**
 * The generic cell rate algorithm: a rate limit as one number, the theoretical arrival time of the next
 * request.
 *
 * With a burst of b and one request each T, at most `b - 1 + W / T` requests start within any window W.
 * Without an explicit burst, T is chosen so that this never exceeds the limit, whatever kind of window the
 * API uses; 3 % are reserved for requests that arrive closer together than they were sent. A burst slightly
 * above 1 compensates for timers that fire late.
 *
 * An explicit burst would make T ever longer by that rule: 100 of 100 at once would leave one per second. The
 * pace is then that of the limit itself, and the starts of the last window are remembered, which keeps every
 * window exactly.
 */
import { WindowLog } from './window-log.ts'

/** One rate limit: a number of requests per period. */
export interface RateLimit {
  /** 1 to 10,000,000. */
  readonly requests: number
  /** Milliseconds. 1 to 86,400,000 (a day). */
  readonly perMs: number
  /**
   * Requests that may start at once after a quiet time. Never lowers the rate. Above a twentieth of
   * `requests` it counts for limits of up to 100,000 requests, and within each process by itself where limits
   * are shared.
   * @default a twentieth of `requests`, at least a little above 1
   */
  readonly burst?: number
}

const margin = 1.03
/** Maximum number of starts remembered for one limit: 8 bytes each. */
const loggedMax = 100_000

/** The state of one rate limit. */
export class Gcra {
  /** Milliseconds between two requests in the long run, for stores that don't support windows. */
  readonly intervalMs: number
  /** Milliseconds by which a request may be early. */
  readonly toleranceMs: number
  /** Identifies the limit and its values, so that a changed limit is a different one. */
  readonly name: string
  readonly #paceMs: number
  readonly #aheadMs: number
  readonly #window: WindowLog | undefined
  #arrivalAt = 0

  constructor(limit: RateLimit) {
    const { requests, perMs } = limit
    const usual = Math.max(1 + requests / 40, Math.floor(requests / 20))
    const wanted = Math.min(requests, Math.max(1, limit.burst ?? usual))
    const safe = Math.min(wanted, usual)
    this.name = `${requests}/${perMs}`
    this.intervalMs = (perMs / (requests - safe + 1)) * margin
    this.toleranceMs = (safe - 1) * this.intervalMs
    const isLogged = limit.burst !== undefined && wanted > 1 && requests <= loggedMax
    this.#window = isLogged ? new WindowLog(requests, perMs * margin) : undefined
    this.#paceMs = isLogged ? (perMs / requests) * margin : this.intervalMs
    this.#aheadMs = isLogged ? (wanted - 1) * this.#paceMs : this.toleranceMs
  }

  /**
   * Returns the milliseconds until a request may start; 0 = now.
   *
   * @param reserve the share of the burst that this caller must leave unused
   * @param ahead requests that start before this one
   */
  waitMs(now: number, reserve: number, ahead = 0): number {
    const paceAt = Math.max(this.#arrivalAt, ahead === 0 ? 0 : now) + ahead * this.#paceMs
    const waitMs = Math.max(0, paceAt - this.#aheadMs * (1 - reserve) - now)
    return this.#window === undefined ? waitMs : Math.max(waitMs, this.#window.waitMs(now, reserve, ahead))
  }

  /** Counts a request that starts now. */
  take(now: number): void {
    this.#arrivalAt = Math.max(this.#arrivalAt, now) + this.#paceMs
    this.#window?.take(now)
  }
}
