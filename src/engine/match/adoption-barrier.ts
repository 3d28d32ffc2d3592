/**
 * The adoption barrier (H19): a native record that nobody knows may be a create of our own whose response has not arrived. It is not taken for
 * new while a create of that system is unresolved which was begun before the record turned up.
 *
 * Systems whose creates carry our record id need no barrier: an unmarked record there can't be ours.
 */

import { hasOwnKey } from '../observe/marker.ts'
import type { Pass } from '../pass/contract.ts'
import type { Place } from '../place.ts'

/**
 * Intents carry this process's time and discoveries the store's. Creates begun a little after a record turned up are waited for too, rather
 * than trusting two clocks to the millisecond.
 */
const CLOCK_MARGIN_MS = 1_000

/** True while the record may be one of our own creates. */
export async function mayBeOurs(pass: Pass, place: Place): Promise<boolean> {
  if (!place.part.operations.create || carriesMarker(place)) return false
  const { clock, store } = pass.context
  // That no create begun before a time is open stays true for ever, so it serves every record that turned up before.
  const clearUpTo = pass.context.memory.noOpenCreates
  const key = JSON.stringify([place.system, place.entity.name])
  const { discoveredAt } = pass.record
  if (discoveredAt <= (clearUpTo.get(key) ?? Number.NEGATIVE_INFINITY)) return false
  const now = clock.now()
  const wanted = discoveredAt + CLOCK_MARGIN_MS
  const before = Math.max(wanted, now)
  if (!(await store.direct.openCreatesBefore(place.system, place.entity.name, before))) {
    clearUpTo.set(key, now - CLOCK_MARGIN_MS)
    return false
  }
  if (before === wanted) return true
  return store.direct.openCreatesBefore(place.system, place.entity.name, wanted)
}

/** Every create of ours there can be told by its own native record. */
export function carriesMarker(place: Place): boolean {
  const { create } = place.resource.capabilities
  if (create === 'unsupported' || hasOwnKey(place)) return true
  const marked = create === 'clientId' || create === 'upsertKey' || create === 'marker'
  return marked && place.resource.markerOf !== undefined
}
