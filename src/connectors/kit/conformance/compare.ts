/** Compares the values that were sent with those that were returned. */
import { isLosslessNumber } from '../../../http/json.ts'
import type { NativePath } from '../../../model/lens/spec.ts'
import type { NativeRecord } from '../../../model/values.ts'
import { isNativeRecord, valueAt } from '../native.ts'
import type { CounterpartResource } from './counterpart.ts'

/** One text field of a counterpart. */
export type TextField = CounterpartResource['texts'][number]

/** Returns the text at a path; an empty one is a text as well. */
export function textsOf(native: NativeRecord, path: NativePath): string | undefined {
  const value = valueAt(native, path)
  return typeof value === 'string' ? value : undefined
}

/**
 * Returns whether a text was returned as the field is known to store it. A blank text may be returned as
 * absent.
 */
export function sameText(field: TextField, sent: string, stored: string | undefined): boolean {
  return (field.stores?.(sent) ?? sent) === (stored ?? '')
}

/** Returns every scalar of a record by its path, in a uniform format. */
export function leavesOf(native: NativeRecord): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>()
  collect(native, [], leaves)
  return leaves
}

function collect(value: unknown, path: readonly string[], leaves: Map<string, string>): void {
  if (isNativeRecord(value)) {
    for (const [key, inner] of Object.entries(value)) collect(inner, [...path, key], leaves)
    return
  }
  const text = isLosslessNumber(value) ? value.toString() : JSON.stringify(value)
  if (text !== undefined) leaves.set(path.join('.'), text)
}

/** Builds a patch that changes a single, possibly nested, property. */
export function patchAt(path: NativePath, value: unknown): NativeRecord {
  const [step, ...rest] = path
  return { [String(step)]: rest.length === 0 ? value : patchAt(rest, value) }
}

/** Returns whether a later version is really later: as integers, else as texts. */
export function isLater(before: string, after: string): boolean {
  if (/^\d+$/.test(before) && /^\d+$/.test(after)) return BigInt(after) > BigInt(before)
  return after > before
}
