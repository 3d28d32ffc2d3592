import { isPlainObject } from '../canonical/object.ts'
import type { NestedPatch } from '../integration.ts'
import type { NativeRecord } from '../values.ts'

/**
 * The record as a system would hold it after a patch, if it stored what it was sent. Used to check laws and to show plans; it is no
 * substitute for looking.
 */
export function applyPatch(native: NativeRecord, patch: NativeRecord, nested: NestedPatch): NativeRecord {
  const result: { [key: string]: unknown } = Object.create(null)
  for (const [key, value] of Object.entries(native)) result[key] = value
  for (const [key, value] of Object.entries(patch)) {
    const present = Object.hasOwn(native, key) ? native[key] : undefined
    const merges = nested === 'merge' && isPlainObject(value) && isPlainObject(present)
    result[key] = merges ? applyPatch(present, value, nested) : value
  }
  return result
}
