/**
 * Reads `Retry-After` (RFC 9110, 10.2.3): a number of seconds or a date.
 *
 * Dates are read by their written forms and not by `Date.parse`, which takes "-5" for a month and a date without a zone for local time:
 * both would send us back too early.
 */

/** A month; longer is a slip of the other side, and past what a timer can hold. */
const longestMs = 30 * 86_400_000

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const time = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`
const dateForms = [
  // Fri, 31 Dec 1999 23:59:59 GMT · Friday, 31-Dec-99 23:59:59 GMT
  new RegExp(
    String.raw`^[a-z]+,\s+(?<day>\d{1,2})[ -](?<month>[a-z]{3})[ -](?<year>\d{4}|\d\d)\s+${time}\s+(?:GMT|UTC|[+-]0000)$`,
    'i',
  ),
  // Fri Dec 31 23:59:59 1999, in GMT
  new RegExp(String.raw`^[a-z]{3}\s+(?<month>[a-z]{3})\s+(?<day>\d{1,2})\s+${time}\s+(?<year>\d{4})$`, 'i'),
]
const isoForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i

/**
 * Milliseconds to wait, never negative and at most 30 days; undefined when the field is missing or says nothing usable.
 *
 * @param now epoch ms
 * @param date the answer's `Date` field: a date is meant on the other side's clock, so it is what the date is compared with
 */
export function retryAfterMs(value: string | undefined, now: number, date?: string): number | undefined {
  const text = value?.trim() ?? ''
  if (text === '') return undefined
  // Some servers send fractions of seconds, which the RFC does not know but everybody understands.
  if (/^\+?(\d+(\.\d*)?|\.\d+)$/.test(text)) return Math.min(longestMs, Math.ceil(Number(text) * 1_000))
  const at = httpDate(text, now)
  return at === undefined ? undefined : Math.min(longestMs, Math.max(0, at - serverNow(date, now)))
}

/** What time it is at the other side, by its `Date` field; ours when it has none. */
export function serverNow(date: string | undefined, now: number): number {
  return (date === undefined ? undefined : httpDate(date.trim(), now)) ?? now
}

/** Epoch ms of a date in one of the forms of HTTP, or in ISO 8601 with a zone. */
function httpDate(text: string, now: number): number | undefined {
  if (isoForm.test(text)) {
    const at = Date.parse(text)
    return Number.isNaN(at) ? undefined : at
  }
  for (const form of dateForms) {
    const parts = form.exec(text)?.groups
    if (parts === undefined) continue
    const month = months.findIndex((name) => name.toLowerCase() === parts.month?.toLowerCase())
    if (month === -1) return undefined
    const year = fullYear(parts.year ?? '', now)
    return Date.UTC(
      year,
      month,
      Number(parts.day),
      Number(parts.hour),
      Number(parts.minute),
      Number(parts.second),
    )
  }
  return undefined
}

/** Two digits mean the year that is at most 50 years ahead (RFC 9110, 5.6.7). */
function fullYear(text: string, now: number): number {
  if (text.length === 4) return Number(text)
  const thisYear = new Date(now).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + Number(text)
  return year > thisYear + 50 ? year - 100 : year
}
