/** Manual runs: one record, everything, or full runs. The workers do the work; these functions only mark. */
import { UsageError } from '../../model/errors.ts'
import { describeRunEnd } from '../../model/run-reasons.ts'
import type { IntakeContext } from '../context.ts'
import { allPlaces, hasFeed, isListable, type Place, placeOf } from '../place.ts'
import { isBaselineDone } from './baseline.ts'
import { listFirst } from './first-list.ts'
import type { FullRunResult } from './full-run.ts'
import type { PollResult } from './poll.ts'
import type { Runs } from './runs.ts'

/** Record ids fetched and marked in one statement. */
const MARK_PAGE = 200

/** Syncs and full runs that a person starts. The workers do the work; these calls only mark. */
export interface ByHand {
  /**
   * Marks one record in all its systems, by its record id or by its native id in one system. A native id that
   * is not known yet is taken in as a new record.
   *
   * @throws ENGINE_UNKNOWN_PLACE when the system is not part of the entity · ENGINE_UNKNOWN_RECORD when there
   *   is no such record id
   */
  syncRecord(which: RecordKey): Promise<void>
  /**
   * Polls every place for changes, by feed or list, and marks every record where neither is available. A
   * place that was never listed is listed, as often as its first load needs, whatever else it offers.
   */
  syncEverything(filter: PlaceFilter, signal: AbortSignal): Promise<readonly PlaceResult[]>
  /** Lists every listable place and marks what differs. */
  runFull(filter: PlaceFilter, signal: AbortSignal): Promise<readonly PlaceResult[]>
}

/** Names one record: by its record id, or by its native id in one system. */
export type RecordKey =
  | {
      /** Record id. */
      readonly recordId: string
    }
  | {
      /** System that the native id belongs to. */
      readonly system: string
      /** Entity of the record. */
      readonly entity: string
      /** Id of the record in that system. */
      readonly nativeId: string
    }

/** Left out = all. */
export interface PlaceFilter {
  /** Only this system. */
  readonly system?: string
  /** Only this entity. */
  readonly entity?: string
}

/** The result for one place. */
export interface PlaceResult {
  /** System of the place. */
  readonly system: string
  /** Entity of the place. */
  readonly entity: string
  /** `polled`: its feed was read · `listed`: a full run · `marked`: each known record was marked */
  readonly how: 'polled' | 'listed' | 'marked'
  /** Records that will be read. */
  readonly changed: number
  /** Outcome of the full run, where there was one. */
  readonly run?: FullRunResult
  /** Why the place could not be read, in one line. */
  readonly failure?: string
}

/** Creates the manual runs of a process. */
export function createByHand(context: IntakeContext, runs: Runs): ByHand {
  return {
    syncRecord: (which) => syncRecord(context, which),
    syncEverything: async (filter, signal) =>
      Promise.all(choosePlaces(context, filter).map((place) => syncPlace(context, runs, place, signal))),
    runFull: async (filter, signal) =>
      Promise.all(
        choosePlaces(context, filter)
          .filter(isListable)
          .map((place) => listPlace(context, runs, { place, kind: 'full', signal })),
      ),
  }
}

async function syncRecord(context: IntakeContext, which: RecordKey): Promise<void> {
  if ('nativeId' in which) {
    const place = placeOf(context, which.system, which.entity)
    const mark = { system: place.system, entity: place.entity.name, nativeId: which.nativeId, force: true }
    const [result] = await context.store.intake([{ marks: [mark], cause: 'person:sync' }])
    if ((result?.discovered ?? 0) > 0) {
      const { system, entity } = mark
      context.emit({ type: 'RecordDiscovered', entity, system, count: 1, via: 'hand' })
    }
  } else {
    const mark = { recordId: which.recordId, systems: [], cause: 'person:sync' } as const
    if ((await context.store.markRecords([mark])) === 0)
      throw new UsageError('ENGINE_UNKNOWN_RECORD', `There is no record "${which.recordId}".`)
  }
  context.wake()
}

/**
 * Returns the places that a filter selects.
 *
 * @throws ENGINE_UNKNOWN_PLACE when it selects none
 */
function choosePlaces(context: IntakeContext, filter: PlaceFilter): readonly Place[] {
  const places = allPlaces(context).filter(
    (place) =>
      (filter.system === undefined || filter.system === place.system) &&
      (filter.entity === undefined || filter.entity === place.entity.name),
  )
  if (places.length > 0) return places
  const what = [
    filter.system === undefined ? '' : ` of system "${filter.system}"`,
    filter.entity === undefined ? '' : ` of entity "${filter.entity}"`,
  ]
  throw new UsageError('ENGINE_UNKNOWN_PLACE', `The definition contains nothing${what.join('')} to sync.`)
}

async function syncPlace(
  context: IntakeContext,
  runs: Runs,
  place: Place,
  signal: AbortSignal,
): Promise<PlaceResult> {
  // Until it was listed nothing may be created there, so the first sync is a full run.
  if (!(await isBaselineDone(context, place)))
    return listPlace(context, runs, { place, kind: 'full', signal })
  if (hasFeed(place)) return drainByHand(runs, place, signal)
  if (isListable(place)) return listPlace(context, runs, { place, kind: 'sync', signal })
  return markKnown(context, place, signal)
}

async function drainByHand(runs: Runs, place: Place, signal: AbortSignal): Promise<PlaceResult> {
  const where = { system: place.system, entity: place.entity.name }
  let changed = 0
  let result: PollResult
  do {
    result = await runs.poll({ ...where, priority: 'hand', signal })
    if (result.kind === 'failed') {
      return { ...where, how: 'polled', changed, failure: `${result.message} (${result.code})` }
    }
    changed += result.changed
  } while (result.kind === 'more' && !signal.aborted)
  return { ...where, how: 'polled', changed }
}

interface Listed {
  readonly place: Place
  readonly kind: 'full' | 'sync'
  readonly signal: AbortSignal
}

async function listPlace(
  context: IntakeContext,
  runs: Runs,
  { place, kind, signal }: Listed,
): Promise<PlaceResult> {
  const where = { system: place.system, entity: place.entity.name }
  const run = await listFirst(context, runs, place, { kind, priority: 'hand', signal })
  // Who holds a value that others wait for may be none of our records.
  if ((await context.store.endValueWaits(place.system, place.entity.name)) > 0) context.wake()
  return {
    ...where,
    how: 'listed',
    changed: run.changed + run.discovered + (run.complete ? run.missing : 0),
    run,
    ...(run.ended ? {} : { failure: describeRunEnd(run) ?? 'the list was not read to its end' }),
  }
}

/** Neither feed nor list: every known record is read by id. */
async function markKnown(context: IntakeContext, place: Place, signal: AbortSignal): Promise<PlaceResult> {
  let changed = 0
  let cursor: string | undefined
  do {
    const page = await context.store.admin.recordIds(place.entity.name, {
      limit: MARK_PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    })
    const marks = page.rows.map((recordId) => ({
      recordId,
      systems: [place.system],
      cause: 'person:sync' as const,
    }))
    if (marks.length > 0) changed += await context.store.markRecords(marks)
    context.wake()
    cursor = page.cursor
  } while (cursor !== undefined && !signal.aborted)
  return { system: place.system, entity: place.entity.name, how: 'marked', changed }
}
