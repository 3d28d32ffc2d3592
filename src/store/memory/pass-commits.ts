/**
 * The two commits of a pass: the decision with its intents, and the outcomes with the finish. Checks come
 * first, so a refused item writes nothing.
 */

import { addCauses } from '../../model/cause.ts'
import type {
  Decision,
  DecisionResult,
  GuardedChange,
  MemberUpdate,
  PassRows,
  RecordUpdate,
  Settlement,
  SettlementResult,
} from '../contract.ts'
import { shadowMac } from '../documents.ts'
import { releaseDependencies } from './dependencies.ts'
import { openDuplicatesOf, otherOf, refreshDuplicates } from './duplicates.ts'
import { changeKeys, keysHash, sharedExactKey } from './keys.ts'
import { isSuperseded, leased } from './lease.ts'
import { documentOf, replaceAgreed } from './member-documents.ts'
import { writePassRows } from './pass-rows.ts'
import { intentRow } from './read-rows.ts'
import { reserveOne } from './runs.ts'
import {
  addIntent,
  appendJournal,
  blankMember,
  deleteRecord,
  key,
  type MemberRow,
  type MemoryContext,
  markDirty,
  openIntentsOf,
  putMember,
  type RecordRow,
  setNativeId,
  union,
} from './tables.ts'

/** One item of `Store.decide`. */
export function decideOne(context: MemoryContext, decision: Decision): DecisionResult {
  const record = leased(context, decision.lease)
  if (record === undefined || isSuperseded(context, decision.lease.binding)) return { kind: 'fenced' }
  const refusal = refuseCreate(context, record, decision) ?? refuseTaken(context, record, decision.members)
  if (refusal !== undefined) return refusal
  if (lanesTaken(context, record, decision)) return { kind: 'fenced' }
  const guarded = countChanges(context, record.entity, decision)
  if (guarded !== undefined) return { kind: 'guarded', system: guarded.system, operation: guarded.operation }
  writeUpdates(context, record, decision)
  for (const intent of decision.intents ?? []) addIntent(context.tables, intentRow(context, intent))
  if (decision.matchKeys !== undefined) changeKeys(context, record, decision.matchKeys)
  else if (changesIdentity(decision)) refreshDuplicates(context, record.id)
  return { kind: 'ok' }
}

/** One item of `Store.settle`. */
export function settleOne(context: MemoryContext, settlement: Settlement): SettlementResult {
  const record = leased(context, settlement.lease)
  if (record === undefined) return { kind: 'fenced' }
  const taken = refuseTaken(context, record, settlement.members)
  if (taken !== undefined) return { ...taken, kind: 'taken' }
  uncount(context, record.entity, settlement)
  writeUpdates(context, record, settlement)
  if (changesIdentity(settlement)) refreshDuplicates(context, record.id)
  finish(context, record, settlement.finish)
  return { kind: 'ok' }
}

/**
 * Counts the changes of a decision; returns one that exceeds its bound, and then nothing has been counted.
 */
function countChanges(context: MemoryContext, entity: string, decision: Decision): GuardedChange | undefined {
  uncount(context, entity, decision)
  const counted: GuardedChange[] = []
  for (const change of decision.guarded ?? []) {
    if (reserveOne(context, { ...change, entity, count: 1 })) counted.push(change)
    else {
      for (const { system, operation } of decision.unmade ?? [])
        addCount(context, entity, system, operation, 1)
      for (const { system, operation } of counted) addCount(context, entity, system, operation, -1)
      return change
    }
  }
  return undefined
}

function uncount(context: MemoryContext, entity: string, { unmade }: Pick<Decision, 'unmade'>): void {
  for (const { system, operation } of unmade ?? []) addCount(context, entity, system, operation, -1)
}

function addCount(
  context: MemoryContext,
  entity: string,
  system: string,
  operation: GuardedChange['operation'],
  count: 1 | -1,
): void {
  reserveOne(context, { system, entity, operation, count, share: 0, atLeast: Number.MAX_SAFE_INTEGER })
}

/**
 * A commit after which a record may share a system with others than before. Most commits change values only.
 */
function changesIdentity({ record, members }: Updates): boolean {
  if (record?.state !== undefined) return true
  return (members ?? []).some(({ nativeId, state }) => nativeId !== undefined || state === 'gone')
}

function refuseCreate(
  context: MemoryContext,
  record: RecordRow,
  decision: Decision,
): DecisionResult | undefined {
  for (const { system, readUpTo, evidence } of decision.createChecks ?? []) {
    const [duplicate] = openDuplicatesOf(context, record.id)
    if (duplicate !== undefined) return { kind: 'duplicate', system, recordId: otherOf(duplicate, record.id) }
    const sharing = sharedExactKey(context, record, system, decision.matchKeys)
    if (sharing !== undefined) return { kind: 'rematch', system, recordId: sharing }
    if (unreadCandidateBefore(context, system, record.entity, readUpTo))
      return { kind: 'create-waits', system }
    if (evidence === undefined) continue
    if (
      evidence.nativeIds?.some((nativeId) =>
        isUnreadHit(context, key(system, record.entity, nativeId), evidence.takenAt),
      )
    )
      return { kind: 'create-waits', system }
    if (context.now() > evidence.goodUntil || evidence.keys !== keysHash(context, record, decision.matchKeys))
      return { kind: 'no-evidence', system }
  }
  return undefined
}

/** One that nobody will read for a while (in quarantine, under review, deleted) holds nobody up. */
function isUnreadHit({ tables }: MemoryContext, native: string, since: number): boolean {
  const id = tables.natives.get(native)
  const record = id === undefined ? undefined : tables.records.get(id)
  if (record === undefined || !tables.dirty.has(record.id)) return false
  if (record.state === 'review' || record.state === 'tombstoned') return false
  return [...(tables.members.get(record.id)?.values() ?? [])].some(
    ({ system, entity, nativeId, asof, lane }) =>
      nativeId !== undefined &&
      key(system, entity, nativeId) === native &&
      asof < since &&
      lane.state !== 'quarantined',
  )
}

/** A candidate whose lane is quarantined waits for a person and holds nobody up. */
export function unreadCandidateBefore(
  { tables }: MemoryContext,
  system: string,
  entity: string,
  before: number,
): boolean {
  for (const id of tables.dirty) {
    const member = tables.members.get(id)?.get(system)
    if (
      member?.state === 'unread' &&
      member.entity === entity &&
      member.lane.state !== 'quarantined' &&
      (member.discoveredAt ?? 0) < before
    ) {
      return true
    }
  }
  return false
}

function refuseTaken(
  { tables }: MemoryContext,
  record: RecordRow,
  members: readonly MemberUpdate[] | undefined,
): { readonly kind: 'rematch'; readonly system: string; readonly recordId: string } | undefined {
  for (const { system, nativeId } of members ?? []) {
    const holder = holderOf(tables, record, system, nativeId)
    if (holder !== undefined && !absorbable(holder)) return { kind: 'rematch', system, recordId: holder.id }
  }
  return undefined
}

function holderOf(
  tables: MemoryContext['tables'],
  record: RecordRow,
  system: string,
  nativeId: string | null | undefined,
): RecordRow | undefined {
  if (nativeId === undefined || nativeId === null) return undefined
  const holderId = tables.natives.get(key(system, record.entity, nativeId))
  return holderId === undefined || holderId === record.id ? undefined : tables.records.get(holderId)
}

function absorbable(record: RecordRow): boolean {
  return record.state === 'candidate' || record.state === 'review' || record.state === 'ignored'
}

/**
 * At most one open intent per lane: a second one is a fault of the caller and is kept out like a fenced
 * write.
 */
function lanesTaken({ tables }: MemoryContext, record: RecordRow, decision: Decision): boolean {
  const resolved = new Set((decision.resolved ?? []).filter((u) => u.state !== 'open').map((u) => u.id))
  const open = openIntentsOf(tables, record.id).filter((row) => !resolved.has(row.id))
  const lanes = [...open, ...(decision.intents ?? [])].map((intent) => intent.system)
  return new Set(lanes).size !== lanes.length
}

type Updates = PassRows & Pick<Decision, 'lease' | 'record' | 'members' | 'resolved'>

function writeUpdates(context: MemoryContext, record: RecordRow, updates: Updates): void {
  const { tables } = context
  const before = record.state
  for (const { id, state, outcome, notAfter } of updates.resolved ?? []) {
    const row = tables.intents.get(id)
    if (row === undefined || row.recordId !== record.id) continue
    row.state = state
    if (state !== 'open') tables.openIntents.delete(row)
    if (outcome !== undefined) row.outcome = outcome
    if (notAfter !== undefined) row.notAfter = notAfter
  }
  if (updates.record !== undefined) updateRecord(context, record, updates.record)
  let linked = false
  for (const update of updates.members ?? []) {
    linked = absorbHolder(context, record, update) || linked
    updateMember(context, record, update)
    linked = linked || (update.nativeId !== undefined && update.nativeId !== null)
  }
  writePassRows(context, updates)
  const settled = before !== record.state && (record.state === 'active' || record.state === 'ignored')
  if (linked || settled) releaseDependencies(context, record.id)
  appendJournal(context, updates.journal)
}

function updateRecord(context: MemoryContext, record: RecordRow, update: RecordUpdate): void {
  const { state, rev, fields, tombstoneRev, releasedRev, merging } = update
  // A candidate that is more than that by now is no question any more.
  if (state !== undefined && record.state === 'review') context.tables.reviews.delete(record.id)
  if (state !== undefined) record.state = state
  if (merging !== undefined) record.merging = merging
  if (rev !== undefined) record.rev = rev
  if (fields !== undefined) replaceAgreed(context, record, fields)
  if (tombstoneRev !== undefined) record.tombstoneRev = tombstoneRev
  if (releasedRev !== undefined) record.releasedRev = releasedRev
}

/**
 * The candidate that stood for the same native record is this record: it is removed, and this one becomes due
 * again.
 */
function absorbHolder(context: MemoryContext, record: RecordRow, update: MemberUpdate): boolean {
  const holder = holderOf(context.tables, record, update.system, update.nativeId)
  if (holder === undefined) return false
  deleteRecord(context.tables, holder.id)
  markDirty(context.tables, record, [update.system], { now: context.now(), cause: 'record' })
  return true
}

function updateMember(context: MemoryContext, record: RecordRow, update: MemberUpdate): void {
  const { tables } = context
  const existing = tables.members.get(record.id)?.get(update.system)
  const row = existing ?? blankMember(context, record.id, update.system, record.entity)
  if (existing === undefined) putMember(tables, row)
  if (update.nativeId !== undefined) setNativeId(tables, row, update.nativeId ?? undefined, context.now())
  if (update.fields !== undefined) {
    row.fields = documentOf(context, record, update.system, update.fields)
    row.shadowMac = shadowMac(context.codec, update.fields)
  }
  const { system: _system, nativeId: _nativeId, fields: _fields, ...columns } = update
  Object.assign(row, withoutNulls(columns))
}

type PlainColumns = Omit<MemberUpdate, 'system' | 'nativeId' | 'fields'>

/**
 * New values of the columns that need nothing else to be done. The type ends to compile when an update has a
 * key without a column.
 */
function withoutNulls(columns: PlainColumns): Partial<Pick<MemberRow, keyof PlainColumns>> {
  const given = Object.entries(columns).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name, value ?? undefined]))
}

function finish(context: MemoryContext, record: RecordRow, how: Settlement['finish']): void {
  if (how.kind === 'keep') return
  const now = context.now()
  record.leaseOwner = undefined
  record.attempts = 0
  if (how.kind === 'clean' && record.dirtySeq === how.seq) {
    record.cleanSeq = how.seq
    record.dirtySince = undefined
    record.toRead = []
    context.tables.dirty.delete(record.id)
  } else if (how.kind === 'clean') {
    record.nextAt = now
    record.dirtySince = now
  } else {
    record.toRead = union(record.toRead, how.toRead ?? record.claimedToRead)
    record.causes = addCauses(record.claimedCauses, record.causes)
    record.nextAt = record.dirtySeq > record.claimedSeq ? now : how.at
  }
  record.claimedToRead = []
  record.claimedCauses = []
}
