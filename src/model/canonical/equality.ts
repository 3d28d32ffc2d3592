import { IsthmusError } from '../errors.ts'
import type { CanonicalValue } from '../values.ts'
import { limits } from './limits.ts'
import { isCanonicalList, isCanonicalObject } from './object.ts'
import { comparableForm, isSameText } from './text.ts'

/**
 * True when two canonical values are the same, texts under NFC. Absent (`undefined`), null and empty are
 * three different values.
 */
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
 * The canonical JSON text of a value (RFC 8785): keys sorted by UTF-16 units, no white space, texts under NFC
 * as they are compared. Values contain no numbers, so the text is the same on every machine.
 *
 * @throws VALUE_TOO_LARGE for nesting beyond the limit, which no declared type reaches
 */
export function canonicalJson(value: CanonicalValue): string {
  return writeJson(value, 0, false)
}

/**
 * {@link canonicalJson} of a document without its null parts, which are left out of named parts at any depth,
 * but not of lists.
 */
export function canonicalJsonWithoutNulls(value: CanonicalValue): string {
  return writeJson(value, 0, true)
}

function writeJson(value: CanonicalValue, depth: number, omitNulls: boolean): string {
  if (typeof value === 'string') return JSON.stringify(comparableForm(value))
  if (!isCanonicalList(value) && !isCanonicalObject(value)) return JSON.stringify(value)
  if (depth >= limits.depthMax) {
    throw new IsthmusError('VALUE_TOO_LARGE', `a value is nested deeper than ${limits.depthMax} levels`)
  }
  if (isCanonicalList(value))
    return `[${value.map((element) => writeJson(element, depth + 1, false)).join(',')}]`
  let text = ''
  for (const key of sortedKeys(value)) {
    const part = value[key] ?? null
    if (part === null && omitNulls) continue
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${writeJson(part, depth + 1, omitNulls)}`
  }
  return `{${text}}`
}

let lastKeys: readonly string[] = []
let lastSorted: readonly string[] = []

/**
 * The documents of a list have the same keys in the same order, so the last sorted order usually applies to
 * the next document too.
 */
function sortedKeys(value: { readonly [key: string]: CanonicalValue }): readonly string[] {
  const keys = Object.keys(value)
  if (keys.length !== lastKeys.length || keys.some((key, index) => key !== lastKeys[index])) {
    lastKeys = keys
    lastSorted = keys.toSorted()
  }
  return lastSorted
}
