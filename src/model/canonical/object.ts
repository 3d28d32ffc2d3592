/** Objects of records: own keys only, never a prototype. */
import type { CanonicalValue } from '../values.ts'
import { exactDigits } from './exact-number.ts'

/** True for JSON objects; false for lists, number objects and class instances. */
export function isPlainObject(value: unknown): value is { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === null || prototype === Object.prototype) && exactDigits(value) === undefined
}

/** Own property only, so that inherited properties are never read. */
export function ownValue(object: { readonly [key: string]: unknown }, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** True for the canonical values that have named parts (money, groups, local times). */
export function isCanonicalObject(
  value: CanonicalValue | undefined,
): value is { readonly [key: string]: CanonicalValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True for sets and lists. */
export function isCanonicalList(value: CanonicalValue | undefined): value is readonly CanonicalValue[] {
  return Array.isArray(value)
}

/** Names that lead to a prototype: never read, never written, refused in paths. */
export function isForbiddenKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype'
}
