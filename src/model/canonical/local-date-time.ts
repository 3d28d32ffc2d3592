import { parseLocalTime } from './date-time-text.ts'
import { parseInstant } from './instant.ts'
import { isPlainObject } from './object.ts'
import { accept, describeKind, type Parsed, refuse } from './value-result.ts'

const zone = /^(?:Z|UTC|[+-]\d{2}:\d{2}|[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,2})$/

/**
 * Reads a local time and its zone, `{ local, zone }`. It is not converted to an instant: a meeting at nine
 * stays at nine when the rules of its zone change.
 */
export function parseLocalDateTime(native: unknown): Parsed {
  if (!isPlainObject(native)) {
    return refuse('VALUE_TYPE', `a local time with its zone was expected, found ${describeKind(native)}`)
  }
  const { local, zone: name } = native
  if (typeof local !== 'string' || saysItsZone(local)) {
    return refuse('VALUE_TYPE', 'the local time must be a text without an offset')
  }
  if (typeof name !== 'string' || name.length > 64 || !zone.test(name)) {
    return refuse('VALUE_TYPE', 'the zone must be a name like Europe/Berlin or an offset like +01:00')
  }
  // Any fixed offset serves to check the calendar and to normalise the digits.
  const parsed = parseInstant(local, { offset: 'Z' })
  return parsed.ok ? accept({ local: parsed.value.slice(0, -1), zone: name }) : parsed
}

function saysItsZone(local: string): boolean {
  const time = parseLocalTime(local)
  return typeof time === 'object' && time.zone !== undefined
}
