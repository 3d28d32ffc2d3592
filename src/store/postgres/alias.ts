/**
 * A merge at the remote: one native record was merged into another one. Their records become one, and
 * counterparts that the survivor lacks move to it. If both have a counterpart in another system too, that
 * would leave one of the two with a tombstone: both records stay, as a duplicate that a person resolves, or
 * the other system by making the same merge.
 */
import type { AliasRequest, AliasResult } from '../contract.ts'
import { contextOf, type PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import { refreshDuplicates } from './duplicates.ts'
import type { JournalAppend } from './journal-streams.ts'
import { linkMoved } from './link-moved.ts'
import { lockLeased } from './pass-checks.ts'
import { aliasRecord, emptyMembers, loseMember } from './sql/alias-record.ts'
import { closeFailures } from './sql/close-failures.ts'
import { closeHolds } from './sql/close-holds.ts'
import { forgetApart, inheritApart } from './sql/decide-duplicates.ts'
import { fenceRecords } from './sql/fence-records.ts'
import { findNatives } from './sql/find-natives.ts'
import { inheritDuplicates } from './sql/inherit-duplicates.ts'
import { linkMembers } from './sql/link-members.ts'
import { type LockedRecord, lockRecords } from './sql/lock-records.ts'
import { markDirty } from './sql/mark-dirty.ts'
import { replaceKeys } from './sql/match-keys.ts'
import { freeNatives, handOn, placeMembers, settleConflicts } from './sql/merge-records.ts'
import { readOpenIntents } from './sql/read-intents.ts'
import { type MemberColumns, readMembers } from './sql/read-members.ts'
import { readRecords } from './sql/read-records.ts'
import { openMergeDuplicate } from './sql/refresh-duplicates.ts'
import { releaseDependencies } from './sql/release-dependencies.ts'
import { releaseTarget } from './sql/release-target.ts'
import { toText } from './text.ts'

const deletionHolds = ['delete-waits', 'delete-guard', 'update-delete'] as const
const allHolds = [...deletionHolds, 'guard', 'rule', 'oscillation'] as const

/** Implements `Store.aliasMember`. */
export function aliasMember(context: PostgresContext, request: AliasRequest): Promise<AliasResult> {
  return context.journal.borrow((append) =>
    context.database.transaction('merging records', async (session) => {
      const [held] = await lockLeased(session, [request])
      if (held === undefined) return 'fenced'
      const result = await follow(context, session, held.record, request)
      const isWritten = result !== 'unknown-survivor' && result !== 'creating'
      if (isWritten && request.journal.length > 0) await note(session, append, request, held.record)
      return result
    }),
  )
}

function note(session: Session, append: JournalAppend, { journal }: AliasRequest, { now }: LockedRecord) {
  return append(session, journal, now)
}

async function follow(
  context: PostgresContext,
  session: Session,
  loser: LockedRecord,
  request: AliasRequest,
): Promise<AliasResult> {
  const { system, survivorNativeId } = request
  const [holder] = await findNatives(session, [{ system, entity: loser.entity, nativeId: survivorNativeId }])
  if (holder === undefined || holder.record_id === loser.id) return 'unknown-survivor'
  // Its holder may have become part of another record since.
  const [row] = await readRecords(session, [holder.record_id])
  const ownerId = row?.alias_of ?? holder.record_id
  if (ownerId === loser.id) return relink(session, loser, request, holder.record_id)
  const [survivor] = await lockRecords(session, [ownerId])
  if (survivor?.state !== 'active') return 'unknown-survivor'
  const members = await readMembers(session, [loser.id, survivor.id])
  const others = members.filter(
    (member) => member.record_id === loser.id && member.system !== system && isThere(member),
  )
  const merge = { loser, survivor, system }
  const taken = systemsOf(members.filter((member) => member.record_id === survivor.id && isThere(member)))
  if (others.some((member) => taken.has(member.system))) return keepAsDuplicate(session, merge)
  const creating = systemsOf(await readOpenIntents(session, [survivor.id]))
  if (others.some((member) => creating.has(member.system))) return 'creating'
  return alias(context, session, merge, { members, others })
}

interface Merge {
  readonly loser: LockedRecord
  readonly survivor: LockedRecord
  readonly system: string
}

/** A native record that is not known to be gone. */
function isThere({ rid, state }: MemberColumns): boolean {
  return rid !== null && state !== 'gone'
}

function systemsOf(rows: readonly { readonly system: string }[]): ReadonlySet<string> {
  return new Set(rows.map(({ system }) => system))
}

async function keepAsDuplicate(session: Session, { loser, survivor, system }: Merge): Promise<AliasResult> {
  await loseMember(session, loser.id, system)
  await closeHolds(
    session,
    deletionHolds.map((kind) => ({ recordId: loser.id, system, kind })),
  )
  // A merge in a system is newer than an earlier decision about the two.
  await forgetApart(session, loser.id, survivor.id)
  await openMergeDuplicate(session, {
    entity: loser.entity,
    loserId: loser.id,
    survivorId: survivor.id,
    system,
  })
  // The other systems may have made the same merge, which would settle it.
  await markDirty(session, [
    { recordId: loser.id, system: '*', cause: 'record' },
    { recordId: survivor.id, system: '*', cause: 'record' },
  ])
  return 'duplicate'
}

async function alias(
  storeContext: PostgresContext,
  session: Session,
  { loser, survivor, system }: Merge,
  { members, others }: Record<'members' | 'others', readonly MemberColumns[]>,
): Promise<AliasResult> {
  const systems = others.map((member) => member.system)
  const context = await contextOf(storeContext, [loser.id, survivor.id], session)
  await loseMember(session, loser.id, system)
  await emptyMembers(session, loser.id, systems)
  await linkMoved(session, context, { from: loser.id, to: survivor.id, systems, members })
  await handOn(session, loser.id, survivor.id)
  await aliasRecord(session, loser.id, survivor.id)
  await settleConflicts(session, loser.id)
  await closeHolds(session, [
    ...allHolds.map((kind) => ({ recordId: loser.id, kind })),
    ...systems.flatMap((name) =>
      ([...deletionHolds, 'guard'] as const).map((kind) => ({ recordId: survivor.id, system: name, kind })),
    ),
  ])
  await closeFailures(
    session,
    systems.map((name) => ({ recordId: survivor.id, system: name })),
  )
  await inheritApart(session, loser.id, survivor.id)
  await inheritDuplicates(session, loser.id, survivor.id, system)
  await replaceKeys(session, [loser.id], [])
  await fenceRecords(session, [survivor.id])
  await refreshDuplicates(session, [loser.id, survivor.id])
  const released = [
    ...(await releaseTarget(session, loser.id)),
    ...(await releaseDependencies(session, { waiting: [], targets: [survivor.id] })),
  ]
  await markDirty(session, [{ recordId: survivor.id, system: '*', cause: 'record' }, ...released])
  return 'ok'
}

/**
 * The survivor belongs to a record that became part of this very one: it replaces the native record that was
 * merged into it.
 */
async function relink(
  session: Session,
  loser: LockedRecord,
  { system, survivorNativeId }: AliasRequest,
  holderId: string,
): Promise<AliasResult> {
  const merged = (await readMembers(session, [loser.id])).find((member) => member.system === system)
  await lockRecords(session, [holderId])
  await freeNatives(session, [loser.id, holderId], [system])
  const { entity } = loser
  await placeMembers(session, [
    { recordId: holderId, system, entity, storedNativeId: merged?.rid ?? null, state: 'gone', fields: null },
  ])
  await linkMembers(session, [
    { recordId: loser.id, system, entity, storedNativeId: toText(survivorNativeId) },
  ])
  await markDirty(session, [{ recordId: loser.id, system: '*', cause: 'record' }])
  return 'relinked'
}
