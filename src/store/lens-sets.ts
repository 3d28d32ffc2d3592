/**
 * Which lens sets a store keeps, and what binding a definition does to them. Both stores use this, so that the same definition gives the same
 * numbers' meaning in both.
 *
 * Each member names the set that its bases were read through. A place (one entity in one system) has one *current* set, and a new one each
 * time the lenses of the bound definition differ from those of the definition bound before, also when an earlier set comes back: what happened
 * in between makes a look at each record necessary.
 */
import type { LensSet } from '../model/lens/identity.ts'

/** A lens set that the store keeps. */
export interface StoredLensSet extends LensSet {
  readonly id: number
  /** The bound definition has it. */
  readonly current: boolean
  /** Members without a number were read through it: they are from a version of Isthmus that kept none. */
  readonly legacy: boolean
  /** Since when the system has taken part without a break (epoch ms); 0 = since its first day. */
  readonly joinedAt: number
}

/** What a binding changes. */
export interface LensSetPlan {
  /** Sets that are to be added, in this order. */
  readonly add: readonly Omit<StoredLensSet, 'id'>[]
  /** Numbers of the sets that are current no more. */
  readonly retire: readonly number[]
  /** The lenses differ from those bound before; also true at the first binding. */
  readonly changed: boolean
}

/**
 * Compares the lenses of a definition with those that are bound.
 *
 * @param before lenses of the definition that was bound before this store kept any; undefined for a store without records, or when they
 *   can't be told
 */
export function planLensSets(
  known: readonly StoredLensSet[],
  wanted: readonly LensSet[],
  { before, now }: { readonly before: readonly LensSet[] | undefined; readonly now: number },
): LensSetPlan {
  const legacy = known.length === 0 ? (before ?? []) : []
  const add: Omit<StoredLensSet, 'id'>[] = []
  const retire: number[] = []
  let changed = known.length === 0
  for (const set of wanted) {
    const old = legacy.find((other) => isSamePlace(other, set))
    const bound = known.find((other) => other.current && isSamePlace(other, set))
    if (bound?.digest === set.digest) continue
    changed = true
    if (bound !== undefined) retire.push(bound.id)
    const earlier = known.some((other) => isSamePlace(other, set))
    const joinedAt = bound?.joinedAt ?? (earlier ? now : 0)
    const same = old?.digest === set.digest
    if (old !== undefined && !same) add.push({ ...old, current: false, legacy: true, joinedAt })
    add.push({ ...set, current: true, legacy: same, joinedAt })
  }
  for (const set of legacy) {
    const isGone = !wanted.some((other) => isSamePlace(other, set))
    if (isGone) add.push({ ...set, current: false, legacy: true, joinedAt: 0 })
  }
  for (const set of known) {
    if (!set.current || wanted.some((other) => isSamePlace(other, set))) continue
    changed = true
    retire.push(set.id)
  }
  return { add, retire, changed }
}

export function isSamePlace(
  one: Pick<LensSet, 'system' | 'entity'>,
  other: Pick<LensSet, 'system' | 'entity'>,
): boolean {
  return one.system === other.system && one.entity === other.entity
}
