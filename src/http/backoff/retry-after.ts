/** Reads `Retry-After` (RFC 9110, 10.2.3): a number of seconds or a date. */

/** A month; longer is a slip of the other side, and past what a timer can hold. */
const longestMs = 30 * 86_400_000

/** Milliseconds from `now` on, never negative and at most 30 days; undefined when the field is missing or says nothing usable. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? ''
  if (text === '') return undefined
  // Some servers send fractions of seconds, which the RFC does not know but everybody understands.
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(longestMs, Math.ceil(Number(text) * 1_000))
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.min(longestMs, Math.max(0, at - now))
}
