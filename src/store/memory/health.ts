/** The health of places and systems, and the pause of the work. */
import type { LaneDelay } from '../../model/health/contract.ts'
import type { HealthCounts, PlaceNote, SystemNote } from '../health-contract.ts'
import { appendJournal, key, type MemoryContext } from './tables.ts'

/** Implements `Store.notePlace`. */
export function notePlace({ tables, now }: MemoryContext, note: PlaceNote): void {
  const { system, entity, declared, read, failure, nextAt } = note
  const at = now()
  const { failing, ...known } = tables.placeHealth.get(key(system, entity)) ?? { system, entity, failures: 0 }
  const goesOn = failure === undefined && read === undefined && failing !== undefined
  tables.placeHealth.set(key(system, entity), {
    ...known,
    ...declared,
    ...(read === undefined ? {} : { readAt: at, readMs: read.ms, failures: 0 }),
    ...(read?.compared === true ? { comparedAt: at } : {}),
    ...(goesOn ? { failing } : {}),
    ...(failure === undefined
      ? {}
      : { failures: known.failures + 1, failing: { ...failure, since: failing?.since ?? at, at } }),
    ...(nextAt === undefined ? {} : { nextAt }),
  })
}

/** Implements `Store.noteSystem`. */
export function noteSystem({ tables, now }: MemoryContext, note: SystemNote): void {
  const { system } = note
  const { paused: before, ...known } = tables.systemHealth.get(system) ?? { system }
  if ('heard' in note) {
    tables.systemHealth.set(system, {
      ...known,
      ...(before === undefined ? {} : { paused: before }),
      heardAt: now(),
    })
    return
  }
  const { paused } = note
  tables.systemHealth.set(system, {
    ...known,
    ...(paused === undefined ? {} : { paused: { ...paused, since: before?.since ?? now() } }),
  })
}

/** Health as part of the status. */
export function countHealth({ tables }: MemoryContext): HealthCounts {
  const delays = new Map<string, { count: number; since: number | undefined } & Omit<LaneDelay, 'since'>>()
  for (const members of tables.members.values()) {
    for (const { recordId, system, entity, lane, laneAttempts } of members.values()) {
      const record = tables.records.get(recordId)
      if (record === undefined || record.state === 'tombstoned' || record.state === 'ignored') continue
      const dirty = record.dirtySeq > record.cleanSeq
      if (lane.state === 'open' && !(laneAttempts > 0 && dirty)) continue
      const group = key(system, entity, lane.state, lane.reason ?? '')
      const delay = delays.get(group) ?? {
        system,
        entity,
        lane: lane.state,
        ...(lane.reason === undefined ? {} : { reason: lane.reason }),
        count: 0,
        since: undefined,
      }
      delay.count += 1
      delay.since = earlier(delay.since, dirty ? record.dirtySince : undefined)
      delays.set(group, delay)
    }
  }
  const sorted = [...delays.values()].sort((a, b) => b.count - a.count)
  return {
    places: [...tables.placeHealth.entries()].sort().map(([, place]) => place),
    systems: [...tables.systemHealth.entries()].sort().map(([, system]) => system),
    delays: sorted.map(({ since, ...delay }) => ({ ...delay, ...(since === undefined ? {} : { since }) })),
  }
}

/** The earlier of two times, either of which may be missing. */
export function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other)
}

/** Implements `AdminStore.pause`. */
export function pauseWork(context: MemoryContext, actor: string, reason: string | undefined): boolean {
  if (context.tables.pause !== undefined) return false
  const why = reason === undefined ? {} : { reason }
  context.tables.pause = { actor, at: context.now(), ...why }
  appendJournal(context, [{ kind: 'person', actor, body: { paused: true, ...why } }])
  return true
}

/** Implements `AdminStore.resume`. */
export function resumeWork(context: MemoryContext, actor: string): boolean {
  if (context.tables.pause === undefined) return false
  context.tables.pause = undefined
  appendJournal(context, [{ kind: 'person', actor, body: { paused: false } }])
  return true
}
