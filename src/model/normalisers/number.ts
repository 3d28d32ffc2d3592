import { Decimal } from 'decimal.js'
import { limits } from '../canonical/limits.ts'
import { canonicalDigits, fractionLength } from '../canonical/number.ts'

/**
 * How excess decimal places are dropped. `half-up` rounds a half away from zero, `half-even` to the even
 * neighbour.
 */
export type Rounding = 'half-up' | 'half-even' | 'down'

/**
 * A separate constructor: other code in the process may change the precision of the package's default one.
 */
const Exact = Decimal.clone({
  precision: limits.digitsMax * 3,
  toExpNeg: -9e15,
  toExpPos: 9e15,
  maxE: 9e15,
  minE: -9e15,
})

const modes = {
  'half-up': Decimal.ROUND_HALF_UP,
  'half-even': Decimal.ROUND_HALF_EVEN,
  down: Decimal.ROUND_DOWN,
} as const satisfies Record<Rounding, Decimal.Rounding>

/** Rounds canonical digits to a number of decimal places; any other text is returned unchanged. */
export function roundDigits(digits: string, scale: number, rounding: Rounding): string {
  if (fractionLength(digits) <= scale) return digits
  const canonical = canonicalDigits(digits)
  if (!canonical.ok) return digits
  const rounded = canonicalDigits(
    new Exact(canonical.value).toDecimalPlaces(scale, modes[rounding]).toFixed(),
  )
  return rounded.ok ? rounded.value : digits
}

/** True when two canonical numbers differ by less than one unit of the given place. */
export function isWithinPlace(left: string, right: string, scale: number): boolean {
  return new Exact(left).minus(right).abs().lessThan(new Exact(10).toPower(-scale))
}
