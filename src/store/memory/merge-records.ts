/** People's decisions about duplicates: the same, apart, or undoing either. */

import { openLane } from '../../model/lane.ts'
import type { DuplicateResponse, MergeRequest } from '../duplicates-contract.ts'
import {
  agreedFromShadows,
  isLive,
  type MergeBefore,
  type MergeMember,
  type MergePlan,
  overlapsOf,
  planMerge,
  planUndo,
  type RestoredMember,
} from '../merge-plan.ts'
import { becomeAlias, handOn, settleConflicts } from './alias.ts'
import { releaseDependencies, releaseTarget } from './dependencies.ts'
import { sideOf } from './duplicate-lists.ts'
import { inheritDuplicates, markAll, pairRow, refreshDuplicates, reopen } from './duplicates.ts'
import { linkMoved } from './identity.ts'
import { documentOf, fieldsOf, replaceAgreed } from './member-documents.ts'
import { closeFailure } from './pass-rows.ts'
import {
  apartKey,
  appendJournal,
  blankMember,
  type DuplicateTableRow,
  dropKeys,
  fence,
  type MemberRow,
  type MemoryContext,
  membersOf,
  openIntentsOf,
  putMember,
  type RecordRow,
  setNativeId,
} from './tables.ts'

const living: ReadonlySet<string> = new Set(['active', 'review', 'candidate'])

/** Implements `AdminStore.mergeRecords`. */
export function mergeRecords(
  context: MemoryContext,
  request: MergeRequest,
  actor: string,
): DuplicateResponse {
  const { tables } = context
  const keep = tables.records.get(request.keep)
  const drop = tables.records.get(request.drop)
  if (keep === undefined || drop === undefined || keep === drop) return { kind: 'unknown' }
  const problem = mergeProblem(context, keep, drop)
  if (problem !== undefined) return { kind: 'refused', reason: problem }
  const overlaps = overlapsOf(sideOf(context, keep.id), sideOf(context, drop.id))
  const before: MergeBefore = {
    keep: planMembers(context, keep.id),
    drop: planMembers(context, drop.id),
    dropState: drop.state === 'active' || drop.state === 'review' ? drop.state : 'candidate',
    keys: [...(tables.recordKeys.get(drop.id) ?? [])].map(([mac, key]) => ({ mac, ...key })),
  }
  const plan = planMerge(before.keep, before.drop, {
    survivors: request.survivors,
    suggested: new Map(overlaps.map(({ system, suggested }) => [system, suggested])),
  })
  if (typeof plan === 'string') return { kind: 'refused', reason: plan }
  const id = merge(context, { keep, drop, plan, before, request, actor })
  const body = {
    same: { duplicate: id, kept: keep.id, merged: drop.id, taken: plan.taken, others: request.others },
  }
  for (const [recordId, side] of [
    [keep.id, before.keep],
    [drop.id, before.drop],
  ] as const) {
    const had = side.flatMap((member) => (isLive(member) ? [`${member.system}:${member.nativeId}`] : []))
    appendJournal(context, [{ kind: 'person', recordId, actor, body: { ...body, had } }])
  }
  return { kind: 'ok', id }
}

function mergeProblem({ tables }: MemoryContext, keep: RecordRow, drop: RecordRow): string | undefined {
  if (keep.entity !== drop.entity) return `one is a ${keep.entity}, the other a ${drop.entity}`
  const gone = [keep, drop].find(({ state }) => !living.has(state))
  if (gone !== undefined) return `record ${gone.id} is ${gone.state}; list the matches again`
  const [intent] = [...openIntentsOf(tables, keep.id), ...openIntentsOf(tables, drop.id)]
  if (intent === undefined) return undefined
  return `a write to ${intent.system} is in progress for record ${intent.recordId}; try again in a minute`
}

function planMembers({ tables }: MemoryContext, recordId: string): readonly MergeMember[] {
  return membersOf(tables, recordId).map(({ system, nativeId, state }) => ({ system, nativeId, state }))
}

function merge(
  context: MemoryContext,
  at: {
    readonly keep: RecordRow
    readonly drop: RecordRow
    readonly plan: MergePlan
    readonly before: MergeBefore
    readonly request: MergeRequest
    readonly actor: string
  },
): string {
  const { tables } = context
  const { keep, drop, plan, before, request, actor } = at
  for (const record of [keep, drop]) if (record.leaseOwner !== undefined) fence(record)
  moveNatives(context, keep, drop, plan)
  becomeAlias(tables, drop, keep.id)
  drop.state = 'deleting'
  drop.removal = request.others
  handOn(drop, keep)
  keep.merging = [...keep.merging.filter((id) => id !== drop.id), drop.id]
  for (const { id } of [keep, drop]) tables.reviews.delete(id)
  if (keep.state === 'review') keep.state = 'candidate'
  dropKeys(tables, drop.id)
  tables.apart.delete(apartKey(keep.id, drop.id))
  settleConflicts(tables, drop.id)
  inheritDuplicates(context, drop, keep, undefined)
  const row = pairRow(context, keep, drop.id)
  Object.assign(row, {
    state: 'same',
    survivorId: keep.id,
    closedAt: context.now(),
    decidedBy: actor,
    before,
  })
  for (const { id } of [keep, drop]) refreshDuplicates(context, id)
  openHeldLanes(context, keep.id)
  for (const system of plan.taken) settleLane(context, keep.id, system)
  for (const { system } of membersOf(tables, drop.id)) settleLane(context, drop.id, system)
  for (const { id } of [keep, drop]) markAll(context, id, 'person:merge')
  releaseTarget(context, drop.id)
  releaseDependencies(context, keep.id)
  return row.id
}

/**
 * Sets the members that the kept record takes, and those that remain with the dropped one, so that an edit of
 * either is noticed.
 */
function moveNatives(context: MemoryContext, keep: RecordRow, drop: RecordRow, plan: MergePlan): void {
  const { tables } = context
  const now = context.now()
  for (const { system, nativeId, state } of plan.left) {
    const own = tables.members.get(keep.id)?.get(system)
    const theirs = tables.members.get(drop.id)?.get(system)
    const blank = blankMember(context, drop.id, system, drop.entity)
    if (!plan.taken.includes(system)) {
      replaceMember(context, { ...blank, state, fields: theirs?.fields ?? blank.fields }, nativeId)
      continue
    }
    const taken = theirs === undefined ? undefined : { ...theirs }
    for (const row of [theirs, own]) if (row !== undefined) setNativeId(tables, row, undefined, now)
    const fields =
      own === undefined ? blank.fields : documentOf(context, drop, system, fieldsOf(context, keep, own))
    replaceMember(context, { ...blank, state, fields }, nativeId)
    if (taken !== undefined) linkMoved(context, drop, keep, taken)
  }
}

function replaceMember(context: MemoryContext, row: MemberRow, nativeId: string | undefined): void {
  const { tables } = context
  const before = tables.members.get(row.recordId)?.get(row.system)
  if (before !== undefined) setNativeId(tables, before, undefined, context.now())
  putMember(tables, row)
  setNativeId(tables, row, nativeId, context.now())
}

function settleLane({ tables, ...context }: MemoryContext, recordId: string, system: string): void {
  closeFailure({ tables, ...context }, { recordId, system })
  for (const hold of tables.holds.values()) {
    if (hold.recordId !== recordId || (hold.system !== undefined && hold.system !== system)) continue
    hold.closedAt ??= context.now()
    hold.decision ??= 'over'
  }
}

/** Opens lanes that waited for a decision about a duplicate. */
function openHeldLanes(context: MemoryContext, recordId: string): void {
  for (const member of membersOf(context.tables, recordId)) {
    if (member.lane.reason !== 'duplicate') continue
    Object.assign(member, { lane: openLane, laneAttempts: 0 })
    closeFailure(context, { recordId, system: member.system })
  }
}

/** Implements `AdminStore.keepApart`. */
export function keepApart(
  context: MemoryContext,
  recordId: string,
  otherId: string,
  actor: string,
): DuplicateResponse {
  const { tables } = context
  const one = tables.records.get(recordId)
  const other = tables.records.get(otherId)
  if (one === undefined || other === undefined || one === other) return { kind: 'unknown' }
  const row = pairRow(context, one, otherId)
  if (row.state === 'same')
    return { kind: 'refused', reason: 'they were declared the same; undo that decision first' }
  for (const record of [one, other]) if (record.leaseOwner !== undefined) fence(record)
  tables.apart.add(apartKey(recordId, otherId))
  decideApart(context, row, actor)
  if (row.cause === 'merge' && row.system !== undefined) {
    const loser = row.survivorId === row.recordId ? row.otherId : row.recordId
    forgetGone(context, loser, row.system)
  }
  for (const id of [recordId, otherId]) {
    openHeldLanes(context, id)
    refreshDuplicates(context, id)
    markAll(context, id, 'person:merge')
    const apart = [id === recordId ? otherId : recordId]
    appendJournal(context, [{ kind: 'person', recordId: id, actor, body: { apart, duplicate: row.id } }])
  }
  return { kind: 'ok', id: row.id }
}

export function decideApart(context: MemoryContext, row: DuplicateTableRow, actor: string): void {
  Object.assign(row, { state: 'apart', closedAt: context.now(), decidedBy: actor, before: undefined })
}

/**
 * Removes what remains of a merge in a system that the record is to be kept apart from: it has no counterpart
 * there any more.
 */
function forgetGone(context: MemoryContext, recordId: string, system: string): void {
  const member = context.tables.members.get(recordId)?.get(system)
  if (member?.state !== 'gone') return
  replaceMember(context, blankMember(context, recordId, system, member.entity), undefined)
}

/** Implements `AdminStore.undoDuplicate`. */
export function undoDuplicate(context: MemoryContext, id: string, actor: string): DuplicateResponse {
  const { tables } = context
  const row = [...tables.duplicates.values()].find((other) => other.id === id)
  if (row === undefined) return { kind: 'unknown' }
  const { state } = row
  if (state !== 'same' && state !== 'apart') return { kind: 'refused', reason: 'it has not been decided yet' }
  const ids = [row.recordId, row.otherId]
  const records = ids.flatMap((recordId) => tables.records.get(recordId) ?? [])
  if (state === 'same') {
    const problem = undoSame(context, row, records)
    if (problem !== undefined) return { kind: 'refused', reason: problem }
  } else {
    for (const record of records) if (record.leaseOwner !== undefined) fence(record)
    tables.apart.delete(apartKey(row.recordId, row.otherId))
    Object.assign(row, { state: 'over', decidedBy: undefined })
    for (const recordId of ids) refreshDuplicates(context, recordId)
  }
  for (const recordId of ids) {
    markAll(context, recordId, 'person:merge')
    appendJournal(context, [{ kind: 'person', recordId, actor, body: { undone: state, duplicate: id } }])
  }
  return { kind: 'ok', id }
}

/** Returns a sentence where the two have changed too much to be undone. */
function undoSame(
  context: MemoryContext,
  row: DuplicateTableRow,
  records: readonly RecordRow[],
): string | undefined {
  const { tables } = context
  const { before } = row
  const keep = records.find(({ id }) => id === row.survivorId)
  const drop = records.find(({ id }) => id !== row.survivorId)
  if (keep === undefined || drop === undefined || before === undefined)
    return 'their state before the merge is not known'
  const [intent] = [...openIntentsOf(tables, keep.id), ...openIntentsOf(tables, drop.id)]
  if (intent !== undefined) return `a write to ${intent.system} is in progress; try again in a minute`
  const plan = planUndo(before, planMembers(context, keep.id), planMembers(context, drop.id))
  if (typeof plan === 'string') return plan
  for (const record of [keep, drop]) if (record.leaseOwner !== undefined) fence(record)
  const shadows = membersOf(tables, drop.id).map((member) => ({
    system: member.system,
    fields: fieldsOf(context, drop, member),
  }))
  for (const system of plan.systems) {
    for (const { id } of [keep, drop]) {
      const member = tables.members.get(id)?.get(system)
      if (member !== undefined) setNativeId(tables, member, undefined, context.now())
    }
  }
  for (const member of plan.keep) placeMember(context, keep, member)
  for (const member of plan.drop) placeMember(context, drop, member)
  const wasCandidate = before.dropState !== 'active'
  drop.aliasOf = undefined
  drop.removal = undefined
  drop.tombstoneRev = undefined
  drop.state = wasCandidate && !plan.lost ? 'candidate' : 'active'
  if (wasCandidate && plan.lost) {
    drop.rev = Math.max(1, drop.rev)
    replaceAgreed(context, drop, agreedFromShadows(shadows, context.now()))
  }
  keep.merging = keep.merging.filter((id) => id !== drop.id)
  restoreKeys(context, drop.id, before)
  reopen(context, row)
  return undefined
}

function placeMember(
  context: MemoryContext,
  record: RecordRow,
  { system, nativeId, state, fields }: RestoredMember,
): void {
  const blank = blankMember(context, record.id, system, record.entity)
  const known = context.tables.members.get(record.id)?.get(system)?.fields
  replaceMember(
    context,
    { ...blank, state, fields: fields === 'kept' ? (known ?? blank.fields) : blank.fields },
    nativeId,
  )
}

function restoreKeys({ tables }: MemoryContext, recordId: string, { keys }: MergeBefore): void {
  tables.recordKeys.set(recordId, new Map(keys.map(({ mac, rule, kind }) => [mac, { rule, kind }])))
  for (const { mac } of keys) {
    const holders = tables.keyRecords.get(mac) ?? new Set<string>()
    tables.keyRecords.set(mac, holders.add(recordId))
  }
}
