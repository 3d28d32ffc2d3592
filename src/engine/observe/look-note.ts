/**
 * Stores when the last feed or list read of a whole place began. Every process may use it as evidence: the read covers everything that existed by
 * then.
 */

import type { Fact, Store } from '../../store/contract.ts'
import type { Place } from '../place.ts'
import type { LookKind } from '../ports.ts'

function observed({ system, entity }: Place, by: LookKind): Fact {
  return { kind: 'observed', system, entity: entity.name, by }
}

/** Everything that the place held at `takenAt` is known, or taken in as a candidate. */
export function noteLook(
  store: Pick<Store, 'saveFact'>,
  place: Place,
  kind: LookKind,
  takenAt: number,
): Promise<void> {
  return store.saveFact(observed(place, kind), takenAt)
}

/** When the newest such read of any process began (epoch ms). */
export function lastLook(
  store: Pick<Store, 'factAt'>,
  place: Place,
  kind: LookKind,
): Promise<number | undefined> {
  return store.factAt(observed(place, kind))
}
