/** Counts for the status page. */
import type { StatusCounts, SystemCounts } from '../admin-contract.ts'
import type { RunRow } from '../contract.ts'
import { countHealth, earlier } from './health.ts'
import { key, type MemoryContext, membersOf } from './tables.ts'

/** Implements `AdminStore.status`. */
export function countStatus(context: MemoryContext, workers: number): StatusCounts {
  const { tables } = context
  const now = context.now()
  const records: Record<string, number> = {}
  const queue = { due: 0, waiting: 0, running: 0 }
  let oldestDueAt: number | undefined
  let oldestSince: number | undefined
  for (const row of tables.records.values()) {
    records[row.state] = (records[row.state] ?? 0) + 1
    if (row.dirtySeq <= row.cleanSeq) continue
    const confirms = membersOf(tables, row.id).some((member) => member.state === 'suspect')
    if (row.state !== 'candidate' && !confirms) oldestSince = earlier(oldestSince, row.dirtySince)
    if (row.leaseOwner !== undefined) queue.running += 1
    else if (row.nextAt > now) queue.waiting += 1
    else {
      queue.due += 1
      oldestDueAt = Math.min(oldestDueAt ?? row.nextAt, row.nextAt)
    }
  }
  return {
    now,
    records,
    queue: {
      ...queue,
      ...(oldestDueAt === undefined ? {} : { oldestDueAt }),
      ...(oldestSince === undefined ? {} : { oldestSince }),
    },
    systems: countSystems(context),
    open: {
      conflicts: count(tables.conflicts.values(), (row) => row.state === 'open'),
      failures: count(tables.failures.values(), (row) => row.closedAt === undefined),
      matches:
        tables.reviews.size +
        count(
          tables.duplicates.values(),
          (row) =>
            row.state === 'open' && !tables.reviews.has(row.recordId) && !tables.reviews.has(row.otherId),
        ),
      holds: count(tables.holds.values(), (row) => row.closedAt === undefined),
      intents: tables.openIntents.size,
    },
    workers,
    health: countHealth(context),
    ...(tables.pause === undefined ? {} : { paused: tables.pause }),
  }
}

interface Group {
  readonly system: string
  readonly entity: string
  linked: number
  readonly lanes: Record<string, number>
  backlog?: { readonly count: number; readonly since?: number }
}

function countSystems({ tables }: MemoryContext): readonly SystemCounts[] {
  const found = new Map<string, Group>()
  const groupOf = ({ system, entity }: Pick<Group, 'system' | 'entity'>): Group => {
    const group = found.get(key(system, entity)) ?? { system, entity, linked: 0, lanes: {} }
    found.set(key(system, entity), group)
    return group
  }
  for (const members of tables.members.values()) {
    for (const member of members.values()) {
      const row = groupOf(member)
      if (member.state === 'linked' || member.state === 'suspect') row.linked += 1
      row.lanes[member.lane.state] = (row.lanes[member.lane.state] ?? 0) + 1
      const record = tables.records.get(member.recordId)
      if (record === undefined || record.dirtySeq <= record.cleanSeq) continue
      const since = earlier(row.backlog?.since, record.dirtySince)
      row.backlog = { count: (row.backlog?.count ?? 0) + 1, ...(since === undefined ? {} : { since }) }
    }
  }
  const runs = [...tables.runs.values()]
  for (const run of runs) groupOf(run)
  return [...found.entries()].sort().map(([rowKey, row]) => {
    const lastRun = lastRunOf(runs, row)
    const ended = runs.filter(({ finishedAt }) => finishedAt !== undefined)
    const lastEnded = lastRunOf(ended, row)
    const cursor = tables.cursors.get(rowKey)
    const lastCompleteAt = runs
      .filter((run) => run.kind === 'full' && run.complete === true)
      .filter((run) => run.system === row.system && run.entity === row.entity)
      .reduce<number | undefined>((at, run) => Math.max(at ?? 0, run.finishedAt ?? 0), undefined)
    return {
      ...row,
      ...(lastRun === undefined ? {} : { lastRun }),
      ...(lastEnded === undefined ? {} : { lastEnded }),
      ...(lastCompleteAt === undefined ? {} : { lastCompleteAt }),
      ...(cursor === undefined ? {} : { cursorAt: cursor.at }),
    }
  })
}

function lastRunOf(
  runs: readonly RunRow[],
  { system, entity }: { readonly system: string; readonly entity: string },
): RunRow | undefined {
  return runs
    .filter((run) => run.system === system && run.entity === entity)
    .reduce<RunRow | undefined>(
      (latest, run) => (latest === undefined || run.startedAt >= latest.startedAt ? run : latest),
      undefined,
    )
}

function count<Row>(rows: Iterable<Row>, matches: (row: Row) => boolean): number {
  let found = 0
  for (const row of rows) if (matches(row)) found += 1
  return found
}
