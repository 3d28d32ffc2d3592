import { type InstantParts, offsetSeconds, splitInstant } from '../canonical/instant.ts'
import type { CanonicalValue } from '../values.ts'

/** In nanoseconds, the day last. */
const units = [1_000n, 1_000_000n, 1_000_000_000n, 60n * 1_000_000_000n, 86_400n * 1_000_000_000n]

/**
 * True when a system kept a time with less precision: a whole microsecond, millisecond, second, minute or
 * day, less than one such unit away. A day counts only where it is the same one, truncated and not rounded.
 */
export function isTimeCoercion(sent: string, stored: string): boolean {
  const from = toNanoseconds(sent)
  const to = toNanoseconds(stored)
  if (from === undefined || to === undefined) return false
  return units.some((unit, index) => {
    if (to % unit !== 0n || from % unit === 0n) return false
    const distance = to - from
    if (index === units.length - 1) return distance <= 0n && -distance < unit
    return distance < unit && -distance < unit
  })
}

/**
 * True when two local times with fixed offsets are the same moment. Named zones require the zone tables,
 * which this comparison does not use.
 */
export function isSameMoment(
  left: string,
  leftZone: CanonicalValue | undefined,
  right: string,
  rightZone: CanonicalValue | undefined,
): boolean {
  const [leftShift, rightShift] = [fixedShift(leftZone), fixedShift(rightZone)]
  const [from, to] = [toNanoseconds(`${left}Z`), toNanoseconds(`${right}Z`)]
  if (leftShift === undefined || rightShift === undefined || from === undefined || to === undefined)
    return false
  return from - leftShift === to - rightShift
}

function fixedShift(zone: CanonicalValue | undefined): bigint | undefined {
  if (typeof zone !== 'string') return undefined
  const seconds = zone === 'UTC' ? 0 : offsetSeconds(zone)
  return seconds === undefined ? undefined : BigInt(seconds) * 1_000_000_000n
}

function toNanoseconds(instant: string): bigint | undefined {
  const parts = splitInstant(instant)
  return parts === undefined ? undefined : nanosecondsOf(parts)
}

function nanosecondsOf({ seconds, fraction }: InstantParts): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
}
