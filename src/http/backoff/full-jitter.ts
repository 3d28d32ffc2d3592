/**
 * The delay before the next attempt: random between zero and an exponentially growing bound, so that callers
 * spread out.
 */

/** Bounds of the delays, in milliseconds. */
export interface JitterOptions {
  readonly baseMs: number
  readonly capMs: number
}

/** `attempt` is the number of attempts already made (1 or more); `random` is in [0, 1). */
export function fullJitterMs(attempt: number, options: JitterOptions, random: number): number {
  const bound = Math.min(options.capMs, options.baseMs * 2 ** Math.min(attempt - 1, 30))
  return Math.floor(random * bound)
}
