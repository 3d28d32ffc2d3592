/** Records that wait for another record's counterpart, and their release. */
import { openLane } from '../../model/lane.ts'
import type { DependencyDraft } from '../contract.ts'
import { key, type MemoryContext, markDirty, membersOf } from './tables.ts'

/**
 * Writes the targets that the fields wait for. Earlier targets of the same kind (native ids, or records) that
 * a field no longer waits for are dropped.
 */
export function addDependencies(context: MemoryContext, drafts: readonly DependencyDraft[]): void {
  const { dependencies } = context.tables
  const wayOf = ({ recordId, system, field, target }: DependencyDraft): string =>
    key(recordId, system, field, target === undefined ? 'record' : 'native')
  const ways = new Set(drafts.map(wayOf))
  if (drafts.length > 0) {
    for (const [known, draft] of dependencies) if (ways.has(wayOf(draft))) dependencies.delete(known)
  }
  for (const draft of drafts) addDependency(context, draft)
}

/** If its target already exists, the waiting record is due at once (no wake-up is lost). */
function addDependency(context: MemoryContext, draft: DependencyDraft): void {
  const { target } = draft
  const dependencyKey = key(
    ...[draft.recordId, draft.system, draft.field, draft.targetRecordId ?? ''],
    ...(target === undefined ? [] : [target.system, target.entity, target.nativeId]),
  )
  context.tables.dependencies.set(dependencyKey, draft)
  if (satisfied(context, draft)) release(context, dependencyKey, draft)
}

/** Called when the record got a counterpart or became active. */
export function releaseDependencies(context: MemoryContext, recordId: string): void {
  const natives = new Set(
    membersOf(context.tables, recordId).map(({ system, entity, nativeId }) =>
      key(system, entity, nativeId ?? ''),
    ),
  )
  for (const [dependencyKey, draft] of context.tables.dependencies) {
    const target = draft.target
    const concerned =
      draft.targetRecordId === recordId ||
      (target !== undefined && natives.has(key(target.system, target.entity, target.nativeId)))
    if (concerned && satisfied(context, draft)) release(context, dependencyKey, draft)
  }
}

/**
 * The record has become part of another one: records that wait for a counterpart of it determine again what
 * they wait for.
 */
export function releaseTarget(context: MemoryContext, recordId: string): void {
  for (const [dependencyKey, draft] of context.tables.dependencies)
    if (draft.targetRecordId === recordId) release(context, dependencyKey, draft)
}

function satisfied({ tables }: MemoryContext, draft: DependencyDraft): boolean {
  if (draft.targetRecordId !== undefined) {
    const counterpart = tables.members.get(draft.targetRecordId)?.get(draft.system)
    return counterpart?.nativeId !== undefined && counterpart.state !== 'gone'
  }
  const { system, entity, nativeId } = draft.target ?? { system: '', entity: '', nativeId: '' }
  const holder = tables.natives.get(key(system, entity, nativeId))
  const state = holder === undefined ? undefined : tables.records.get(holder)?.state
  return state !== undefined && state !== 'candidate' && state !== 'review'
}

function release(context: MemoryContext, dependencyKey: string, draft: DependencyDraft): void {
  const { tables } = context
  tables.dependencies.delete(dependencyKey)
  const waiting = tables.records.get(draft.recordId)
  if (waiting === undefined) return
  markDirty(
    tables,
    waiting,
    draft.target === undefined ? [draft.system] : [draft.system, draft.target.system],
    { now: context.now(), cause: 'record' },
  )
  const member = tables.members.get(waiting.id)?.get(draft.system)
  if (member?.lane.state !== 'waiting') return
  member.lane = openLane
  // Waiting was no failure: the next failure starts with a short back-off.
  member.laneAttempts = 0
}
