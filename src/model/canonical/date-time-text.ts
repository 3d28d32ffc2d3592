/**
 * Parses the formats in which systems write a date and time as text. `Date.parse` is not used: it reads most
 * of them in the local time zone of the process, and some not at all.
 */
import { isCivilDate, toDayNumber } from './calendar.ts'

/** A date and time as written, before its zone is applied. */
export interface LocalTime {
  /** Seconds since 1970-01-01T00:00:00 on the same clock. */
  readonly localSeconds: number
  /** Digits of the fraction of a second. */
  readonly fraction: string
  /** The zone or offset in the text. */
  readonly zone: string | undefined
}

const zone = String.raw`\s?(?<zone>[zZ]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?(?:\[(?<name>[A-Za-z0-9_+/-]{1,64})\])?`
const separator = '(?:[tT]| {1,2})'
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const forms = [
  // 2026-11-29 · 2026-11-29T13:00:00,5Z · 2026-11-29 13:00 · 2026/11/29 13:00:00
  String.raw`(?<year>\d{4})(?<line>[-/])(?<month>\d{2})\k<line>(?<day>\d{2})(?:${separator}(?<hour>\d{2})(?::(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,18}))?)?)?)?${zone}`,
  // 20261129 · 20261129T1300 · 20261129T130000.5Z
  String.raw`(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})(?:${separator}(?<hour>\d{2})(?:(?<minute>\d{2})(?:(?<second>\d{2})(?:[.,](?<fraction>\d{1,18}))?)?)?)?${zone}`,
  // 20261129130000: with seconds only, since twelve digits may be an epoch.
  String.raw`(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})(?<hour>\d{2})(?<minute>\d{2})(?<second>\d{2})(?:[.,](?<fraction>\d{1,18}))?${zone}`,
  // Sun, 29 Nov 2026 13:00:00 GMT (RFC 5322)
  String.raw`(?:[A-Za-z]{3}, )?(?<day>\d{1,2}) (?<monthName>[A-Za-z]{3}) (?<year>\d{4}) (?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2}))?${zone}`,
].map((form) => new RegExp(`^${form}$`))

/** Maximum length; longer texts are not times. */
const TEXT_MAX = 120

/**
 * Parses a text; undefined when it has another format, `impossible` when no calendar or clock has such a
 * time.
 */
export function parseLocalTime(text: string): LocalTime | 'impossible' | undefined {
  const trimmed = text.trim()
  if (trimmed.length > TEXT_MAX) return undefined
  for (const form of forms) {
    const parts = form.exec(trimmed)?.groups
    if (parts !== undefined) return timeOf(parts)
  }
  return undefined
}

function timeOf(parts: Record<string, string | undefined>): LocalTime | 'impossible' {
  const month =
    parts.monthName === undefined ? Number(parts.month) : months.indexOf(parts.monthName.toLowerCase()) + 1
  const date = { year: Number(parts.year), month, day: Number(parts.day) }
  const [hour, minute, second] = [parts.hour, parts.minute, parts.second].map((part) => Number(part ?? 0))
  if (!isCivilDate(date) || hour === undefined || minute === undefined || second === undefined) {
    return 'impossible'
  }
  if (hour > 23 || minute > 59 || second > 59) return 'impossible'
  const localSeconds = toDayNumber(date) * 86_400 + hour * 3600 + minute * 60 + second
  // Java writes both, 13:00+01:00[Europe/Berlin]; the offset is unambiguous when clocks go back.
  return { localSeconds, fraction: parts.fraction ?? '', zone: parts.zone ?? parts.name }
}
