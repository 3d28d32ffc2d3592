/**
 * Offsets of named time zones, from the tables of the JavaScript engine. No function here reads a clock or
 * the local time zone of the process.
 *
 * `Date` is not needed: `Intl.DateTimeFormat` formats a number of milliseconds.
 */
import { toDayNumber } from './calendar.ts'

/** Formatters are expensive to create and cheap to use. A definition uses only a few zones. */
const FORMATTERS_MAX = 200
const formatters = new Map<string, Intl.DateTimeFormat>()
const offsetForm = /^([+-])(\d{2})(?::?(\d{2}))?$/

/**
 * Seconds east of UTC of a fixed offset: `+01:00`, `+0100`, `+01`, `Z`, `UTC` or `GMT`. Undefined for any
 * other text.
 */
export function fixedOffset(text: string): number | undefined {
  if (/^(?:z|utc|gmt)$/i.test(text)) return 0
  const match = offsetForm.exec(text)
  if (match === null) return undefined
  const [hours, minutes] = [Number(match[2]), Number(match[3] ?? 0)]
  if (hours > 18 || minutes > 59) return undefined
  return (match[1] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60)
}

/** True when a text names a known zone: an IANA name such as `Europe/Berlin`, or a fixed offset. */
export function isTimeZone(text: string): boolean {
  return fixedOffset(text) !== undefined || formatterOf(text) !== undefined
}

/** Seconds east of UTC of the local time in a zone at a moment; undefined when the zone is not known. */
export function offsetAt(zone: string, utcSeconds: number): number | undefined {
  const fixed = fixedOffset(zone)
  if (fixed !== undefined) return fixed
  const formatter = formatterOf(zone)
  if (formatter === undefined) return undefined
  const parts = new Map(formatter.formatToParts(utcSeconds * 1_000).map(({ type, value }) => [type, value]))
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type))
  const day = toDayNumber({ year: part('year'), month: part('month'), day: part('day') })
  return day * 86_400 + part('hour') * 3600 + part('minute') * 60 + part('second') - Math.floor(utcSeconds)
}

/**
 * The moment at which clocks in a zone show a local time, both in seconds; undefined when the zone is not
 * known.
 *
 * A local time that comes twice, when clocks go back, is the first of the two. One that is skipped, when
 * clocks go forward, is counted with the offset before the change. Other libraries decide in the same way
 * (`disambiguation: 'compatible'` of Temporal).
 */
export function fromLocal(zone: string, localSeconds: number): number | undefined {
  const before = offsetAt(zone, localSeconds - 86_400)
  const after = offsetAt(zone, localSeconds + 86_400)
  if (before === undefined || after === undefined) return undefined
  const early = localSeconds - before
  if (before === after || offsetAt(zone, early) === before) return early
  const late = localSeconds - after
  return offsetAt(zone, late) === after ? late : early
}

function formatterOf(zone: string): Intl.DateTimeFormat | undefined {
  const known = formatters.get(zone)
  if (known !== undefined) return known
  try {
    const formatter = new Intl.DateTimeFormat('en-GB-u-ca-gregory-nu-latn', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    })
    if (formatters.size >= FORMATTERS_MAX) formatters.clear()
    formatters.set(zone, formatter)
    return formatter
  } catch {
    // RangeError is how the engine says that it does not know the zone.
    return undefined
  }
}
