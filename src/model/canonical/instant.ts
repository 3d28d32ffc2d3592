import { formatCivilDate, fromDayNumber, padNumber, toDayNumber } from './calendar.ts'
import { parseLocalTime } from './date-time-text.ts'
import { canonicalDigits, parseDecimal } from './number.ts'
import type { Spelling } from './spelling.ts'
import { fixedOffset, fromLocal, offsetAt } from './time-zone.ts'
import { accept, describeKind, refuse, type ValueResult } from './value-result.ts'

/**
 * A point in time: whole seconds since 1970-01-01T00:00:00Z and the digits of the fraction, without trailing
 * zeros.
 */
export interface InstantParts {
  readonly seconds: number
  readonly fraction: string
}

const firstSecond = toDayNumber({ year: 1, month: 1, day: 1 }) * 86_400
const lastSecond = (toDayNumber({ year: 9999, month: 12, day: 31 }) + 1) * 86_400 - 1

/**
 * Reads an instant into UTC; equal instants become equal texts. A text without a zone is in the declared one,
 * UTC by default: the local time zone of the process is never used.
 */
export function parseInstant(native: unknown, spelling: Spelling): ValueResult<string> {
  const parts =
    spelling.as === 'epochSeconds' || spelling.as === 'epochMillis'
      ? fromEpoch(native, spelling.as === 'epochMillis' ? 3 : 0)
      : fromText(native, spelling.timeZone ?? spelling.offset ?? 'UTC')
  return parts.ok ? accept(formatInstant(parts.value)) : parts
}

/**
 * Writes a canonical instant in a system's format. Epochs keep the fraction: rounding is up to a normaliser.
 */
export function instantToNative(instant: string, spelling: Spelling): ValueResult<unknown> {
  const parts = splitInstant(instant)
  if (parts === undefined) return refuse('VALUE_TYPE', 'the value is not a canonical instant')
  if (spelling.as === 'epochSeconds' || spelling.as === 'epochMillis') {
    const digits = toEpoch(parts, spelling.as === 'epochMillis' ? 3 : 0)
    return digits.ok ? accept(Number(digits.value)) : digits
  }
  const zone = spelling.timeZone ?? spelling.offset
  if (zone === undefined && spelling.as !== 'sql') return accept(instant)
  const local = toLocal(parts, zone ?? 'UTC')
  if (!local.ok) return local
  return accept(spelling.as === 'sql' ? local.value.replace('T', ' ') : local.value)
}

/** The local time in a zone at a moment, without an offset. */
function toLocal({ seconds, fraction }: InstantParts, zone: string): ValueResult<string> {
  const shift = offsetAt(zone, seconds)
  if (shift === undefined) return refuse('VALUE_TYPE', `the declared zone ${zone} is not known`)
  if (fromLocal(zone, seconds + shift) !== seconds) {
    // Sent without an offset, it would be read back an hour early.
    return refuse('VALUE_INEXACT', `this local time occurs twice in ${zone}, and the system stores no offset`)
  }
  const local = bounded(seconds + shift, fraction)
  return local.ok ? accept(formatInstant(local.value).slice(0, -1)) : local
}

/** Parses a canonical instant; undefined when the text is not one. */
export function splitInstant(instant: string): InstantParts | undefined {
  const parts = fromText(instant, undefined)
  return parts.ok ? parts.value : undefined
}

export function formatInstant({ seconds, fraction }: InstantParts): string {
  const days = Math.floor(seconds / 86_400)
  const rest = seconds - days * 86_400
  const time = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60]
    .map((part) => padNumber(part, 2))
    .join(':')
  return `${formatCivilDate(fromDayNumber(days))}T${time}${fraction === '' ? '' : `.${fraction}`}Z`
}

/** Seconds east of UTC: `+01:00`, `+0100`, `+01`, `Z`. */
export function offsetSeconds(offset: string): number | undefined {
  return fixedOffset(offset)
}

function fromText(native: unknown, defaultZone: string | undefined): ValueResult<InstantParts> {
  if (typeof native !== 'string') {
    return refuse('VALUE_TYPE', `a date and time as text was expected, found ${describeKind(native)}`)
  }
  const time = parseLocalTime(native)
  if (time === undefined) {
    return refuse('VALUE_TYPE', 'the text is not a date and time like 2031-05-01T12:00:00Z')
  }
  if (time === 'impossible') return refuse('VALUE_TYPE', 'the date and time does not exist in the calendar')
  const zone = time.zone ?? defaultZone
  if (zone === undefined) return refuse('VALUE_TYPE', 'the date and time has no offset')
  const seconds = fromLocal(zone, time.localSeconds)
  if (seconds === undefined) return refuse('VALUE_TYPE', `the zone ${zone} is not known`)
  return bounded(seconds, time.fraction)
}

function fromEpoch(native: unknown, shift: number): ValueResult<InstantParts> {
  const digits = parseDecimal(native, {})
  if (!digits.ok) return digits
  const scaled = canonicalDigits(`${digits.value}e-${shift}`)
  if (!scaled.ok) return scaled
  const [whole = '0', fraction = ''] = scaled.value.replace('-', '').split('.')
  if (!scaled.value.startsWith('-')) return bounded(Number(whole), fraction)
  if (fraction === '') return bounded(-Number(whole), '')
  // Before 1970 the fraction still counts upwards from the second below.
  const complement = String(10n ** BigInt(fraction.length) - BigInt(fraction)).padStart(fraction.length, '0')
  return bounded(-Number(whole) - 1, complement)
}

function toEpoch({ seconds, fraction }: InstantParts, shift: number): ValueResult<string> {
  const digits = fraction.padEnd(9, '0')
  const nanoseconds = BigInt(seconds) * 1_000_000_000n + BigInt(digits)
  return canonicalDigits(`${nanoseconds}e${shift - 9}`)
}

function bounded(seconds: number, fraction: string): ValueResult<InstantParts> {
  if (seconds < firstSecond || seconds > lastSecond) {
    return refuse('VALUE_TOO_LARGE', 'the instant is outside the years 1 to 9999')
  }
  const significant = fraction.replace(/0+$/, '')
  if (significant.length > 9) {
    return refuse('VALUE_INEXACT', 'the instant is finer than a nanosecond')
  }
  return accept({ seconds, fraction: significant })
}

/** Epoch ms of a text in any usual format; undefined when it is none, or has a year outside 1 to 9999. */
export function epochMsOf(text: string, timeZone = 'UTC'): number | undefined {
  const parsed = parseInstant(text, { timeZone })
  return parsed.ok ? instantMs(parsed.value) : undefined
}

function instantMs(instant: string): number | undefined {
  const parts = splitInstant(instant)
  return parts === undefined
    ? undefined
    : parts.seconds * 1_000 + Number(parts.fraction.padEnd(3, '0').slice(0, 3))
}
