/** Whose record is it: attaching candidates, remote merges, reviews, references. */
import type {
  AttachRequest,
  AttachResult,
  JournalEntry,
  Lease,
  ReferenceAnswer,
  ReferenceQuery,
} from '../contract.ts'
import { encodeMember } from '../documents.ts'
import { releaseDependencies } from './dependencies.ts'
import { leased } from './lease.ts'
import {
  appendJournal,
  blankMember,
  deleteRecord,
  dropKeys,
  fence,
  key,
  type MemberRow,
  type MemoryContext,
  markDirty,
  membersOf,
  openIntentsOf,
  putMember,
  type RecordRow,
  setRid,
} from './tables.ts'

export function attachOne(context: MemoryContext, request: AttachRequest): AttachResult {
  const candidate = leased(context, request.lease)
  if (candidate === undefined) return { kind: 'fenced' }
  const target = context.tables.records.get(request.targetRecordId)
  const reason =
    target?.leaseOwner === undefined ? refuseAttach(context, candidate, target, request.system) : 'busy'
  if (target === undefined || reason !== undefined) return { kind: 'refused', reason: reason ?? 'gone' }
  moveMember(context, candidate, target, request.system)
  appendJournal(context, request.journal)
  return { kind: 'ok' }
}

/** Why the candidate's native record can't become the target's; undefined = it can. */
export function refuseAttach(
  context: MemoryContext,
  candidate: RecordRow,
  target: RecordRow | undefined,
  system: string,
): string | undefined {
  if (target === undefined || target.state !== 'active' || target.entity !== candidate.entity) return 'gone'
  const { tables } = context
  if (tables.members.get(candidate.id)?.get(system)?.rid === undefined) return 'gone'
  if (tables.members.get(target.id)?.get(system)?.rid !== undefined) return 'linked'
  const creating = openIntentsOf(tables, target.id).some((intent) => intent.system === system)
  return creating ? 'creating' : undefined
}

/** The candidate's native record becomes the target's counterpart, without a base; the candidate is gone. */
export function moveMember(
  context: MemoryContext,
  candidate: RecordRow,
  target: RecordRow,
  system: string,
): void {
  const { tables } = context
  const rid = tables.members.get(candidate.id)?.get(system)?.rid
  deleteRecord(tables, candidate.id)
  linkWithoutBase(context, target, system, rid)
  markDirty(tables, target, ['*'], context.now())
  releaseDependencies(context, target.id)
}

function linkWithoutBase(
  context: MemoryContext,
  target: RecordRow,
  system: string,
  rid: string | undefined,
): void {
  const blank = blankMember(context, target.id, system, target.entity)
  const before = context.tables.members.get(target.id)?.get(system)
  // What we sent before there was a counterpart is still ours, should it turn up in it now.
  const fields = before?.state === 'absent' ? before.fields : blank.fields
  const row: MemberRow = { ...blank, fields, state: 'linked' }
  putMember(context.tables, row)
  setRid(context.tables, row, rid, context.now())
}

export function aliasOne(
  context: MemoryContext,
  request: {
    readonly lease: Lease
    readonly system: string
    readonly survivorRid: string
    readonly journal: readonly JournalEntry[]
  },
): 'ok' | 'fenced' | 'unknown-survivor' {
  const { tables } = context
  const loser = leased(context, request.lease)
  if (loser === undefined) return 'fenced'
  const survivorId = tables.natives.get(key(request.system, loser.entity, request.survivorRid))
  const survivor = survivorId === undefined ? undefined : tables.records.get(survivorId)
  if (survivor === undefined || survivor.id === loser.id || survivor.state !== 'active') {
    return 'unknown-survivor'
  }
  for (const member of membersOf(tables, loser.id)) passOn(context, member, survivor, request.system)
  loser.state = 'tombstoned'
  loser.tombstoneRev = loser.rev
  loser.aliasOf = survivor.id
  for (const row of tables.records.values()) if (row.aliasOf === loser.id) row.aliasOf = survivor.id
  dropKeys(tables, loser.id)
  if (survivor.leaseOwner !== undefined) fence(survivor)
  markDirty(tables, survivor, ['*'], context.now())
  releaseDependencies(context, survivor.id)
  appendJournal(context, request.journal)
  return 'ok'
}

/** Counterparts that the survivor lacks go over to it; the merged one stays, as gone, so that late events know whose it was. */
function passOn(context: MemoryContext, member: MemberRow, survivor: RecordRow, system: string): void {
  const { tables } = context
  if (member.system === system) {
    member.state = 'gone'
    member.fields = encodeMember(context.codec, member.recordId, member.system, {})
    member.shadowMac = undefined
    return
  }
  const counterpart = tables.members.get(survivor.id)?.get(member.system)
  const creating = openIntentsOf(tables, survivor.id).some((intent) => intent.system === member.system)
  if (member.rid === undefined || member.state !== 'linked' || creating) return
  if (counterpart?.rid !== undefined) return
  const { rid } = member
  setRid(tables, member, undefined, context.now())
  member.state = 'absent'
  linkWithoutBase(context, survivor, member.system, rid)
}

export function reviewOne(
  context: MemoryContext,
  request: {
    readonly lease: Lease
    readonly candidates: readonly {
      readonly recordId: string
      readonly score: number
      readonly why: string
    }[]
    readonly journal: readonly JournalEntry[]
  },
): 'ok' | 'fenced' {
  const record = leased(context, request.lease)
  if (record === undefined) return 'fenced'
  record.state = 'review'
  context.tables.reviews.set(record.id, {
    recordId: record.id,
    at: context.now(),
    candidates: structuredClone(request.candidates),
  })
  appendJournal(context, request.journal)
  return 'ok'
}

/** Candidates don't answer: whose they are is not known yet. */
export function resolveReference({ tables }: MemoryContext, query: ReferenceQuery): ReferenceAnswer {
  const found = query.recordId ?? tables.natives.get(key(query.system, query.entity, query.rid ?? ''))
  const record = found === undefined ? undefined : tables.records.get(found)
  if (record === undefined || record.entity !== query.entity) return undefined
  const owner = record.aliasOf === undefined ? record : tables.records.get(record.aliasOf)
  if (owner === undefined || owner.state === 'candidate' || owner.state === 'review') return undefined
  const member = tables.members.get(owner.id)?.get(query.system)
  const own = member === undefined || member.state === 'gone' ? undefined : member.rid
  const rid = query.rid === undefined ? own : (own ?? query.rid)
  return rid === undefined ? undefined : { recordId: owner.id, rid }
}
