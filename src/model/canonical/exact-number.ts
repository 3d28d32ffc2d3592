/**
 * A JSON number that does not fit a double, represented by its digits.
 *
 * It carries the marker of the `lossless-json` package, so that the HTTP layer writes it as a bare number
 * without this layer having to import that package.
 */
const marker = Symbol.for('lossless-json.LosslessNumber')

export class ExactNumber {
  readonly value: string
  readonly isLosslessNumber = true
  readonly [marker] = true

  constructor(digits: string) {
    this.value = digits
  }

  toString(): string {
    return this.value
  }
}

/**
 * The digits of a lossless number from a response; undefined for everything else.
 *
 * The marker is a symbol, which JSON can't contain: a hostile record that merely *has* properties of these
 * names is not a number.
 */
export function exactDigits(native: unknown): string | undefined {
  if (typeof native !== 'object' || native === null || Reflect.get(native, marker) !== true) return undefined
  const digits: unknown = Reflect.get(native, 'value')
  return typeof digits === 'string' ? digits : undefined
}

/**
 * A JSON number with exactly these canonical digits: a JavaScript number where it keeps every digit,
 * otherwise an {@link ExactNumber}.
 */
export function toJsonNumber(digits: string): number | ExactNumber {
  const double = Number(digits)
  return isExactDouble(digits, double) ? double : new ExactNumber(digits)
}

/** True when a double converts back to the same canonical digits, within the range of exact integers. */
export function isExactDouble(digits: string, double: number): boolean {
  return Math.abs(double) <= Number.MAX_SAFE_INTEGER && String(double) === digits
}
