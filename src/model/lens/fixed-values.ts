import { isPlainObject } from '../canonical/object.ts'
import type { NativeRecord } from '../values.ts'

/**
 * Builds a new record from its fixed values and the values of its fields. They are combined in objects and in
 * the elements of lists, since both may write parts of the same one: the material and the amount of the first
 * position. Where both set the same property, the field's value is used.
 */
export function withFixedValues(fixed: NativeRecord, mapped: NativeRecord): NativeRecord {
  const result: { [key: string]: unknown } = Object.create(null)
  for (const [key, value] of Object.entries(fixed)) result[key] = value
  for (const [key, value] of Object.entries(mapped)) {
    result[key] = joined(Object.hasOwn(fixed, key) ? fixed[key] : undefined, value)
  }
  return result
}

function joined(fixed: unknown, mapped: unknown): unknown {
  if (isPlainObject(fixed) && isPlainObject(mapped)) return withFixedValues(fixed, mapped)
  if (!Array.isArray(fixed) || !Array.isArray(mapped)) return mapped
  const length = Math.max(fixed.length, mapped.length)
  return Array.from({ length }, (_, index) =>
    index < mapped.length ? joined(fixed[index], mapped[index]) : fixed[index],
  )
}
