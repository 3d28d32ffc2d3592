import { IsthmusError } from '../errors.ts'
import type { CanonicalValue } from '../values.ts'
import { limits } from './limits.ts'
import { isCanonicalList, isCanonicalObject } from './object.ts'
import { comparableForm, isSameText } from './text.ts'

/** True when two canonical values are the same, texts under NFC. Absent (`undefined`), null and empty are three different values. */
export function isEqualCanonical(
  left: CanonicalValue | undefined,
  right: CanonicalValue | undefined,
): boolean {
  if (left === right) return true
  if (typeof left === 'string') return typeof right === 'string' && isSameText(left, right)
  if (isCanonicalList(left)) {
    if (!isCanonicalList(right) || left.length !== right.length) return false
    return left.every((value, index) => isEqualCanonical(value, right[index]))
  }
  if (!isCanonicalObject(left) || !isCanonicalObject(right)) return false
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  return keys.every((key) => Object.hasOwn(right, key) && isEqualCanonical(left[key], right[key]))
}

/**
 * The canonical JSON text of a value (RFC 8785): keys sorted by UTF-16 units, no white space, texts under NFC as they are compared. Values contain no
 * numbers, so the text is the same on every machine.
 *
 * @throws VALUE_TOO_LARGE for nesting beyond the limit, which no declared type reaches
 */
export function canonicalJson(value: CanonicalValue): string {
  return writeJson(value, 0)
}

function writeJson(value: CanonicalValue, depth: number): string {
  if (!isCanonicalList(value) && !isCanonicalObject(value)) {
    return JSON.stringify(typeof value === 'string' ? comparableForm(value) : value)
  }
  if (depth >= limits.depthMax) {
    throw new IsthmusError('VALUE_TOO_LARGE', `a value is nested deeper than ${limits.depthMax} levels`)
  }
  if (isCanonicalList(value)) return `[${value.map((element) => writeJson(element, depth + 1)).join(',')}]`
  const pairs = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${writeJson(value[key] ?? null, depth + 1)}`)
  return `{${pairs.join(',')}}`
}
