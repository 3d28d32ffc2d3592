/** The note of the last look at a whole place, which every process may use as evidence: when it began, so that it covers what was there by then. */

import type { Store } from '../../store/contract.ts'
import type { Place } from '../place.ts'
import type { LookKind } from '../ports.ts'

function noteKey({ system, entity }: Place, kind: LookKind): string {
  return `look-${kind}:${system}:${entity.name}`
}

/** Everything that the place held at `takenAt` is known, or taken in as a candidate. */
export function noteLook(
  store: Pick<Store, 'saveScheduled'>,
  place: Place,
  kind: LookKind,
  takenAt: number,
): Promise<void> {
  return store.saveScheduled(noteKey(place, kind), takenAt)
}

/** When the newest look of any process began (epoch ms). */
export function lastLook(
  store: Pick<Store, 'lastScheduled'>,
  place: Place,
  kind: LookKind,
): Promise<number | undefined> {
  return store.lastScheduled(noteKey(place, kind))
}
