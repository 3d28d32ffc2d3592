/** Full runs: listed records are staged, compared with the members, and marked. */
import type { Cause } from '../../model/cause.ts'
import { IsthmusError } from '../../model/errors.ts'
import type { GuardReservation, RunComparison, RunRow, StagedRecord, Store } from '../contract.ts'
import { isNativeId } from '../native-id.ts'
import { isListed, isOutdated } from './binding.ts'
import { applyMarks } from './intake.ts'
import { key, type MemberRow, type MemoryContext, markDirty } from './tables.ts'

export const guardWindowMs = 86_400_000

/** Implements `RunStore.startRun`. */
export function startRun(
  context: MemoryContext,
  run: Pick<RunRow, 'id' | 'kind' | 'system' | 'entity'>,
): void {
  const { id, kind, system, entity } = run
  context.tables.runs.set(id, { id, kind, system, entity, startedAt: context.now(), seen: 0 })
  context.tables.stages.set(id, new Map())
}

export function stage(context: MemoryContext, runId: string, records: readonly StagedRecord[]): void {
  const { tables } = context
  const run = tables.runs.get(runId)
  const staged = tables.stages.get(runId)
  if (run === undefined || staged === undefined) throw unknownRun(runId)
  for (const { nativeId, digest } of records) if (isNativeId(nativeId)) staged.set(nativeId, digest)
  tables.runs.set(runId, { ...run, seen: run.seen + records.length })
}

/** Implements `RunStore.finishRun`. */
export function finishRun(context: MemoryContext, request: Parameters<Store['finishRun']>[0]): RunComparison {
  const { tables } = context
  const run = tables.runs.get(request.id)
  const staged = tables.stages.get(request.id)
  if (run === undefined || staged === undefined) throw unknownRun(request.id)
  const { complete, expected, seen, reason, observeMissing } = request
  const found = compare(context, run, staged)
  const readsMissing = found.missing > 0 && found.missing <= (observeMissing ?? 0)
  if (complete || readsMissing) markAll(context, run, missingMembers(context, run, staged))
  tables.stages.delete(request.id)
  if (complete) wakeFirstLoad(context, run)
  tables.runs.set(run.id, {
    ...run,
    finishedAt: context.now(),
    seen,
    complete,
    ...(expected === undefined ? {} : { expected }),
    ...(reason === undefined ? {} : { reason }),
    ...(readsMissing ? { missingObserved: true } : {}),
    created: found.discovered,
    changed: found.changed,
    missing: found.missing,
  })
  return found
}

/** Implements `RunStore.dropRun`. */
export function dropRun(
  { tables, now }: MemoryContext,
  { id, reason }: Parameters<Store['dropRun']>[0],
): void {
  const run = tables.runs.get(id)
  if (run === undefined || run.finishedAt !== undefined) return
  tables.stages.delete(id)
  const nothing = { created: 0, changed: 0, missing: 0 }
  tables.runs.set(id, { ...run, finishedAt: now(), complete: false, reason, ...nothing })
}

/** Records whose create waits until this place was listed are due at once: the list has completed. */
export function wakeFirstLoad(
  { tables, now }: MemoryContext,
  { system, entity }: Pick<RunRow, 'system' | 'entity'>,
): void {
  for (const id of tables.dirty) {
    const record = tables.records.get(id)
    const member = tables.members.get(id)?.get(system)
    const waits =
      member?.entity === entity && member.lane.state === 'waiting' && member.lane.reason === 'first-load'
    if (record !== undefined && waits) record.nextAt = Math.min(record.nextAt, now())
  }
}

function compare(
  context: MemoryContext,
  run: RunRow,
  staged: ReadonlyMap<string, Uint8Array>,
): RunComparison {
  const { tables } = context
  let unchanged = 0
  let changed = 0
  let discovered = 0
  const { system, entity } = run
  const missing = missingMembers(context, run, staged).length
  for (const [nativeId, digest] of staged) {
    const holder = tables.natives.get(key(system, entity, nativeId))
    const member = holder === undefined ? undefined : tables.members.get(holder)?.get(system)
    if (member === undefined) {
      applyMarks(context, [{ system, entity, nativeId }], causeOf(context, run))
      discovered += 1
    } else if (sameAsShadow(member, digest) && !isOutdated(tables, member)) {
      unchanged += 1
    } else {
      markAll(context, run, [member])
      changed += 1
    }
  }
  return { unchanged, changed, discovered, missing }
}

/** A member observed gone, once or confirmed, is read whatever the listed values are: it exists again. */
function sameAsShadow(member: MemberRow, digest: Uint8Array): boolean {
  if (member.state === 'suspect' || member.state === 'gone' || member.shadowMac === undefined) return false
  return Buffer.compare(member.shadowMac, digest) === 0
}

function missingMembers(
  { tables }: MemoryContext,
  run: RunRow,
  staged: ReadonlyMap<string, Uint8Array>,
): readonly MemberRow[] {
  const missing: MemberRow[] = []
  for (const record of tables.records.values()) {
    const member = record.state === 'active' ? tables.members.get(record.id)?.get(run.system) : undefined
    if (member?.nativeId === undefined || member.entity !== run.entity || staged.has(member.nativeId))
      continue
    const before = (member.linkedAt ?? 0) < run.startedAt
    if (before && (member.state === 'linked' || member.state === 'suspect')) missing.push(member)
  }
  return missing
}

function markAll(context: MemoryContext, run: RunRow, members: readonly MemberRow[]): void {
  const cause = causeOf(context, run)
  for (const { recordId } of members) {
    const record = context.tables.records.get(recordId)
    if (record !== undefined) markDirty(context.tables, record, [run.system], { now: context.now(), cause })
  }
}

/** The first complete list of a place, or a later one. */
function causeOf(context: MemoryContext, run: RunRow): Cause {
  return `${isListed(context, run) ? 'run' : 'first-load'}:${run.id}`
}

/** Counts against the mass-change guard: granted as a whole or not at all. */
export function reserveOne(context: MemoryContext, reservation: GuardReservation): boolean {
  const { tables } = context
  const { system, entity, operation, count, share, atLeast } = reservation
  const now = context.now()
  const guardKey = key(system, entity, operation)
  const spent = tables.guardCounts
    .filter((row) => row.key === guardKey && row.at > now - guardWindowMs)
    .reduce((sum, row) => sum + row.count, 0)
  const limit = Math.max(atLeast, Math.floor(share * linkedCount(context, system, entity)))
  if (count > 0 && spent + count > limit) return false
  tables.guardCounts.push({ key: guardKey, at: now, count })
  return true
}

export function linkedCount({ tables }: MemoryContext, system: string, entity: string): number {
  let count = 0
  for (const members of tables.members.values()) {
    const member = members.get(system)
    if (member?.state === 'linked' && member.entity === entity) count += 1
  }
  return count
}

function unknownRun(id: string): IsthmusError {
  return new IsthmusError('STORE_RUN_UNKNOWN', `run ${id} is not in progress`)
}
