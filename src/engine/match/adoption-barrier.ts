/**
 * The adoption barrier (H19): an unknown native record may have been made by one of our own creates whose
 * response has not arrived. It is not treated as new while a create of that system is unresolved that was
 * begun before the record was discovered.
 *
 * Systems whose creates carry our record id need no barrier: a native record without one can't be ours.
 */

import { hasOwnKey } from '../observe/marker.ts'
import type { Pass } from '../pass/contract.ts'
import type { Place } from '../place.ts'

/**
 * Intents carry this process's time and discoveries the store's. Creates begun slightly after a discovery are
 * waited for too, instead of relying on two clocks agreeing to the millisecond.
 */
const CLOCK_MARGIN_MS = 1_000

/** True while the record may have been made by one of our own creates. */
export async function mayBeOurs(pass: Pass, place: Place): Promise<boolean> {
  if (!place.part.operations.create || carriesMarker(place)) return false
  const { clock, store } = pass.context
  // The statement "no create begun before this time is open" stays true once it is, so it covers every record
  // discovered before that time.
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

/** True where every native record made by our creates can be recognised as ours. */
export function carriesMarker(place: Place): boolean {
  const { create } = place.resource.capabilities
  if (create === 'unsupported' || hasOwnKey(place)) return true
  const marked = create === 'clientId' || create === 'upsertKey' || create === 'marker'
  return marked && place.resource.markerOf !== undefined
}
