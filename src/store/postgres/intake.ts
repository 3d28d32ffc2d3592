/** Marks from webhooks, polls and passes: known records become dirty, unknown ones candidates. */
import type { Cause } from '../../model/cause.ts'
import { IsthmusError } from '../../model/errors.ts'
import type { FieldCodec, IntakeRequest, IntakeResult, Mark } from '../contract.ts'
import { isNativeId } from '../native-id.ts'
import { isolatingFaults } from './batches.ts'
import type { PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import { discoverRecords } from './sql/discover-records.ts'
import { findNatives, type NativeHolder } from './sql/find-natives.ts'
import { insertDeliveries } from './sql/insert-deliveries.ts'
import { markDirty } from './sql/mark-dirty.ts'
import { saveCursors } from './sql/save-cursors.ts'
import { toText } from './text.ts'

type MarkResult = 'marked' | 'discovered' | 'no-news'

/** One native record with every mark of the batch that names it. */
interface Target {
  readonly system: string
  readonly entity: string
  readonly nativeId: string
  /** The record has to be read whatever version is absorbed. */
  news: boolean
  readonly versions: Set<string>
  readonly causes: Set<Cause>
  readonly marks: number[]
}

/** A native record may move to another record while it is being marked; then it is looked up again. */
const roundsMax = 5

/**
 * Marks that the server refuses must not count as accepted: the call fails, while the rest of the batch is
 * committed and may be repeated.
 */
export async function takeIn(
  context: PostgresContext,
  batch: readonly IntakeRequest[],
): Promise<readonly IntakeResult[]> {
  const hasBodies = batch.some(({ delivery }) => delivery !== undefined)
  const codec = hasBodies ? await context.codecs.forDeliveries() : context.codec
  const results = await isolatingFaults(batch, (requests) =>
    context.database.transaction('taking in marks', (session) => takeInBatch(codec, session, requests), {
      opensWithReads: true,
    }),
  )
  return results.map((result) => {
    if ('error' in result) throw result.error
    return result
  })
}

async function takeInBatch(
  codec: FieldCodec,
  session: Session,
  requests: readonly IntakeRequest[],
): Promise<readonly IntakeResult[]> {
  const deliveries = requests.flatMap(({ delivery }, request) => {
    if (delivery === undefined) return []
    const { system, deliveryId } = delivery
    const place = { table: 'delivery', column: 'body', rowId: `${system}/${deliveryId}` }
    return [{ request, system, deliveryId, body: codec.encode(delivery.body, place) }]
  })
  // Sent with the begin of the transaction. Native records that move after it are found again by the marking.
  const holders = await findHolders(session, targetsOf(requests.flatMap(causedMarks)))
  const fresh = await insertDeliveries(session, deliveries)
  const duplicates = new Set(deliveries.filter((_row, index) => !fresh.has(index)).map((row) => row.request))
  const taken = requests.flatMap((request, index) => (duplicates.has(index) ? [] : [{ request, index }]))
  const marks = taken.flatMap(({ request, index }) => causedMarks(request).map((mark) => ({ mark, index })))
  const [outcomes] = await Promise.all([
    applyMarks(
      session,
      marks.map(({ mark }) => mark),
      holders,
    ),
    saveCursors(
      session,
      taken.flatMap(({ request }) => (request.cursor === undefined ? [] : [request.cursor])),
    ),
  ])
  const counts = requests.map((_request, index) => ({
    duplicate: duplicates.has(index),
    marked: 0,
    discovered: 0,
  }))
  marks.forEach(({ index }, at) => {
    const outcome = outcomes[at]
    const count = counts[index]
    if (count !== undefined && outcome !== undefined && outcome !== 'no-news') count[outcome] += 1
  })
  return counts
}

/** A mark with the reason for it. */
export type CausedMark = Mark & { readonly cause: Cause }

function causedMarks({ marks, cause = 'engine' }: IntakeRequest): readonly CausedMark[] {
  return marks.map((mark) => ({ ...mark, cause }))
}

/**
 * Returns the outcome of each mark, in order. `found` are holders that were looked up before, for some or all
 * of the marks.
 */
export async function applyMarks(
  session: Session,
  marks: readonly CausedMark[],
  found?: Holders,
): Promise<readonly MarkResult[]> {
  const outcomes: MarkResult[] = marks.map(() => 'no-news')
  let pending = targetsOf(marks)
  for (let round = 0; pending.length > 0 && round < roundsMax; round += 1) {
    const holders = round === 0 && found !== undefined ? found : await findHolders(session, pending)
    pending = await applyRound(session, pending, { holders, outcomes })
  }
  if (pending.length > 0) {
    throw new IsthmusError('STORE_CONTENTION', 'marking: native records kept moving to other records')
  }
  return outcomes
}

/** The holder of each native record, by {@link keyOf}. */
type Holders = ReadonlyMap<string, NativeHolder>

async function findHolders(session: Session, targets: readonly Target[]): Promise<Holders> {
  if (targets.length === 0) return new Map()
  const holders = await findNatives(session, targets)
  return new Map(
    holders.flatMap((holder) => {
      const target = targets[holder.n]
      return target === undefined ? [] : [[keyOf(target), holder] as const]
    }),
  )
}

/** Returns the targets that moved to another record meanwhile. */
async function applyRound(
  session: Session,
  targets: readonly Target[],
  { holders, outcomes }: { readonly holders: Holders; readonly outcomes: MarkResult[] },
): Promise<Target[]> {
  const known = targets.flatMap((target) => {
    const holder = holders.get(keyOf(target))
    if (holder === undefined || !isNews(target, holder.absorbed_version)) return []
    const { system, causes } = target
    return [...causes].map((cause) => ({ target, recordId: holder.record_id, system, cause }))
  })
  const unknown = targets.filter((target) => !holders.has(keyOf(target)))
  const [marked, discovered] = await Promise.all([
    markDirty(session, known),
    discoverRecords(
      session,
      unknown.map((target) => ({ ...target, causes: [...target.causes] })),
    ),
  ])
  const again: Target[] = []
  for (const { target, recordId } of known) {
    if (marked.has(recordId)) report(outcomes, target, 'marked')
    else again.push(target)
  }
  unknown.forEach((target, index) => {
    if (discovered.has(index)) report(outcomes, target, 'discovered')
    else again.push(target)
  })
  return again
}

function keyOf({ system, entity, nativeId }: Pick<Target, 'system' | 'entity' | 'nativeId'>): string {
  return JSON.stringify([system, entity, nativeId])
}

function targetsOf(marks: readonly CausedMark[]): Target[] {
  const targets = new Map<string, Target>()
  marks.forEach(({ system, entity, nativeId, version, force, cause }, index) => {
    if (!isNativeId(nativeId)) return
    const key = keyOf({ system, entity, nativeId })
    const target: Target = targets.get(key) ?? {
      system,
      entity,
      nativeId,
      news: false,
      versions: new Set(),
      causes: new Set(),
      marks: [],
    }
    targets.set(key, target)
    target.marks.push(index)
    target.causes.add(cause)
    if (force === true || version === undefined) target.news = true
    else target.versions.add(version)
  })
  // In the same order everywhere: two batches that discover the same records wait for each other instead of
  // deadlocking.
  return [...targets.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, target]) => target)
}

function isNews({ news, versions }: Target, absorbed: string | null): boolean {
  if (news || absorbed === null) return true
  return [...versions].some((version) => toText(version) !== absorbed)
}

/** Of several marks for one unknown record the first discovered it, and the others marked it. */
function report(outcomes: MarkResult[], target: Target, outcome: 'marked' | 'discovered'): void {
  target.marks.forEach((mark, index) => {
    outcomes[mark] = index === 0 ? outcome : 'marked'
  })
}
