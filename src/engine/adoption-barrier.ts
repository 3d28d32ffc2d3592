/**
 * The adoption barrier (H19): a native record that nobody knows may be a create of our own whose answer has not arrived. It is not taken for
 * new while a create of that system is unresolved which was begun before the record turned up.
 *
 * Systems whose creates carry our record id need no barrier: an unmarked record there can't be ours.
 */
import type { Pass } from './context.ts'
import type { Place } from './place.ts'

/** Room for the difference between this process's clock and the store's, when one answer is reused for other records. */
const CLOCK_MARGIN_MS = 1_000

/** True while the record may be one of our own creates. */
export type MayBeOurs = (pass: Pass, place: Place) => Promise<boolean>

/** Creates the barrier of one engine. */
export function createAdoptionBarrier(): MayBeOurs {
  // "No open create was begun before t" stays true for ever, so it serves every record that turned up before t.
  const clearUpTo = new Map<string, number>()
  return async (pass, place) => {
    if (!place.part.operations.create || carriesMarker(place)) return false
    const { clock, store } = pass.context
    const key = JSON.stringify([place.system, place.entity.name])
    const { discoveredAt } = pass.record
    if (discoveredAt <= (clearUpTo.get(key) ?? Number.NEGATIVE_INFINITY)) return false
    const before = Math.max(discoveredAt, clock.now() - CLOCK_MARGIN_MS)
    if (!(await store.direct.openCreatesBefore(place.system, place.entity.name, before))) {
      clearUpTo.set(key, Math.max(before, clearUpTo.get(key) ?? before))
      return false
    }
    if (before === discoveredAt) return true
    return store.direct.openCreatesBefore(place.system, place.entity.name, discoveredAt)
  }
}

/** Every create of ours there can be told by its own native record. */
export function carriesMarker({ resource }: Place): boolean {
  const { create } = resource.capabilities
  const marked = create === 'clientId' || create === 'upsertKey' || create === 'marker'
  return (marked && resource.markerOf !== undefined) || create === 'unsupported'
}
