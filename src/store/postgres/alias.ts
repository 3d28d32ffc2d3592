/** A merge at the remote: the record that lost points to its survivor, and counterparts the survivor lacks go over to it. */
import type { JournalEntry, Lease } from '../contract.ts'
import type { PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import type { JournalAppend } from './journal-streams.ts'
import { lockLeased } from './pass-checks.ts'
import { aliasRecord, emptyMembers, loseMember } from './sql/alias-record.ts'
import { fenceRecords } from './sql/fence-records.ts'
import { findNatives } from './sql/find-natives.ts'
import { linkMembers, type NewLink } from './sql/link-members.ts'
import { lockRecords } from './sql/lock-records.ts'
import { markDirty } from './sql/mark-dirty.ts'
import { replaceKeys } from './sql/match-keys.ts'
import { readOpenIntents } from './sql/read-intents.ts'
import { type MemberColumns, readMembers } from './sql/read-members.ts'
import { releaseDependencies } from './sql/release-dependencies.ts'

export interface AliasRequest {
  readonly lease: Lease
  readonly system: string
  readonly survivorRid: string
  readonly journal: readonly JournalEntry[]
}

export function aliasMember(
  context: PostgresContext,
  request: AliasRequest,
): Promise<'ok' | 'fenced' | 'unknown-survivor'> {
  return context.journal.borrow((append) =>
    context.database.transaction('merging records', (session) => alias(session, append, request)),
  )
}

async function alias(
  session: Session,
  append: JournalAppend,
  request: AliasRequest,
): Promise<'ok' | 'fenced' | 'unknown-survivor'> {
  const { system, journal } = request
  const [held] = await lockLeased(session, [request])
  if (held === undefined) return 'fenced'
  const loser = held.record
  const [holder] = await findNatives(session, [{ system, entity: loser.entity, rid: request.survivorRid }])
  if (holder === undefined || holder.record_id === loser.id) return 'unknown-survivor'
  const [survivor] = await lockRecords(session, [holder.record_id])
  if (survivor?.state !== 'active') return 'unknown-survivor'
  const links = await linksToPassOn(session, loser.id, survivor.id, system)
  await loseMember(session, loser.id, system)
  await emptyMembers(
    session,
    loser.id,
    links.map((link) => link.system),
  )
  await linkMembers(session, links)
  await aliasRecord(session, loser.id, survivor.id)
  await replaceKeys(session, [loser.id], [])
  await fenceRecords(session, [survivor.id])
  const released = await releaseDependencies(session, { waiting: [], targets: [survivor.id] })
  await markDirty(session, [{ recordId: survivor.id, system: '*' }, ...released])
  if (journal.length > 0) await append(session, journal, loser.now)
  return 'ok'
}

async function linksToPassOn(
  session: Session,
  loserId: string,
  survivorId: string,
  mergedSystem: string,
): Promise<readonly NewLink[]> {
  const members = await readMembers(session, [loserId, survivorId])
  const intents = await readOpenIntents(session, [survivorId])
  const creating = new Set(intents.map(({ system }) => system))
  const linked = new Set(
    members.filter((row) => row.record_id === survivorId && row.rid !== null).map((row) => row.system),
  )
  return members.filter(isLinked).flatMap(({ record_id: id, system, entity, rid }): NewLink[] => {
    const stays = id !== loserId || system === mergedSystem || linked.has(system) || creating.has(system)
    return stays ? [] : [{ recordId: survivorId, system, entity, storedRid: rid }]
  })
}

function isLinked(member: MemberColumns): member is MemberColumns & { readonly rid: string } {
  return member.rid !== null && member.state === 'linked'
}
