/**
 * The lens sets that the store keeps, by place: which one is current, and which one a member was read
 * through.
 */

import type { StoredLensSet } from '../../store/contract.ts'
import type { LensBook, LensPlace } from '../ports.ts'

/** Creates the lens book of the lens sets that the store knows. */
export function createLensBook(sets: readonly StoredLensSet[]): LensBook {
  const places = new Map<string, readonly StoredLensSet[]>()
  for (const set of sets) places.set(keyOf(set), [...(places.get(keyOf(set)) ?? []), set])
  const at = (place: LensPlace): readonly StoredLensSet[] => places.get(keyOf(place)) ?? []
  return {
    current: (place) => at(place).find(({ current }) => current),
    previous: (place) => at(place).findLast(({ current }) => !current),
    readThrough: (place, lens) => {
      const found = at(place).find((set) => (lens === undefined ? set.legacy : set.id === lens))
      // An unknown number was assigned by a later definition: nothing is known about what it read.
      return found?.fields ?? (lens === undefined ? undefined : {})
    },
  }
}

function keyOf({ system, entity }: LensPlace): string {
  return JSON.stringify([system, entity])
}
