import { isPlainObject } from '../canonical/object.ts'
import type { NativeRecord } from '../values.ts'

/**
 * A new record of what every one gets and what its fields give. They meet in objects and in the elements of lists, since both may write to
 * parts of one: the material and the amount of the first position. Where both give the same part, the fields' stands.
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
