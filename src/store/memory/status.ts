/** Counts for the status page. */
import type { StatusCounts, SystemCounts } from '../admin-contract.ts'
import type { RunRow } from '../contract.ts'
import { key, type MemoryContext } from './tables.ts'

export function countStatus(context: MemoryContext, workers: number): StatusCounts {
  const { tables } = context
  const now = context.now()
  const records: Record<string, number> = {}
  const queue = { due: 0, waiting: 0, running: 0 }
  let oldestDueAt: number | undefined
  for (const row of tables.records.values()) {
    records[row.state] = (records[row.state] ?? 0) + 1
    if (row.dirtySeq <= row.cleanSeq) continue
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
    queue: { ...queue, ...(oldestDueAt === undefined ? {} : { oldestDueAt }) },
    systems: countSystems(context),
    open: {
      conflicts: count(tables.conflicts.values(), (row) => row.state === 'open'),
      failures: count(tables.failures.values(), (row) => row.closedAt === undefined),
      matches: tables.reviews.size,
      holds: count(tables.holds.values(), (row) => row.closedAt === undefined),
      intents: tables.openIntents.size,
    },
    workers,
  }
}

function countSystems({ tables }: MemoryContext): readonly SystemCounts[] {
  const found = new Map<
    string,
    { system: string; entity: string; linked: number; lanes: Record<string, number> }
  >()
  for (const members of tables.members.values()) {
    for (const { system, entity, state, lane } of members.values()) {
      const row = found.get(key(system, entity)) ?? { system, entity, linked: 0, lanes: {} }
      found.set(key(system, entity), row)
      if (state === 'linked' || state === 'suspect') row.linked += 1
      row.lanes[lane] = (row.lanes[lane] ?? 0) + 1
    }
  }
  return [...found.entries()].sort().map(([rowKey, row]) => {
    const lastRun = lastRunOf([...tables.runs.values()], row)
    const cursor = tables.cursors.get(rowKey)
    return {
      ...row,
      ...(lastRun === undefined ? {} : { lastRun }),
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
