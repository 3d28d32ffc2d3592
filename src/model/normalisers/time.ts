import { formatInstant, splitInstant } from '../canonical/instant.ts'

export const timePrecisions = ['day', 'minute', 'second', 'millisecond', 'microsecond'] as const

/** The finest unit of a time that a system keeps. */
export type TimePrecision = (typeof timePrecisions)[number]

const seconds = { day: 86_400, minute: 60, second: 1, millisecond: 1, microsecond: 1 } as const
const fractionDigits = { day: 0, minute: 0, second: 0, millisecond: 3, microsecond: 6 } as const

/** Truncates a canonical instant to a unit, in UTC; any other text is returned unchanged. */
export function cutInstant(instant: string, precision: TimePrecision): string {
  const parts = splitInstant(instant)
  if (parts === undefined) return instant
  const unit = seconds[precision]
  return formatInstant({
    seconds: Math.floor(parts.seconds / unit) * unit,
    fraction: parts.fraction.slice(0, fractionDigits[precision]).replace(/0+$/, ''),
  })
}

/** Truncates a local time, `2031-05-01T12:00:00.5`, to a unit. */
export function cutLocalTime(local: string, precision: TimePrecision): string {
  const cut = cutInstant(`${local}Z`, precision)
  return cut.endsWith('Z') ? cut.slice(0, -1) : local
}
