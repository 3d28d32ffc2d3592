/** Waits between attempts, with full jitter: a herd that failed together must not come back together. */
import type { Random } from '../ports.ts'

/** The first and the longest wait, before jitter. */
export interface BackoffBounds {
  /** Upper bound of the first wait, in milliseconds. */
  readonly baseMs: number
  /** Upper bound of every wait, in milliseconds. */
  readonly maxMs: number
}

/**
 * A random wait below `base · 2^(attempt - 1)`, capped, and never below a tenth of its bound, so that a lucky draw is no busy loop.
 *
 * @param attempt 1 for the first failure
 */
export function backoffMs(random: Random, attempt: number, bounds: BackoffBounds): number {
  // 2^30 · base is beyond every cap: the exponent is bounded so that it can't overflow.
  const ceiling = Math.min(bounds.maxMs, bounds.baseMs * 2 ** Math.min(30, Math.max(0, attempt - 1)))
  return Math.ceil(ceiling * (0.1 + 0.9 * random.next()))
}

/** A time at or shortly after `at`: waiting work is spread over a tenth of its wait, at most 5 s. */
export function spreadAfter(random: Random, now: number, at: number): number {
  return at + Math.floor(random.next() * Math.min(5_000, Math.max(20, (at - now) / 10)))
}
