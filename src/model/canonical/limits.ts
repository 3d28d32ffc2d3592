/**
 * Bounds on single values, so that one hostile record can't exhaust memory or time. They are far above the
 * values of business records; a value beyond them is refused and affects only its own field.
 */
export const limits = Object.freeze({
  /** UTF-16 units of one text. */
  textUnitsMax: 1_048_576,
  /** Digits of one number, exponent written out. */
  digitsMax: 400,
  /** Elements of one set or list. */
  elementsMax: 10_000,
  /** Nesting of one value. */
  depthMax: 64,
})
