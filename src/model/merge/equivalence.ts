/**
 * When two values are the same for one system (`≡s`), and when a stored value is our own in a poorer form.
 *
 * *Absent* and *null* are the same here: a patch can't make a property absent, so a system that should hold
 * *absent* is sent *null*. Everywhere else the two are distinct.
 */
import { isCanonicalObject } from '../canonical/object.ts'
import { isSameText } from '../canonical/text.ts'
import type { SystemField } from '../integration.ts'
import type { CanonicalValue } from '../values.ts'

/** A canonical value, or *absent*. */
export type MaybeValue = CanonicalValue | undefined

/**
 * True when both are the same canonical value, with *absent* equal to *null*. Sets are sorted already, so
 * order counts.
 */
export function sameValue(left: MaybeValue, right: MaybeValue): boolean {
  if (left === right) return true
  if (left === undefined || left === null) return right === undefined || right === null
  if (right === undefined || right === null) return false
  if (typeof left === 'string') return typeof right === 'string' && isSameText(left, right)
  if (typeof left !== 'object' || typeof right !== 'object') return false
  return sameStructure(left, right)
}

function sameStructure(left: object, right: object): boolean {
  if (Array.isArray(left) || Array.isArray(right)) {
    return (
      Array.isArray(left) &&
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => sameValue(item, right[index]))
    )
  }
  const leftParts = new Map<string, CanonicalValue>(Object.entries(left))
  const rightParts = new Map<string, CanonicalValue>(Object.entries(right))
  for (const name of new Set([...leftParts.keys(), ...rightParts.keys()])) {
    if (!sameValue(leftParts.get(name), rightParts.get(name))) return false
  }
  return true
}

/** Returns what the system would hold after storing the value: `norm_s`, with *absent* stored as *null*. */
export function asStored(settings: SystemField, value: MaybeValue): CanonicalValue {
  return settings.normalise(value ?? null)
}

/** `left ≡s right`: the system can't tell them apart. */
export function equivalent(settings: SystemField, left: MaybeValue, right: MaybeValue): boolean {
  return sameValue(left, right) || sameValue(asStored(settings, left), asStored(settings, right))
}

/** Absent, null, an empty text or list, or a group whose parts are all empty: nothing that could be lost. */
export function isEmpty(value: MaybeValue): boolean {
  if (value === undefined || value === null || value === '') return true
  if (typeof value !== 'object') return false
  if (Array.isArray(value)) return value.length === 0
  return Object.values(value).every(isEmpty)
}

/**
 * An empty text, list or object, or a group with such a part: explicitly empty, while *absent* and *null*
 * convey nothing.
 */
export function isStatedEmpty(value: MaybeValue): boolean {
  if (value === undefined || value === null || !isEmpty(value)) return false
  if (!isCanonicalObject(value)) return true
  const parts = Object.values(value)
  return parts.length === 0 || parts.some(isStatedEmpty)
}

/** Empty, or a group with a part that is. */
export function isPartlyEmpty(value: MaybeValue): boolean {
  if (isEmpty(value)) return true
  return isCanonicalObject(value) && Object.values(value).some(isPartlyEmpty)
}
