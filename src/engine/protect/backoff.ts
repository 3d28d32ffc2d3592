/** Waits between attempts, with full jitter, so that clients which failed together don't retry together. */
import type { Random } from '../ports.ts'

/** The first and the longest wait, before jitter. */
export interface BackoffBounds {
  /** Upper bound of the first wait, in milliseconds. */
  readonly baseMs: number
  /** Upper bound of every wait, in milliseconds. */
  readonly maxMs: number
}

/**
 * Returns a random wait below `base · 2^(attempt - 1)`, capped, and never below a tenth of its bound, so that
 * it can't become a busy loop.
 *
 * @param attempt 1 for the first failure
 */
export function backoffMs(random: Random, attempt: number, bounds: BackoffBounds): number {
  // 2^30 · base exceeds every cap: the exponent is bounded so that it can't overflow.
  const ceiling = Math.min(bounds.maxMs, bounds.baseMs * 2 ** Math.min(30, Math.max(0, attempt - 1)))
  return Math.ceil(ceiling * (0.1 + 0.9 * random.next()))
}

/** A time at or shortly after `at`: waiting work is spread over a tenth of its wait, at most 5 s. */
export function spreadAfter(random: Random, now: number, at: number): number {
  return at + Math.floor(random.next() * Math.min(5_000, Math.max(20, (at - now) / 10)))
}

const RETRY_FIRST_MS = 5_000
const RETRY_MS_MAX = 600_000
const UNREACHABLE_RETRY_MS_MAX = 10_000

/** A failure of a job, as far as it determines the next attempt. */
export interface JobFailure {
  readonly retryAfterMs?: number
  /**
   * The system can't be reached: an attempt costs one call, and changes made there meanwhile should not wait
   * long once it is back.
   */
  readonly unreachable?: boolean
}

/**
 * Delay before a failed job is retried: doubling, jittered, and never before the time that the system named.
 */
export function retryDelay(
  failures: number,
  random: number,
  { retryAfterMs = 0, unreachable = false }: JobFailure = {},
): number {
  const longest = unreachable ? UNREACHABLE_RETRY_MS_MAX : RETRY_MS_MAX
  const bound = Math.min(longest, RETRY_FIRST_MS * 2 ** Math.min(failures - 1, 20))
  return Math.max(retryAfterMs, Math.round(bound * (0.5 + random / 2)))
}
