/**
 * Dates of HTTP (RFC 9110, 5.6.7): IMF-fixdate, RFC 850 and asctime, and the variants that servers send.
 *
 * They are parsed by their format and not by `Date.parse`, which takes "-5" for a month and a date without a
 * zone for local time.
 */
import { epochMsOf } from '../../model/canonical/instant.ts'

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const clock = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`
const zone = String.raw`(?:\s+(?<zone>GMT|UTC|Z|[ECMP][SD]T|[+-]\d{4}))?`

// Fri, 31 Dec 1999 23:59:59 GMT · Friday, 31-Dec-99 23:59:59 GMT
const commaForm = new RegExp(
  String.raw`^[a-z]+,\s*(?<day>\d{1,2})[ -](?<month>[a-z]{3})[ -](?<year>\d{4}|\d\d)\s+${clock}${zone}$`,
  'i',
)
// Fri Dec 31 23:59:59 1999
const asctimeForm = new RegExp(
  String.raw`^[a-z]{3}\s+(?<month>[a-z]{3})\s+(?<day>\d{1,2})\s+${clock}\s+(?<year>\d{4})$`,
  'i',
)
const isoForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?$/i
const strictForms = [
  /^(?:mon|tue|wed|thu|fri|sat|sun), \d\d (?:[a-z]{3}) \d{4} \d\d:\d\d:\d\d GMT$/i,
  /^(?:mon|tues|wednes|thurs|fri|satur|sun)day, \d\d-[a-z]{3}-\d\d \d\d:\d\d:\d\d GMT$/i,
  /^(?:mon|tue|wed|thu|fri|sat|sun) [a-z]{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/i,
]
/** Hours behind UTC of the zones that RFC 5322, 4.3 lists as obsolete. */
const zoneHours: Readonly<Record<string, number>> = {
  est: -5,
  edt: -4,
  cst: -6,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
}

/**
 * Returns the epoch ms of a date in one of the formats of HTTP, or in ISO 8601; a date without a zone is in
 * UTC, as every date of HTTP is. Undefined for anything else.
 *
 * @param now epoch ms, for years of two digits
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  if (isoForm.test(text)) return epochMsOf(text)
  const parts = (commaForm.exec(text) ?? asctimeForm.exec(text))?.groups
  if (parts === undefined) return undefined
  const month = months.indexOf((parts.month ?? '').toLowerCase())
  const [day, hour, minute, second] = [parts.day, parts.hour, parts.minute, parts.second].map(Number)
  if (month === -1 || day === undefined || hour === undefined || minute === undefined) return undefined
  const year = fullYear(parts.year ?? '', now)
  const at = Date.UTC(year, month, day, hour, minute, second ?? 0)
  // Only a leap second may overflow.
  const isReal = new Date(Date.UTC(year, month, day)).getUTCDate() === day && hour < 24 && minute < 60
  return isReal && (second ?? 0) <= 60 ? valid(at - zoneMs(parts.zone)) : undefined
}

/** The same for a field that is valid only in one of the three formats of RFC 9110, such as `Expires`. */
export function parseStrictHttpDate(text: string, now: number): number | undefined {
  return strictForms.some((form) => form.test(text)) ? parseHttpDate(text, now) : undefined
}

function zoneMs(name = 'gmt'): number {
  const hours = zoneHours[name.toLowerCase()]
  if (hours !== undefined) return hours * 3_600_000
  const offset = /^([+-])(\d\d)(\d\d)$/.exec(name)
  if (offset === null) return 0
  return (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) * 60_000
}

/** A two-digit year is at most 50 years ahead (RFC 9110, 5.6.7). */
function fullYear(text: string, now: number): number {
  if (text.length === 4) return Number(text)
  const thisYear = new Date(now).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + Number(text)
  return year > thisYear + 50 ? year - 100 : year
}

function valid(at: number): number | undefined {
  return Number.isNaN(at) ? undefined : at
}
