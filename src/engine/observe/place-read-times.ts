/**
 * Stores when the last feed or list read of a whole place began. Every process may use it as evidence: the
 * read covers everything that existed by then.
 */

import type { Fact, Store } from '../../store/contract.ts'
import type { Place } from '../place.ts'
import type { PlaceReadKind } from '../ports.ts'

function factOf({ system, entity }: Place, by: PlaceReadKind): Fact {
  return { kind: 'observed', system, entity: entity.name, by }
}

/** Everything that the place held at `takenAt` is known, or taken in as a candidate. */
export function savePlaceRead(
  store: Pick<Store, 'saveFact'>,
  place: Place,
  kind: PlaceReadKind,
  takenAt: number,
): Promise<void> {
  return store.saveFact(factOf(place, kind), takenAt)
}

/** When the newest such read of any process began (epoch ms). */
export function lastPlaceRead(
  store: Pick<Store, 'factAt'>,
  place: Place,
  kind: PlaceReadKind,
): Promise<number | undefined> {
  return store.factAt(factOf(place, kind))
}
