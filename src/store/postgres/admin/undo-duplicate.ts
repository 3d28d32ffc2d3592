/** Decisions about duplicates other than merges: keeping two records apart, and undoing a decision. */

import { decodeMember, decodePlain, encodeAgreed } from '../../documents.ts'
import type { DuplicateResponse } from '../../duplicates-contract.ts'
import {
  agreedFromShadows,
  type MergeBefore,
  mergeBeforeOf,
  planUndo,
  type UndoPlan,
} from '../../merge-plan.ts'
import { contextOf, type PostgresContext } from '../context.ts'
import type { Session } from '../database.ts'
import { refreshDuplicates } from '../duplicates.ts'
import type { JournalAppend } from '../journal-streams.ts'
import { agreedOf, detachMembers } from '../member-documents.ts'
import { closeFailures } from '../sql/close-failures.ts'
import {
  type DuplicateColumns,
  forgetApart,
  forgetDecision,
  readDuplicate,
  readPair,
  reopenDuplicate,
  saveDecision,
  keepApart as savePair,
} from '../sql/decide-duplicates.ts'
import { lockEntities } from '../sql/lock-entities.ts'
import type { LockedRecord } from '../sql/lock-records.ts'
import { markDirty } from '../sql/mark-dirty.ts'
import { replaceKeys } from '../sql/match-keys.ts'
import { forgetGone, freeNatives, openHeldLanes, placeMembers, restoreDropped } from '../sql/merge-records.ts'
import { readOpenIntents } from '../sql/read-intents.ts'
import { type MemberColumns, readMembers } from '../sql/read-members.ts'
import { readRecords } from '../sql/read-records.ts'
import { fromText, toText } from '../text.ts'
import { isUuid } from './ids.ts'
import { duplicatePlace } from './merge-records.ts'
import { takeBack, waitForWorkers } from './take-back.ts'

/** Implements `AdminStore.keepApart`. */
export async function keepApart(
  context: PostgresContext,
  recordId: string,
  otherId: string,
  actor: string,
): Promise<DuplicateResponse> {
  const ids = [recordId, otherId]
  if (!ids.every(isUuid) || recordId === otherId) return { kind: 'unknown' }
  return changePair(context, ids, 'keeping two records apart', async (session, append, records) => {
    const [one, other] = records
    if (one === undefined || other === undefined) return { kind: 'unknown' }
    const known = await readPair(session, recordId, otherId)
    if (known?.state === 'same')
      return { kind: 'refused', reason: 'they were declared the same; undo that decision first' }
    await savePair(session, recordId, otherId)
    const id = await saveDecision(session, {
      entity: one.entity,
      pair: [recordId, otherId],
      state: 'apart',
      survivorId: null,
      actor,
      before: null,
    })
    if (known?.cause === 'merge' && known.survivor_id !== null && known.system !== null) {
      const loser = known.survivor_id === known.record_id ? known.other_id : known.record_id
      await forgetGone(session, loser, known.system)
    }
    await closeFailures(session, await openHeldLanes(session, ids))
    await refreshDuplicates(session, ids)
    await markDirty(
      session,
      ids.map((one) => ({ recordId: one, system: '*', cause: 'person:merge' as const })),
    )
    await append(
      session,
      personEntries(ids, actor, (of) => ({ apart: [of], duplicate: id })),
      one.now,
    )
    return { kind: 'ok', id }
  })
}

/** Implements `AdminStore.undoDuplicate`. */
export async function undoDuplicate(
  context: PostgresContext,
  id: string,
  actor: string,
): Promise<DuplicateResponse> {
  if (!isUuid(id)) return { kind: 'unknown' }
  const known = await readDuplicate(context.database.session('reading a duplicate'), id)
  if (known === undefined) return { kind: 'unknown' }
  const ids = [known.record_id, known.other_id]
  return changePair(context, ids, 'taking a decision back', async (session, append, records) => {
    const row = await readDuplicate(session, id)
    if (row === undefined || records.length < 2) return { kind: 'unknown' }
    if (row.state !== 'same' && row.state !== 'apart')
      return { kind: 'refused', reason: 'it has not been decided yet' }
    const problem =
      row.state === 'apart' ? await undoApart(session, row) : await undoSame(context, session, row, records)
    if (problem !== undefined) return { kind: 'refused', reason: problem }
    await markDirty(
      session,
      ids.map((recordId) => ({ recordId, system: '*', cause: 'person:merge' as const })),
    )
    const body = () => ({ undone: row.state, duplicate: id })
    await append(session, personEntries(ids, actor, body), records[0]?.now ?? 0)
    return { kind: 'ok', id }
  })
}

async function changePair(
  context: PostgresContext,
  ids: readonly string[],
  what: string,
  change: (
    session: Session,
    append: JournalAppend,
    records: readonly LockedRecord[],
  ) => Promise<DuplicateResponse>,
): Promise<DuplicateResponse> {
  const known = await readRecords(context.database.session('reading records of a duplicate'), ids)
  if (known.length < ids.length) return { kind: 'unknown' }
  await waitForWorkers(context, ids)
  return context.journal.borrow((append) =>
    context.database.transaction(what, async (session) => {
      await lockEntities(
        session,
        context.lockClass,
        known.map(({ entity }) => entity),
      )
      return change(session, append, await takeBack(session, ids))
    }),
  )
}

function personEntries(ids: readonly string[], actor: string, body: (other: string) => unknown) {
  return ids.map((recordId) => ({
    kind: 'person' as const,
    recordId,
    actor,
    body: body(ids.find((other) => other !== recordId) ?? ''),
  }))
}

async function undoApart(session: Session, row: DuplicateColumns): Promise<undefined> {
  await forgetApart(session, row.record_id, row.other_id)
  await forgetDecision(session, row.id)
  await refreshDuplicates(session, [row.record_id, row.other_id])
}

/** Returns a sentence where the two have changed too much to be undone. */
async function undoSame(
  storeContext: PostgresContext,
  session: Session,
  row: DuplicateColumns,
  records: readonly LockedRecord[],
): Promise<string | undefined> {
  const keep = records.find(({ id }) => id === row.survivor_id)
  const drop = records.find(({ id }) => id !== row.survivor_id)
  if (keep === undefined || drop === undefined || row.before === null)
    return 'their state before the merge is not known'
  const [intent] = await readOpenIntents(session, [keep.id, drop.id])
  if (intent !== undefined) return `a write to ${intent.system} is in progress; try again in a minute`
  const context = await contextOf(storeContext, [keep.id, drop.id], session)
  const stored = decodePlain<MergeBefore>(context.codec, duplicatePlace(keep.id, drop.id), row.before)
  const before = mergeBeforeOf(stored)
  const members = await readMembers(session, [keep.id, drop.id])
  const plan = planUndo(before, planMembers(members, keep.id), planMembers(members, drop.id))
  if (typeof plan === 'string') return plan
  await restore(context, session, { keep, drop, before, members, plan })
  await reopenDuplicate(session, row.id)
  return undefined
}

function planMembers(members: readonly MemberColumns[], recordId: string) {
  return members
    .filter((member) => member.record_id === recordId)
    .map(({ system, rid, state }) => ({ system, state, nativeId: rid === null ? undefined : fromText(rid) }))
}

async function restore(
  context: PostgresContext,
  session: Session,
  at: {
    readonly keep: LockedRecord
    readonly drop: LockedRecord
    readonly before: MergeBefore
    readonly members: readonly MemberColumns[]
    readonly plan: UndoPlan
  },
): Promise<void> {
  const { keep, drop, before, members, plan } = at
  const { entity } = drop
  const agreed = agreedOf(context, await readRecords(session, [drop.id]))
  await freeNatives(session, [keep.id, drop.id], plan.systems)
  const placed = (recordId: string, side: UndoPlan['keep']) =>
    side.map(({ system, nativeId, state, fields }) => ({
      recordId,
      system,
      entity,
      storedNativeId: toText(nativeId),
      state,
      fields: fields === 'kept' ? undefined : null,
    }))
  await placeMembers(session, [...placed(keep.id, plan.keep), ...placed(drop.id, plan.drop)])
  const shadows = members
    .filter((member) => member.record_id === drop.id)
    .map((member) => ({
      system: member.system,
      fields: decodeMember(context.codec, drop.id, member.system, member.fields, agreed(drop.id)),
    }))
  const wasCandidate = before.dropState !== 'active'
  const fields = wasCandidate && plan.lost ? agreedFromShadows(shadows, keep.now) : undefined
  if (fields !== undefined) await detachMembers(context, session, drop.id)
  await restoreDropped(session, drop.id, keep.id, {
    state: wasCandidate && !plan.lost ? 'candidate' : 'active',
    fields: fields === undefined ? undefined : encodeAgreed(context, drop.id, fields),
  })
  await replaceKeys(
    session,
    [drop.id],
    before.keys.map(({ mac, rule, kind }) => ({
      recordId: drop.id,
      rule,
      kind,
      mac: Buffer.from(mac, 'hex'),
    })),
  )
}
