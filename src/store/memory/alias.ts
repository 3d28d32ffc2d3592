/** A merge at the remote: one native record lives on in another one. */
import type { AliasRequest, AliasResult } from '../contract.ts'
import { encodeMember } from '../documents.ts'
import { releaseDependencies } from './dependencies.ts'
import { isThere, markAll, openMergeDuplicate, refreshDuplicates } from './duplicates.ts'
import { linkWithoutBase } from './identity.ts'
import { leased } from './lease.ts'
import {
  apartKey,
  appendJournal,
  blankMember,
  dropKeys,
  fence,
  key,
  type MemberRow,
  type MemoryContext,
  type MemoryTables,
  markDirty,
  membersOf,
  openIntentsOf,
  putMember,
  type RecordRow,
  setRid,
} from './tables.ts'

export function aliasOne(context: MemoryContext, request: AliasRequest): AliasResult {
  const loser = leased(context, request.lease)
  if (loser === undefined) return 'fenced'
  const result = follow(context, loser, request)
  if (result !== 'unknown-survivor') appendJournal(context, request.journal)
  return result
}

function follow(
  context: MemoryContext,
  loser: RecordRow,
  { system, survivorRid }: AliasRequest,
): AliasResult {
  const { tables } = context
  const holderId = tables.natives.get(key(system, loser.entity, survivorRid))
  const holder = holderId === undefined ? undefined : tables.records.get(holderId)
  if (holder === undefined || holder.id === loser.id) return 'unknown-survivor'
  // Whoever holds it may have become part of another record since.
  const survivor = tables.records.get(holder.aliasOf ?? holder.id)
  if (survivor?.id === loser.id) return relink(context, loser, holder, system, survivorRid)
  if (survivor?.state !== 'active') return 'unknown-survivor'
  const others = membersOf(tables, loser.id).filter((member) => member.system !== system && isThere(member))
  const taken = takenSystems(tables, survivor)
  if (others.some((member) => taken.has(member.system))) {
    loseMember(context, loser, system)
    openMergeDuplicate(context, loser, survivor, system)
    // The other systems may have made the same merge: then their answer settles it.
    for (const id of [loser.id, survivor.id]) markAll(context, id)
    return 'duplicate'
  }
  alias(context, loser, survivor, others)
  loseMember(context, loser, system)
  return 'ok'
}

/** Where the survivor has a counterpart, or is about to get one. */
function takenSystems(tables: MemoryTables, survivor: RecordRow): ReadonlySet<string> {
  const own = membersOf(tables, survivor.id).filter(isThere)
  return new Set([...own, ...openIntentsOf(tables, survivor.id)].map(({ system }) => system))
}

/** The merged native id stays, as gone, so that late events know whose it was. */
function loseMember(context: MemoryContext, loser: RecordRow, system: string): void {
  const member = context.tables.members.get(loser.id)?.get(system)
  if (member === undefined) return
  member.state = 'gone'
  member.fields = encodeMember(context.codec, loser.id, system, {})
  member.shadowMac = undefined
}

function alias(
  context: MemoryContext,
  loser: RecordRow,
  survivor: RecordRow,
  others: readonly MemberRow[],
): void {
  const { tables } = context
  for (const member of others) {
    const { rid, system } = member
    setRid(tables, member, undefined, context.now())
    member.state = 'absent'
    releaseNative(context, survivor, system)
    linkWithoutBase(context, survivor, system, rid)
  }
  becomeAlias(tables, loser, survivor.id)
  loser.state = 'tombstoned'
  loser.tombstoneRev = loser.rev
  dropKeys(tables, loser.id)
  for (const hold of tables.holds.values()) {
    if (hold.recordId === loser.id && hold.kind.includes('delete')) hold.closedAt ??= context.now()
  }
  if (survivor.leaseOwner !== undefined) fence(survivor)
  for (const id of [loser.id, survivor.id]) refreshDuplicates(context, id)
  markDirty(tables, survivor, ['*'], context.now())
  releaseDependencies(context, survivor.id)
}

/** The record points to another one, as do those that pointed to it, and whoever was kept apart from it is kept apart from that one. */
export function becomeAlias(tables: MemoryTables, loser: RecordRow, survivorId: string): void {
  loser.aliasOf = survivorId
  for (const row of tables.records.values()) if (row.aliasOf === loser.id) row.aliasOf = survivorId
  for (const pair of [...tables.apart]) {
    const [one = '', other = ''] = JSON.parse(pair) as string[]
    const third = one === loser.id ? other : other === loser.id ? one : undefined
    if (third !== undefined && third !== survivorId) tables.apart.add(apartKey(survivorId, third))
  }
}

/** The survivor is kept by a record that became part of this very one: it takes the place of what was merged into it. */
function relink(
  context: MemoryContext,
  loser: RecordRow,
  holder: RecordRow,
  system: string,
  survivorRid: string,
): AliasResult {
  const { tables } = context
  const now = context.now()
  const merged = tables.members.get(loser.id)?.get(system)
  const kept = tables.members.get(holder.id)?.get(system)
  const before = merged?.rid
  if (merged !== undefined) setRid(tables, merged, undefined, now)
  if (kept !== undefined) setRid(tables, kept, undefined, now)
  const gone: MemberRow = { ...blankMember(context, holder.id, system, holder.entity), state: 'gone' }
  putMember(tables, gone)
  setRid(tables, gone, before, now)
  linkWithoutBase(context, loser, system, survivorRid)
  markDirty(tables, loser, ['*'], now)
  return 'relinked'
}

function releaseNative(context: MemoryContext, record: RecordRow, system: string): void {
  const member = context.tables.members.get(record.id)?.get(system)
  if (member !== undefined) setRid(context.tables, member, undefined, context.now())
}
