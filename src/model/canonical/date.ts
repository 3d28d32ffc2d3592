import { formatCivilDate, isCivilDate } from './calendar.ts'
import { exactDigits } from './exact-number.ts'
import type { Spelling } from './spelling.ts'
import { accept, describeKind, refuse, type ValueResult } from './value-result.ts'

const layouts = {
  dashed: /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ]00:00(?::00(?:[.,]0+)?)?\s?(?:Z|UTC|\+00(?::?00)?)?)?$/,
  compact: /^(\d{4})(\d{2})(\d{2})$/,
}

/**
 * Reads a date without a zone. A date and time at midnight UTC is accepted as its date, since some systems
 * have no other way to store one; any other time of day is refused, because dropping it would be a silent
 * loss.
 */
export function parseDate(native: unknown, spelling: Spelling): ValueResult<string> {
  const text = typeof native === 'number' ? String(native) : (exactDigits(native) ?? native)
  if (typeof text !== 'string')
    return refuse('VALUE_TYPE', `a date was expected, found ${describeKind(native)}`)
  const match = (spelling.as === 'compact' ? layouts.compact : layouts.dashed).exec(text.trim())
  if (match === null) {
    const example = spelling.as === 'compact' ? '20310501' : '2031-05-01'
    return refuse('VALUE_TYPE', `the text is not a date like ${example}`)
  }
  const date = { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) }
  if (!isCivilDate(date)) return refuse('VALUE_TYPE', 'the date does not exist in the calendar')
  return accept(formatCivilDate(date))
}

export function dateToNative(date: string, spelling: Spelling): string {
  return spelling.as === 'compact' ? date.replaceAll('-', '') : date
}
