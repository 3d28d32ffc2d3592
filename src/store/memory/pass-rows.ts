/** The side rows of a pass: conflicts, failures, holds, dependencies, marks. */
import type { ConflictCandidate } from '../../model/merge/contract.ts'
import { conflictPlace, withMoreCandidates } from '../conflict-candidates.ts'
import type { FailureDraft, HoldDraft, Lease, PassRows } from '../contract.ts'
import { decodePlain, encodePlain } from '../documents.ts'
import { addDependencies } from './dependencies.ts'
import { applyMarks } from './intake.ts'
import { key, type MemoryContext } from './tables.ts'
import { writeValueWaits } from './value-waits.ts'

/** Writes the side rows of a commit. */
export function writePassRows(context: MemoryContext, rows: PassRows & { readonly lease: Lease }): void {
  writeConflicts(context, rows)
  for (const hold of rows.holds ?? []) openHold(context, hold)
  for (const cleared of rows.clearedHolds ?? []) closeHolds(context, cleared)
  for (const failure of rows.failures ?? []) upsertFailure(context, failure)
  for (const cleared of rows.clearedFailures ?? []) closeFailure(context, cleared)
  applyMarks(context, rows.marks ?? [], 'record')
  addDependencies(context, rows.dependencies ?? [])
  writeValueWaits(context, rows)
}

export function closeFailure(
  context: MemoryContext,
  { recordId, system, code }: NonNullable<PassRows['clearedFailures']>[number],
): void {
  const { failures } = context.tables
  const row = failures.get(key(recordId, system))
  if (row !== undefined && row.closedAt === undefined && (code === undefined || row.code === code)) {
    failures.set(key(recordId, system), { ...row, closedAt: context.now() })
  }
}

function writeConflicts(context: MemoryContext, { conflicts, lease }: PassRows & { readonly lease: Lease }) {
  const { tables, codec } = context
  const entity = tables.records.get(lease.recordId)?.entity ?? ''
  for (const { id, field, candidates, policy, winner } of conflicts ?? []) {
    const place = conflictPlace(id, lease.recordId)
    const earlier = tables.conflicts.get(id)
    if (earlier?.state === 'decided') continue
    const known =
      earlier === undefined ? [] : decodePlain<readonly ConflictCandidate[]>(codec, place, earlier.candidates)
    tables.conflicts.set(id, {
      id,
      recordId: lease.recordId,
      entity,
      field,
      policy,
      state: winner === undefined ? 'open' : 'decided',
      winner,
      decidedBy: winner === undefined ? undefined : 'policy',
      at: earlier?.at ?? context.now(),
      candidates: encodePlain(codec, place, withMoreCandidates(known, candidates)),
    })
  }
}

function openHold(context: MemoryContext, draft: HoldDraft): void {
  const { holds } = context.tables
  for (const row of holds.values()) {
    if (
      row.closedAt === undefined &&
      row.recordId === draft.recordId &&
      row.kind === draft.kind &&
      row.system === draft.system &&
      row.field === draft.field
    ) {
      // A waiting hold names what it waits for now.
      if (row.kind === 'delete-waits') holds.set(row.id, { ...row, reason: draft.reason })
      return
    }
  }
  holds.set(draft.id, { ...draft, at: context.now() })
}

export function closeHolds(
  context: MemoryContext,
  cleared: NonNullable<PassRows['clearedHolds']>[number],
): void {
  for (const row of context.tables.holds.values()) {
    const concerned =
      row.closedAt === undefined &&
      row.recordId === cleared.recordId &&
      row.kind === cleared.kind &&
      (cleared.system === undefined || row.system === cleared.system) &&
      (cleared.field === undefined || row.field === cleared.field)
    if (!concerned) continue
    row.closedAt = context.now()
    row.decision = 'over'
  }
}

function upsertFailure(context: MemoryContext, draft: FailureDraft): void {
  const { failures } = context.tables
  const rowKey = key(draft.recordId, draft.system)
  const earlier = failures.get(rowKey)
  const now = context.now()
  const open = earlier !== undefined && earlier.closedAt === undefined
  failures.set(rowKey, {
    ...draft,
    firstAt: open ? earlier.firstAt : now,
    lastAt: now,
    count: open ? earlier.count + 1 : 1,
  })
}
