import { isPlainObject } from '../canonical/object.ts'
import type { NativeRecord } from '../values.ts'
import type { NestedPatch } from './contract.ts'

/**
 * Returns the record that a system would hold after a patch if it stored the patch unchanged. Used to check
 * laws and to show plans; it does not replace a read.
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
