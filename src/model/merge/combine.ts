/**
 * Policies that compute one value from several changes: sets and counters. Both use differences against each
 * system's own base.
 */
import { Decimal } from 'decimal.js'
import { sortSet } from '../canonical/collection.ts'
import { canonicalJson } from '../canonical/equality.ts'
import { isCanonicalList } from '../canonical/object.ts'
import type { Candidate } from '../integration.ts'
import type { AgreedField } from '../state.ts'
import type { CanonicalValue } from '../values.ts'
import type { MaybeValue } from './equivalence.ts'

/** Additions must be exact; no field of any known system comes near this many digits. */
const Exact = Decimal.clone({ precision: 4000 })

/**
 * Three-way merge of sets: (agreed ∪ added) minus removed, where each system's additions and removals are
 * computed against its own base. Without a base nothing counts as removed. Undefined when a value is not a
 * set.
 */
export function mergeSets(agreed: AgreedField, changes: readonly Candidate[]): MaybeValue {
  const result = asSet(agreed.value)
  const removed = new Set<string>()
  for (const change of changes) {
    const base = asSet(change.base)
    const value = asSet(change.value)
    if (base === undefined || value === undefined) return undefined
    for (const [key, item] of value) if (!base.has(key)) result?.set(key, item)
    for (const key of base.keys()) if (!value.has(key)) removed.add(key)
  }
  for (const key of removed) result?.delete(key)
  return result === undefined ? undefined : sortSet([...result.values()])
}

function asSet(value: MaybeValue): Map<string, CanonicalValue> | undefined {
  if (value === undefined || value === null) return new Map()
  if (!isCanonicalList(value)) return undefined
  return new Map(value.map((item) => [canonicalJson(item), item]))
}

/**
 * Adds every system's difference against its own base to the agreed number. Undefined where a number or a
 * base is missing, since a difference can't be computed then.
 */
export function sumChanges(agreed: AgreedField, changes: readonly Candidate[]): MaybeValue {
  let total = asNumber(agreed.value)
  for (const change of changes) {
    const base = asNumber(change.base)
    const value = asNumber(change.value)
    if (base === undefined || value === undefined) return undefined
    total = total?.plus(value.minus(base))
  }
  if (total === undefined) return undefined
  return total.isZero() ? '0' : total.toFixed()
}

function asNumber(value: MaybeValue): Decimal | undefined {
  if (typeof value !== 'string' || !/^-?\d+(\.\d+)?$/.test(value)) return undefined
  return new Exact(value)
}
