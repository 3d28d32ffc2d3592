import { Decimal } from 'decimal.js'
import { limits } from '../canonical/limits.ts'
import { canonicalDigits, fractionLength } from '../canonical/number.ts'

/** How places beyond the scale are dropped. `half-up` rounds a half away from zero, `half-even` to the even neighbour. */
export type Rounding = 'half-up' | 'half-even' | 'down'

/** Its own constructor: the precision of the package's default one may be changed by anybody in the process. */
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

/** Rounds canonical digits to so many places after the point; anything else comes back untouched. */
export function roundDigits(digits: string, scale: number, rounding: Rounding): string {
  if (fractionLength(digits) <= scale) return digits
  const canonical = canonicalDigits(digits)
  if (!canonical.ok) return digits
  const rounded = canonicalDigits(
    new Exact(canonical.value).toDecimalPlaces(scale, modes[rounding]).toFixed(),
  )
  return rounded.ok ? rounded.value : digits
}

/** Whether two canonical numbers differ by less than one unit of the given place. */
export function isWithinPlace(left: string, right: string, scale: number): boolean {
  return new Exact(left).minus(right).abs().lessThan(new Exact(10).toPower(-scale))
}
