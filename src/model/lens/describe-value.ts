import { canonicalJson } from '../canonical/equality.ts'
import { exactDigits } from '../canonical/exact-number.ts'
import { isCanonicalList, isCanonicalObject } from '../canonical/object.ts'
import { countCodePoints } from '../canonical/text.ts'
import type { CanonicalValue } from '../values.ts'

/** Describes a canonical value: the value itself only if `reveal` is set, otherwise its kind and length. */
export function describeValue(value: CanonicalValue | undefined, reveal: boolean): string {
  if (value === undefined) return 'absent'
  if (value === null) return 'null'
  if (reveal) return cut(canonicalJson(value))
  if (typeof value === 'boolean') return 'a boolean'
  if (typeof value === 'string')
    return value === '' ? 'an empty text' : `a text of ${countCodePoints(value)} characters`
  if (isCanonicalList(value)) return `a list of ${value.length}`
  return isCanonicalObject(value) ? `an object of ${Object.keys(value).sort().join(', ')}` : 'a value'
}

/** The JSON kind of a native value. */
export function nativeKind(native: unknown): string {
  if (native === undefined) return 'absent'
  if (native === null) return 'null'
  if (Array.isArray(native)) return 'a list'
  if (typeof native === 'bigint' || exactDigits(native) !== undefined) return 'a number'
  return typeof native === 'object' ? 'an object' : `a ${typeof native}`
}

function cut(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
