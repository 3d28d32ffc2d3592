/**
 * A person declares two records the same: one becomes part of the other, and native records without a place
 * there are removed.
 */

import type { FieldPlace } from '../../contract.ts'
import type { DocumentWriter } from '../../document-format.ts'
import { decodeMember, encodeMember, encodePlain } from '../../documents.ts'
import type { DuplicateResponse, MergeRequest } from '../../duplicates-contract.ts'
import {
  isLive,
  type MergeBefore,
  type MergeMember,
  type MergePlan,
  overlapsOf,
  planMerge,
} from '../../merge-plan.ts'
import { contextOf, type PostgresContext } from '../context.ts'
import type { Session } from '../database.ts'
import { refreshDuplicates } from '../duplicates.ts'
import type { JournalAppend } from '../journal-streams.ts'
import { linkMoved } from '../link-moved.ts'
import { agreedOf } from '../member-documents.ts'
import { closeFailures } from '../sql/close-failures.ts'
import { closeHolds } from '../sql/close-holds.ts'
import { forgetApart, inheritApart, saveDecision } from '../sql/decide-duplicates.ts'
import { inheritDuplicates } from '../sql/inherit-duplicates.ts'
import { lockEntities } from '../sql/lock-entities.ts'
import type { LockedRecord } from '../sql/lock-records.ts'
import { markDirty } from '../sql/mark-dirty.ts'
import { replaceKeys } from '../sql/match-keys.ts'
import {
  dropInto,
  freeNatives,
  openHeldLanes,
  type PlacedMember,
  placeMembers,
  readKeys,
} from '../sql/merge-records.ts'
import { readOpenIntents } from '../sql/read-intents.ts'
import { type MemberColumns, readMembers } from '../sql/read-members.ts'
import { readPairDetails } from '../sql/read-pair-details.ts'
import { readRecords } from '../sql/read-records.ts'
import { releaseDependencies } from '../sql/release-dependencies.ts'
import { releaseTarget } from '../sql/release-target.ts'
import { fromText } from '../text.ts'
import { sideOf } from './duplicates.ts'
import { isUuid } from './ids.ts'
import { takeBack, waitForWorkers } from './take-back.ts'

const living: ReadonlySet<string> = new Set(['active', 'review', 'candidate'])
const deletionHolds = ['delete-waits', 'delete-guard', 'update-delete'] as const

/** Implements `AdminStore.mergeRecords`. */
export async function mergeRecords(
  storeContext: PostgresContext,
  request: MergeRequest,
  actor: string,
): Promise<DuplicateResponse> {
  const ids = [request.keep, request.drop]
  if (!ids.every(isUuid) || request.keep === request.drop) return { kind: 'unknown' }
  const known = await readRecords(storeContext.database.session('reading records to merge'), ids)
  if (known.length < 2) return { kind: 'unknown' }
  await waitForWorkers(storeContext, ids)
  const context = await contextOf(storeContext, ids)
  return context.journal.borrow((append) =>
    context.database.transaction('merging two records', async (session): Promise<DuplicateResponse> => {
      await lockEntities(
        session,
        context.lockClass,
        known.map(({ entity }) => entity),
      )
      const records = await takeBack(session, ids)
      const pair = await loadPair(session, records, request)
      if (typeof pair === 'string') return { kind: 'refused', reason: pair }
      return merge(context, session, append, { pair, request, actor })
    }),
  )
}

interface Pair {
  readonly keep: LockedRecord
  readonly drop: LockedRecord
  readonly members: readonly MemberColumns[]
  readonly plan: MergePlan
}

/** Returns the two records with the planned state of their members; a sentence where that isn't possible. */
async function loadPair(
  session: Session,
  records: readonly LockedRecord[],
  request: MergeRequest,
): Promise<Pair | string> {
  const keep = records.find(({ id }) => id === request.keep)
  const drop = records.find(({ id }) => id === request.drop)
  if (keep === undefined || drop === undefined)
    return 'one of the two records no longer exists; list the matches again'
  if (keep.entity !== drop.entity) return `one is a ${keep.entity}, the other a ${drop.entity}`
  const gone = [keep, drop].find(({ state }) => !living.has(state))
  if (gone !== undefined) return `record ${gone.id} is ${gone.state}; list the matches again`
  const intents = await readOpenIntents(session, [keep.id, drop.id])
  const [intent] = intents
  if (intent !== undefined)
    return `a write to ${intent.system} is in progress for record ${intent.record_id}; try again in a minute`
  const ids = [keep.id, drop.id]
  const members = await readMembers(session, ids)
  const details = await readPairDetails(session, ids)
  const overlaps = overlapsOf(sideOf(keep.id, details), sideOf(drop.id, details))
  const plan = planMerge(mergeMembers(members, keep.id), mergeMembers(members, drop.id), {
    survivors: request.survivors,
    suggested: new Map(overlaps.map(({ system, suggested }) => [system, suggested])),
  })
  return typeof plan === 'string' ? plan : { keep, drop, members, plan }
}

function mergeMembers(members: readonly MemberColumns[], recordId: string): readonly MergeMember[] {
  return members
    .filter((member) => member.record_id === recordId)
    .map(({ system, rid, state }) => ({ system, state, nativeId: rid === null ? undefined : fromText(rid) }))
}

async function merge(
  context: PostgresContext,
  session: Session,
  append: JournalAppend,
  { pair, request, actor }: { readonly pair: Pair; readonly request: MergeRequest; readonly actor: string },
): Promise<DuplicateResponse> {
  const { keep, drop, members, plan } = pair
  const ids = [keep.id, drop.id]
  const before = await readBefore(session, pair)
  await moveNatives(context, session, pair)
  await dropInto(session, drop.id, keep.id, request.others)
  await replaceKeys(session, [drop.id], [])
  await forgetApart(session, keep.id, drop.id)
  await inheritApart(session, drop.id, keep.id)
  await inheritDuplicates(session, drop.id, keep.id, null)
  const id = await saveDecision(session, {
    entity: keep.entity,
    pair: [keep.id, drop.id],
    state: 'same',
    survivorId: keep.id,
    actor,
    before: encodePlain(context.codec, duplicatePlace(keep.id, drop.id), before),
  })
  await refreshDuplicates(session, ids)
  await settleLanes(session, pair)
  const released = [
    ...(await releaseTarget(session, drop.id)),
    ...(await releaseDependencies(session, { waiting: [], targets: [keep.id] })),
  ]
  await markDirty(session, [
    ...ids.map((recordId) => ({ recordId, system: '*', cause: 'person:merge' as const })),
    ...released,
  ])
  const natives = (side: string) =>
    mergeMembers(members, side).flatMap((member) =>
      isLive(member) ? [`${member.system}:${member.nativeId}`] : [],
    )
  const body = {
    same: { duplicate: id, kept: keep.id, merged: drop.id, taken: plan.taken, others: request.others },
  }
  const entries = [
    { kind: 'person' as const, recordId: keep.id, actor, body: { ...body, had: natives(keep.id) } },
    { kind: 'person' as const, recordId: drop.id, actor, body: { ...body, had: natives(drop.id) } },
  ]
  await append(session, entries, keep.now)
  return { kind: 'ok', id }
}

export function duplicatePlace(survivorId: string, otherId: string): FieldPlace {
  const rowId = [survivorId, otherId].sort().join('/')
  return { table: 'duplicate', column: 'before', rowId, recordId: survivorId }
}

async function readBefore(session: Session, { keep, drop, members }: Pair): Promise<MergeBefore> {
  const keys = await readKeys(session, drop.id)
  const state = drop.state === 'active' || drop.state === 'review' ? drop.state : 'candidate'
  return {
    keep: mergeMembers(members, keep.id),
    drop: mergeMembers(members, drop.id),
    dropState: state,
    keys: keys.map(({ mac, rule, kind }) => ({ mac: Buffer.from(mac).toString('hex'), rule, kind })),
  }
}

/**
 * Sets the members that the kept record takes, and those that remain with the dropped one, so that an edit of
 * either is noticed.
 */
async function moveNatives(context: PostgresContext, session: Session, pair: Pair): Promise<void> {
  const { keep, drop, members, plan } = pair
  const memberOf = (recordId: string, system: string) =>
    members.find((member) => member.record_id === recordId && member.system === system)
  const agreed = agreedOf(context, await readRecords(session, [keep.id, drop.id]))
  await freeNatives(session, [keep.id, drop.id], plan.taken)
  await placeMembers(
    session,
    plan.left.map(({ system, state }): PlacedMember => {
      const isTaken = plan.taken.includes(system)
      const source = memberOf(isTaken ? keep.id : drop.id, system)
      return {
        recordId: drop.id,
        system,
        entity: drop.entity,
        storedNativeId: source?.rid ?? null,
        state,
        fields: isTaken ? movedFields(context, source, drop.id, agreed) : undefined,
      }
    }),
  )
  await linkMoved(session, context, { from: drop.id, to: keep.id, systems: plan.taken, members })
}

/** Everything that waited for this decision continues, and held deletions are evaluated again. */
async function settleLanes(session: Session, { keep, drop, members, plan }: Pair): Promise<void> {
  const opened = await openHeldLanes(session, [keep.id])
  const dropped = members.filter((member) => member.record_id === drop.id)
  const taken = plan.taken.map((system) => ({ recordId: keep.id, system }))
  await closeFailures(session, [
    ...opened,
    ...taken,
    ...dropped.map(({ record_id: recordId, system }) => ({ recordId, system })),
  ])
  await closeHolds(session, [
    ...taken.flatMap((lane) => deletionHolds.map((kind) => ({ ...lane, kind }))),
    ...[...deletionHolds, 'guard' as const, 'rule' as const, 'oscillation' as const].map((kind) => ({
      recordId: drop.id,
      kind,
    })),
  ])
}

/**
 * Returns the document of a member as the other record's; null when there is none. Field documents are bound
 * to their record, so one that moves is encoded again.
 */
function movedFields(
  writer: DocumentWriter,
  member: MemberColumns | undefined,
  toRecordId: string,
  agreed: ReturnType<typeof agreedOf>,
): Uint8Array | null {
  if (member?.fields === undefined || member.fields === null) return null
  const { record_id: recordId, system, fields } = member
  const known = decodeMember(writer.codec, recordId, system, fields, agreed(recordId))
  return encodeMember(writer, toRecordId, system, known)
}
