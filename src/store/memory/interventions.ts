/** Decisions of people. Where they change a document that a worker may hold, that worker is fenced first. */

import { openLane } from '../../model/lane.ts'
import type { LaneReasons } from '../../model/lane-reasons.ts'
import type { MemberFields } from '../../model/state.ts'
import { readOrElse } from '../../model/unreadable-row.ts'
import type { CanonicalValue } from '../../model/values.ts'
import { candidateOf } from '../conflict-candidates.ts'
import { decodeAgreed } from '../documents.ts'
import {
  decidedConflict,
  releasedReason,
  withChosenValue,
  withoutHold,
  withoutRejections,
} from '../interventions.ts'
import { markAll, openDuplicatesOf, otherOf } from './duplicates.ts'
import { moveMember, refuseAttach } from './identity.ts'
import { readConflict } from './lists.ts'
import { documentOf, fieldsOf, replaceAgreed } from './member-documents.ts'
import { decideApart, mergeRecords } from './merge-records.ts'
import { closeFailure } from './pass-rows.ts'
import {
  apartKey,
  appendJournal,
  fence,
  type HoldTableRow,
  type MemberRow,
  type MemoryContext,
  markDirty,
  membersOf,
  type RecordRow,
} from './tables.ts'

/** Implements `AdminStore.retryFailures`. */
export function retryFailures(
  context: MemoryContext,
  filter: { readonly recordId?: string; readonly system?: string; readonly signature?: string },
  actor: string,
): number {
  let retried = 0
  for (const failure of [...context.tables.failures.values()]) {
    const { recordId, system, signature } = failure
    const record = context.tables.records.get(recordId)
    const matches =
      failure.closedAt === undefined &&
      (filter.recordId === undefined || filter.recordId === recordId) &&
      (filter.system === undefined || filter.system === system) &&
      (filter.signature === undefined || filter.signature === signature)
    if (!matches || record === undefined) continue
    takeBack(record)
    closeFailure(context, { recordId, system })
    const lane = context.tables.members.get(recordId)?.get(system)
    if (lane !== undefined) {
      reopenLane(lane)
      // Fields that can't be read are left as they are: the retry tells whether they were restored.
      readOrElse(
        () => changeFields(context, lane, withoutRejections),
        () => {},
      )
    }
    record.attempts = 0
    markDirty(context.tables, record, [system], { now: context.now(), cause: 'person:retry' })
    note(context, recordId, actor, { retried: system, signature })
    retried += 1
  }
  return retried
}

/** Implements `AdminStore.resolveConflict`. */
export function resolveConflict(
  context: MemoryContext,
  id: string,
  choice: { readonly system: string } | { readonly value: CanonicalValue },
  actor: string,
): 'ok' | 'unknown' | 'already-decided' {
  const { tables, codec } = context
  const row = tables.conflicts.get(id)
  const record = row === undefined ? undefined : tables.records.get(row.recordId)
  if (row === undefined || record === undefined) return 'unknown'
  if (row.state === 'decided') return 'already-decided'
  const fields = decodeAgreed(codec, record.id, record.fields)
  const { candidates } = readConflict(context, row)
  const chosen = 'system' in choice ? candidateOf(candidates, choice.system, fields[row.field]?.src) : choice
  if (chosen === undefined) return 'unknown'
  takeBack(record)
  const now = context.now()
  record.rev += 1
  const changed = withChosenValue(fields, row.field, chosen.value, { rev: record.rev, now })
  replaceAgreed(context, record, changed)
  row.state = 'decided'
  row.winner = 'system' in choice ? choice.system : 'person'
  row.decidedBy = actor
  markDirty(tables, record, ['*'], { now, cause: 'person:conflict' })
  const { field, winner } = row
  const about = { conflict: id, field, winner, rev: record.rev, value: chosen.value }
  note(context, record.id, actor, decidedConflict(fields, about))
  return 'ok'
}

/** Implements `AdminStore.decideReview`. */
export function decideReview(
  context: MemoryContext,
  recordId: string,
  decision: { readonly same: string } | { readonly apart: true },
  actor: string,
): 'ok' | 'unknown' | 'refused' {
  const { tables } = context
  const review = tables.reviews.get(recordId)
  const candidate = tables.records.get(recordId)
  if (review === undefined || candidate === undefined) return 'unknown'
  if ('same' in decision) {
    if (attachByHand(context, candidate, decision.same, actor) === 'ok') return 'ok'
    // It already has a counterpart there, or is itself unmatched: one of two native records has to be kept.
    const request = { keep: decision.same, drop: recordId, survivors: {}, others: 'keep' as const }
    return mergeRecords(context, request, actor).kind === 'ok' ? 'ok' : 'refused'
  }
  takeBack(candidate)
  for (const other of review.candidates) tables.apart.add(apartKey(recordId, other.recordId))
  tables.reviews.delete(recordId)
  candidate.state = 'candidate'
  const others = review.candidates.map((other) => other.recordId)
  markAll(context, recordId, 'person:match')
  for (const row of openDuplicatesOf(context, recordId)) {
    const other = otherOf(row, recordId)
    if (!others.includes(other)) continue
    decideApart(context, row, actor)
    markAll(context, other, 'person:match')
  }
  note(context, recordId, actor, { apart: others })
  return 'ok'
}

function attachByHand(
  context: MemoryContext,
  candidate: RecordRow,
  targetId: string,
  actor: string,
): 'ok' | 'refused' {
  const target = context.tables.records.get(targetId)
  const member = membersOf(context.tables, candidate.id).find(({ nativeId }) => nativeId !== undefined)
  if (target === undefined || member === undefined) return 'refused'
  if (refuseAttach(context, candidate, target, member.system) !== undefined) return 'refused'
  takeBack(target)
  note(context, target.id, actor, {
    attached: candidate.id,
    system: member.system,
    nativeId: member.nativeId,
  })
  moveMember(context, candidate, target, member.system)
  return 'ok'
}

/** Implements `AdminStore.releaseHolds`. */
export function releaseHolds(
  context: MemoryContext,
  filter: { readonly id?: string; readonly kind?: string; readonly system?: string },
  decision: 'release' | 'reject',
  actor: string,
): number {
  let closed = 0
  for (const hold of context.tables.holds.values()) {
    const record = context.tables.records.get(hold.recordId)
    const matches =
      hold.closedAt === undefined &&
      (filter.id === undefined || filter.id === hold.id) &&
      (filter.kind === undefined || filter.kind === hold.kind) &&
      (filter.system === undefined || filter.system === hold.system)
    if (!matches || record === undefined) continue
    takeBack(record)
    hold.closedAt = context.now()
    hold.decision = decision
    if (decision === 'release') release(context, record, hold)
    else reject(context, record, hold)
    const systems = hold.system === undefined ? ['*'] : [hold.system]
    markDirty(context.tables, record, systems, { now: context.now(), cause: 'person:hold' })
    note(context, record.id, actor, { hold: hold.kind, system: hold.system, field: hold.field, decision })
    closed += 1
  }
  return closed
}

function release(context: MemoryContext, record: RecordRow, hold: HoldTableRow): void {
  const lane = hold.system === undefined ? undefined : context.tables.members.get(record.id)?.get(hold.system)
  if (hold.kind === 'rule') record.releasedRev = record.rev
  else if (hold.kind === 'oscillation' && lane !== undefined) {
    changeFields(context, lane, (fields) => withoutHold(fields, hold.field))
  } else if (lane !== undefined) reopenLane(lane, releasedReason)
}

/**
 * A held deletion is not carried out: the record stays without the system that lost it. Other held changes
 * stay unwritten in that lane.
 */
function reject(context: MemoryContext, record: RecordRow, hold: HoldTableRow): void {
  if (hold.kind === 'update-delete' || hold.kind === 'delete-guard' || hold.kind === 'delete-waits') {
    if (record.state === 'deleting') record.state = 'active'
    for (const member of membersOf(context.tables, record.id)) {
      if (member.state !== 'gone' && member.state !== 'suspect') continue
      member.state = 'out-of-scope'
      member.goneSince = undefined
      member.goneConfirmedAt = undefined
    }
  }
  const lane = hold.system === undefined ? undefined : context.tables.members.get(record.id)?.get(hold.system)
  if (lane === undefined) return
  if (hold.kind === 'guard') {
    lane.lane = { state: 'rejected' }
  }
  if (hold.kind !== 'guard' && lane.lane.state === 'held') reopenLane(lane)
}

function reopenLane(member: MemberRow, reason?: LaneReasons['open']): void {
  member.lane = reason === undefined ? openLane : { state: 'open', reason }
  member.laneAttempts = 0
}

function changeFields(
  context: MemoryContext,
  lane: MemberRow,
  change: (fields: MemberFields) => MemberFields,
): void {
  const record = context.tables.records.get(lane.recordId)
  if (record === undefined) return
  lane.fields = documentOf(context, record, lane.system, change(fieldsOf(context, record, lane)))
}

function takeBack(record: RecordRow): void {
  if (record.leaseOwner !== undefined) fence(record)
}

function note(context: MemoryContext, recordId: string, actor: string, body: unknown): void {
  appendJournal(context, [{ kind: 'person', recordId, actor, body }])
}
