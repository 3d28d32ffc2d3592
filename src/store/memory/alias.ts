/** A merge at the remote: one native record was merged into another one. */
import { openLane } from '../../model/lane.ts'
import type { AliasRequest, AliasResult } from '../contract.ts'
import { encodeMember } from '../documents.ts'
import { releaseDependencies, releaseTarget } from './dependencies.ts'
import { inheritDuplicates, isThere, markAll, openMergeDuplicate, refreshDuplicates } from './duplicates.ts'
import { linkMoved, linkWithoutBase } from './identity.ts'
import { leased } from './lease.ts'
import { closeFailure } from './pass-rows.ts'
import {
  apartKey,
  appendJournal,
  blankMember,
  dropKeys,
  fence,
  type HoldTableRow,
  key,
  type MemberRow,
  type MemoryContext,
  type MemoryTables,
  markDirty,
  membersOf,
  openIntentsOf,
  putMember,
  type RecordRow,
  setNativeId,
} from './tables.ts'

/** Implements `Store.aliasMember`. */
export function aliasOne(context: MemoryContext, request: AliasRequest): AliasResult {
  const loser = leased(context, request.lease)
  if (loser === undefined) return 'fenced'
  const result = follow(context, loser, request)
  if (result !== 'unknown-survivor' && result !== 'creating') appendJournal(context, request.journal)
  return result
}

function follow(
  context: MemoryContext,
  loser: RecordRow,
  { system, survivorNativeId }: AliasRequest,
): AliasResult {
  const { tables } = context
  const holderId = tables.natives.get(key(system, loser.entity, survivorNativeId))
  const holder = holderId === undefined ? undefined : tables.records.get(holderId)
  if (holder === undefined || holder.id === loser.id) return 'unknown-survivor'
  // Its holder may have become part of another record since.
  const survivor = tables.records.get(holder.aliasOf ?? holder.id)
  if (survivor?.id === loser.id) return relink(context, loser, holder, system, survivorNativeId)
  if (survivor?.state !== 'active') return 'unknown-survivor'
  const others = membersOf(tables, loser.id).filter((member) => member.system !== system && isThere(member))
  const taken = systemsOf(membersOf(tables, survivor.id).filter(isThere))
  if (others.some((member) => taken.has(member.system))) {
    loseMember(context, loser, system)
    closeHolds(context, loser.id, (hold) => hold.kind.includes('delete') && hold.system === system)
    // A merge in a system is newer than an earlier decision about the two.
    tables.apart.delete(apartKey(loser.id, survivor.id))
    openMergeDuplicate(context, loser, survivor, system)
    // The other systems may have made the same merge, which would settle it.
    for (const id of [loser.id, survivor.id]) markAll(context, id, 'record')
    return 'duplicate'
  }
  const creating = systemsOf(openIntentsOf(tables, survivor.id))
  if (others.some((member) => creating.has(member.system))) return 'creating'
  alias(context, { loser, survivor, system }, others)
  loseMember(context, loser, system)
  return 'ok'
}

function systemsOf(rows: readonly { readonly system: string }[]): ReadonlySet<string> {
  return new Set(rows.map(({ system }) => system))
}

/** The merged native id stays, as gone, so that late events can be attributed to it. */
function loseMember(context: MemoryContext, loser: RecordRow, system: string): void {
  const member = context.tables.members.get(loser.id)?.get(system)
  if (member === undefined) return
  member.fields = encodeMember(context, loser.id, system, {})
  Object.assign(member, {
    state: 'gone',
    shadowMac: undefined,
    settleAt: undefined,
    goneSince: undefined,
    goneConfirmedAt: undefined,
  })
  Object.assign(member, { lane: openLane, laneAttempts: 0 })
}

function alias(
  context: MemoryContext,
  {
    loser,
    survivor,
    system,
  }: { readonly loser: RecordRow; readonly survivor: RecordRow; readonly system: string },
  others: readonly MemberRow[],
): void {
  const { tables } = context
  for (const member of others) {
    const given = { ...member }
    setNativeId(tables, member, undefined, context.now())
    member.state = 'absent'
    linkMoved(context, loser, survivor, given)
    closeFailure(context, { recordId: survivor.id, system: member.system })
    closeHolds(context, survivor.id, (hold) => endsWithMove(hold.kind) && hold.system === member.system)
  }
  becomeAlias(tables, loser, survivor.id)
  handOn(loser, survivor)
  loser.state = 'tombstoned'
  loser.tombstoneRev = loser.rev
  settleConflicts(tables, loser.id)
  closeHolds(context, loser.id, () => true)
  inheritDuplicates(context, loser, survivor, system)
  dropKeys(tables, loser.id)
  if (survivor.leaseOwner !== undefined) fence(survivor)
  for (const id of [loser.id, survivor.id]) refreshDuplicates(context, id)
  markDirty(tables, survivor, ['*'], { now: context.now(), cause: 'record' })
  releaseTarget(context, loser.id)
  releaseDependencies(context, survivor.id)
}

function endsWithMove(kind: string): boolean {
  return kind.includes('delete') || kind === 'guard'
}

function closeHolds(context: MemoryContext, recordId: string, ends: (hold: HoldTableRow) => boolean): void {
  for (const hold of context.tables.holds.values()) {
    if (hold.recordId !== recordId || hold.closedAt !== undefined || !ends(hold)) continue
    hold.closedAt = context.now()
    hold.decision ??= 'over'
  }
}

/**
 * Values that the record has yet to take over from others are passed to the record that it becomes part of.
 */
export function handOn(loser: RecordRow, survivor: RecordRow): void {
  survivor.merging = [...survivor.merging, ...loser.merging]
  loser.merging = []
}

/** Closes the conflicts of a record that is part of another one. */
export function settleConflicts(tables: MemoryTables, recordId: string): void {
  for (const conflict of tables.conflicts.values()) {
    if (conflict.recordId !== recordId || conflict.state !== 'open') continue
    Object.assign(conflict, { state: 'decided', winner: 'merge', decidedBy: 'merge' })
  }
}

/**
 * The record points to another one, as do those that pointed to it, and records kept apart from it are kept
 * apart from that one.
 */
export function becomeAlias(tables: MemoryTables, loser: RecordRow, survivorId: string): void {
  loser.aliasOf = survivorId
  for (const row of tables.records.values()) if (row.aliasOf === loser.id) row.aliasOf = survivorId
  for (const pair of [...tables.apart]) {
    const [one = '', other = ''] = JSON.parse(pair) as string[]
    const third = one === loser.id ? other : other === loser.id ? one : undefined
    if (third !== undefined && third !== survivorId) tables.apart.add(apartKey(survivorId, third))
  }
}

/**
 * The survivor belongs to a record that became part of this very one: it replaces the native record that was
 * merged into it.
 */
function relink(
  context: MemoryContext,
  loser: RecordRow,
  holder: RecordRow,
  system: string,
  survivorNativeId: string,
): AliasResult {
  const { tables } = context
  const now = context.now()
  const merged = tables.members.get(loser.id)?.get(system)
  const kept = tables.members.get(holder.id)?.get(system)
  const before = merged?.nativeId
  if (merged !== undefined) setNativeId(tables, merged, undefined, now)
  if (kept !== undefined) setNativeId(tables, kept, undefined, now)
  const gone: MemberRow = { ...blankMember(context, holder.id, system, holder.entity), state: 'gone' }
  putMember(tables, gone)
  setNativeId(tables, gone, before, now)
  linkWithoutBase(context, loser, system, survivorNativeId)
  markDirty(tables, loser, ['*'], { now, cause: 'record' })
  return 'relinked'
}
