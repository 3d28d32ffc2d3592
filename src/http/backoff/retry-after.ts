/** Reads `Retry-After` (RFC 9110, 10.2.3): a number of seconds or a date. */

/** Milliseconds from `now` on, never negative; undefined when the field is missing or says nothing usable. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? ''
  if (text === '') return undefined
  // Some servers send fractions of seconds, which the RFC does not know but everybody understands.
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1_000)
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
