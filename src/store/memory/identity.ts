/** Which record a native record belongs to: attaching candidates, remote merges, reviews, references. */
import type {
  AttachRequest,
  AttachResult,
  JournalEntry,
  Lease,
  ReferenceQuery,
  ReferenceResponse,
} from '../contract.ts'
import { decodeAgreed } from '../documents.ts'
import { movedFields } from '../moved-member.ts'
import { releaseDependencies } from './dependencies.ts'
import { refreshDuplicates } from './duplicates.ts'
import { leased } from './lease.ts'
import { documentOf, fieldsOf } from './member-documents.ts'
import { closeHolds } from './pass-rows.ts'
import {
  appendJournal,
  blankMember,
  deleteRecord,
  key,
  type MemberRow,
  type MemoryContext,
  type MemoryTables,
  markDirty,
  openIntentsOf,
  putMember,
  type RecordRow,
  setNativeId,
} from './tables.ts'

/** One item of `Store.attach`. */
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

/** Returns why the candidate's native record can't become the target's; undefined = it can. */
export function refuseAttach(
  context: MemoryContext,
  candidate: RecordRow,
  target: RecordRow | undefined,
  system: string,
): string | undefined {
  if (target === undefined || target.state !== 'active' || target.entity !== candidate.entity) return 'gone'
  const { tables } = context
  if (tables.members.get(candidate.id)?.get(system)?.nativeId === undefined) return 'gone'
  if (tables.members.get(target.id)?.get(system)?.nativeId !== undefined) return 'linked'
  const creating = openIntentsOf(tables, target.id).some((intent) => intent.system === system)
  return creating ? 'creating' : undefined
}

/**
 * The candidate's native record becomes the target's counterpart, without a base; the candidate is removed.
 */
export function moveMember(
  context: MemoryContext,
  candidate: RecordRow,
  target: RecordRow,
  system: string,
): void {
  const { tables } = context
  const nativeId = tables.members.get(candidate.id)?.get(system)?.nativeId
  deleteRecord(tables, candidate.id)
  linkWithoutBase(context, target, system, nativeId)
  // The hold was about creating a counterpart, which exists now.
  closeHolds(context, { recordId: target.id, system, kind: 'guard' })
  markDirty(tables, target, ['*'], { now: context.now(), cause: 'record' })
  refreshDuplicates(context, target.id)
  releaseDependencies(context, target.id)
}

export function linkWithoutBase(
  context: MemoryContext,
  target: RecordRow,
  system: string,
  nativeId: string | undefined,
): void {
  const blank = blankMember(context, target.id, system, target.entity)
  const before = context.tables.members.get(target.id)?.get(system)
  // Values sent before there was a counterpart are our own if they appear in it now.
  const fields = before?.state === 'absent' ? before.fields : blank.fields
  const row: MemberRow = { ...blank, fields, state: 'linked' }
  putMember(context.tables, row)
  setNativeId(context.tables, row, nativeId, context.now())
}

/**
 * Moves a counterpart to another record, with its known state. `given` is its former row, whose native id is
 * free by now.
 */
export function linkMoved(context: MemoryContext, from: RecordRow, to: RecordRow, given: MemberRow): void {
  const { tables, codec } = context
  const { system, nativeId, floor, asof, settleAt, lens } = given
  const own = tables.members.get(to.id)?.get(system)
  const fields = movedFields({
    system,
    from: decodeAgreed(codec, from.id, from.fields),
    fields: fieldsOf(context, from, given),
    to: decodeAgreed(codec, to.id, to.fields),
    sent: own?.state === 'absent' ? fieldsOf(context, to, own) : {},
  })
  if (own !== undefined) setNativeId(tables, own, undefined, context.now())
  const blank = blankMember(context, to.id, system, to.entity)
  const row: MemberRow = {
    ...blank,
    state: 'linked',
    fields: documentOf(context, to, system, fields),
    floor,
    asof,
    settleAt,
    lens,
  }
  putMember(tables, row)
  setNativeId(tables, row, nativeId, context.now())
}

/** Implements `Store.requestReview`. */
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
    at: context.tables.reviews.get(record.id)?.at ?? context.now(),
    candidates: structuredClone(request.candidates),
  })
  appendJournal(context, request.journal)
  return 'ok'
}

/** Candidates return nothing, since it is unknown which record they belong to. */
export function resolveReference({ tables }: MemoryContext, query: ReferenceQuery): ReferenceResponse {
  const found = query.recordId ?? tables.natives.get(key(query.system, query.entity, query.nativeId ?? ''))
  const record = found === undefined ? undefined : tables.records.get(found)
  if (record === undefined || record.entity !== query.entity) return undefined
  const owner = ownerOf(tables, record, query)
  if (owner === undefined || owner.state === 'candidate' || owner.state === 'review') return undefined
  const member = tables.members.get(owner.id)?.get(query.system)
  const own = member === undefined || member.state === 'gone' ? undefined : member.nativeId
  const nativeId = query.nativeId === undefined ? own : (own ?? query.nativeId)
  return nativeId === undefined ? undefined : { recordId: owner.id, nativeId }
}

/**
 * Merged records return their survivor. A native id that its own system merged belongs to the survivor there,
 * wherever the rest went.
 */
function ownerOf(tables: MemoryTables, record: RecordRow, query: ReferenceQuery): RecordRow | undefined {
  if (record.aliasOf === undefined) return record
  const isGone =
    query.recordId === undefined && tables.members.get(record.id)?.get(query.system)?.state === 'gone'
  const merged = [...(tables.recordDuplicates.get(record.id) ?? [])].find(
    (row) => row.cause === 'merge' && row.system === query.system && row.survivorId !== record.id,
  )
  const survivor = isGone ? tables.records.get(merged?.survivorId ?? '') : undefined
  return tables.records.get(survivor?.aliasOf ?? survivor?.id ?? record.aliasOf)
}
