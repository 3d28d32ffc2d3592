/** Reading and combining native records; only own properties count, whatever the remote side sent. */
import { isLosslessNumber } from '../../http/json.ts'
import { wholeDigits } from '../../model/canonical/number.ts'
import { parseNativePath } from '../../model/definition/native-path.ts'
import { UsageError } from '../../model/errors.ts'
import type { NativePath } from '../../model/lens/spec.ts'
import type { NativeRecord } from '../../model/values.ts'

/** Returns true for a JSON object, the only value that can be a record. */
export function isNativeRecord(value: unknown): value is NativeRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value)
}

/** Parses a path such as `meta.version`. @throws UsageError CONNECTOR_CONFIG_INVALID when it is not a path */
export function nativePath(text: string): NativePath {
  const path = parseNativePath(text)
  if (path !== undefined) return path
  throw new UsageError(
    'CONNECTOR_CONFIG_INVALID',
    `"${text}" is not a path into a record, such as meta.version.`,
  )
}

/** Returns the value at a path, or undefined. */
export function valueAt(native: unknown, path: NativePath): unknown {
  let value = native
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = Reflect.get(value, step)
  }
  return value
}

/**
 * Returns a scalar as text, or undefined for anything else and for an empty text. Digits are kept, and whole
 * numbers have one format: an id received as 1000, 1e3 or 1000.0 names the same record.
 */
export function textAt(native: unknown, path: NativePath): string | undefined {
  const value = valueAt(native, path)
  if (typeof value === 'string') return value === '' ? undefined : value
  if (typeof value === 'number') return wholeDigits(String(value))
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  return isLosslessNumber(value) ? wholeDigits(value.toString()) : undefined
}

/**
 * Merges a patch into a record, nested objects property by property; lists are replaced. Neither argument is
 * modified.
 */
export function mergeNative(base: NativeRecord, patch: NativeRecord): NativeRecord {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(patch)) {
    const before = Object.hasOwn(base, key) ? base[key] : undefined
    setOwn(merged, key, isNativeRecord(before) && isNativeRecord(value) ? mergeNative(before, value) : value)
  }
  return merged
}

/** Returns a copy of the record with the value at the path. Missing objects along the path are created. */
export function withValueAt(native: NativeRecord, path: NativePath, value: unknown): NativeRecord {
  const [step, ...rest] = path
  if (typeof step !== 'string') return native
  const copy: Record<string, unknown> = { ...native }
  const inner = Object.hasOwn(native, step) ? native[step] : undefined
  setOwn(copy, step, rest.length === 0 ? value : withValueAt(isNativeRecord(inner) ? inner : {}, rest, value))
  return copy
}

/**
 * Returns a copy of the record without the value at the path; a list along the path stands for each of its
 * elements.
 */
export function withoutValueAt(native: NativeRecord, path: NativePath): NativeRecord {
  const [step, ...rest] = path
  if (typeof step !== 'string' || !Object.hasOwn(native, step)) return native
  const copy: Record<string, unknown> = { ...native }
  const inner = native[step]
  if (rest.length === 0) delete copy[step]
  else setOwn(copy, step, withoutInside(inner, rest))
  return copy
}

function withoutInside(inner: unknown, path: NativePath): unknown {
  if (Array.isArray(inner)) return inner.map((element: unknown) => withoutInside(element, path))
  return isNativeRecord(inner) ? withoutValueAt(inner, path) : inner
}

/**
 * Returns the body of an update without the properties that the system does not accept back.
 *
 * The body of a PUT holds the whole record. A patch holds what the mapping writes. Only nested objects and
 * the elements of lists, which are completed from the record last read, can contain properties that the
 * mapping does not write.
 */
export function withoutOmitted(
  body: NativeRecord,
  omit: readonly NativePath[],
  update: 'patch' | 'put',
): NativeRecord {
  const paths = update === 'put' ? omit : omit.filter((path) => path.length > 1)
  return paths.reduce<NativeRecord>((record, path) => withoutValueAt(record, path), body)
}

/** Assignment would call the setter of `__proto__`; defining the property never does. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}
