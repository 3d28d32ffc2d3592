/**
 * The first load: until each system of an entity was listed once, a new record can't be told from one that
 * has not been observed yet. Creates wait for it, and the mass-change guard does not count the changes of the
 * first load itself.
 *
 * A complete full run is the proof. Offset paging can never provide it, since rows skip pages when others are
 * deleted, and neither can a list with an unreadable entry; in those cases two consecutive lists that both
 * reached their end, with the second one finding nothing new, are accepted instead (`first-list.ts`).
 */

import type { Fact } from '../../store/contract.ts'
import type { IntakeContext } from '../context.ts'
import { allPlaces, isListable, type Place } from '../place.ts'
import { firstLoadListedAt, noteFirstLoadListed } from '../protect/first-loads.ts'

/** A system that left and came back starts over. */
function listedTwice({ lenses }: Pick<IntakeContext, 'lenses'>, { system, entity: { name } }: Place): Fact {
  const joinedAt = lenses?.current({ system, entity: name })?.joinedAt ?? 0
  return { kind: 'listed-twice', system, entity: name, joinedAt }
}

/** True once the place was listed to the end; at once where nothing can be listed. */
export async function isBaselineDone(
  context: Pick<IntakeContext, 'store' | 'lenses'>,
  place: Place,
): Promise<boolean> {
  if (!isListable(place)) return true
  if (await context.store.baselineDone(place.system, place.entity.name)) return true
  return (await context.store.factAt(listedTwice(context, place))) !== undefined
}

/** The part of a full run that matters here: whether it reached its end, and what it discovered. */
export interface BaselineRun {
  readonly complete: boolean
  readonly ended: boolean
  readonly discovered: number
}

type BaselineContext = Pick<IntakeContext, 'store' | 'clock' | 'integration' | 'systems' | 'lenses'>

/** Takes the result of a full run into account; called at the end of each. */
export async function noteBaseline(
  context: BaselineContext,
  place: Place,
  result: BaselineRun,
): Promise<void> {
  if (!result.ended) return
  const isRepeated = !result.complete && result.discovered === 0
  if (isRepeated && !(await isBaselineDone(context, place))) return acceptBaseline(context, place)
  await noteListed(context, place)
}

/**
 * Accepts the lists so far as the first load of the place, although none was complete. The creates that wait
 * for it are due at once.
 */
export async function acceptBaseline(context: BaselineContext, place: Place): Promise<void> {
  await context.store.saveFact(listedTwice(context, place), context.clock.now())
  await noteListed(context, place)
  await context.store.wakeFirstLoad(place.system, place.entity.name)
}

/** The entity's first load has ended once each of its systems was listed. */
async function noteListed(context: BaselineContext, place: Place): Promise<void> {
  if ((await firstLoadListedAt(context, place.entity.name)) !== undefined) return
  for (const other of allPlaces(context)) {
    if (other.entity.name === place.entity.name && !(await isBaselineDone(context, other))) return
  }
  await noteFirstLoadListed(context, place.entity.name)
}
