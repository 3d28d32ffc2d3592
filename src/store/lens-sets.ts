/**
 * Determines which lens sets a store keeps, and the effects of binding a definition on them. Both stores use
 * this, so that the same definition gives the numbers the same meaning in both.
 *
 * Each member names the set that its bases were read through. A place (one entity in one system) has one
 * *current* set, and gets a new one each time the lenses of the bound definition differ from those of the
 * definition bound before, even if an earlier set returns: changes made in between require a read of each
 * record.
 */
import type { LensSet } from '../model/lens/identity.ts'

/** A lens set that the store keeps. */
export interface StoredLensSet extends LensSet {
  readonly id: number
  /** Part of the bound definition. */
  readonly current: boolean
  /** Members without a number were read through it: they are from a version of Isthmus without lens sets. */
  readonly legacy: boolean
  /**
   * Since when the system has been part of the entity without interruption (epoch ms); 0 = from the
   * beginning.
   */
  readonly joinedAt: number
}

/** The changes of a binding. */
export interface LensSetPlan {
  /** Sets that are to be added, in this order. */
  readonly add: readonly Omit<StoredLensSet, 'id'>[]
  /** Numbers of the sets that are no longer current. */
  readonly retire: readonly number[]
  /** The lenses differ from those bound before; also true at the first binding. */
  readonly changed: boolean
}

/**
 * Compares the lenses of a definition with those that are bound.
 *
 * @param before lenses of the definition that was bound before this store kept any; undefined for a store
 *   without records, or when they are unknown
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
