/** Work that a definition change causes once: marks the records that the change concerns. */
import type { MarkPlaceRequest, MarkPlaceResult } from '../../store/binding-contract.ts'
import type { IntakeContext } from '../context.ts'
import type { Runs } from '../intake/runs.ts'
import { isListable, placeOf } from '../place.ts'
import type { Job } from './schedule.ts'

/** Records marked in one statement. */
const MARKED_AT_ONCE = 2_000

/** Marks, once per definition, the records in which a system that joined their entity has no member yet. */
export async function placeOlderRecords(
  context: IntakeContext,
  job: Job,
  signal: AbortSignal,
): Promise<void> {
  const { store, integration, clock } = context
  const { system, entity } = job
  // A system that left and came back has missed records created meanwhile.
  const joinedAt = context.lenses?.current(job)?.joinedAt ?? 0
  const done = {
    kind: 'older-records-marked',
    system,
    entity,
    version: integration.version,
    joinedAt,
  } as const
  if ((await store.factAt(done)) !== undefined) return
  const whole = await markAll(context, job, signal, (request) => store.markUnplaced(request))
  if (whole) await store.saveFact(done, clock.now())
}

/**
 * Marks, once per lens set, the records that were read through another one, so that new or changed fields
 * take their bases without waiting for a full run. A changed filter may include records that no list has
 * shown so far: the place is listed then. Returns whether it completed.
 */
export async function readThroughNewLenses(
  context: IntakeContext,
  { runs, job, signal }: { readonly runs: Runs; readonly job: Job; readonly signal: AbortSignal },
): Promise<boolean> {
  const { store, clock, lenses } = context
  const { system, entity } = job
  const current = lenses?.current(job)
  if (current === undefined) return true
  const done = { kind: 'lens-set-applied', system, entity, lensSet: current.id } as const
  if ((await store.factAt(done)) !== undefined) return true
  if (!(await markAll(context, job, signal, (request) => store.markOutdated(request)))) return true
  const before = lenses?.previous(job)
  if (
    before !== undefined &&
    before.scope !== current.scope &&
    isListable(placeOf(context, system, entity))
  ) {
    const { ended } = await runs.full({ system, entity, priority: 'batch', signal, kind: 'full' })
    if (!ended) return false
  }
  await store.saveFact(done, clock.now())
  return true
}

/** False when it was interrupted. */
async function markAll(
  context: IntakeContext,
  { system, entity }: Job,
  signal: AbortSignal,
  mark: (request: MarkPlaceRequest) => Promise<MarkPlaceResult>,
): Promise<boolean> {
  let after: string | undefined
  do {
    const page = { system, entity, limit: MARKED_AT_ONCE, ...(after === undefined ? {} : { after }) }
    const { marked, last } = await mark(page)
    if (marked > 0) context.wake()
    after = last
  } while (after !== undefined && !signal.aborted)
  return after === undefined
}
