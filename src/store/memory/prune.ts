/** Retention: removes expired data, a bounded number of rows of each kind. */
import type { PruneRequest, PruneResult, RunRow } from '../contract.ts'
import type { MemoryContext, MemoryTables } from './tables.ts'

const guardCountsMs = 2 * 86_400_000

/** Implements `Store.prune`. */
export function prune(context: MemoryContext, request: PruneRequest): PruneResult {
  const { tables } = context
  const { limit, historyBefore, deadLettersBefore, deliveriesBefore } = request
  const guardBefore = context.now() - guardCountsMs
  return {
    journal: pruneJournal(tables, historyBefore, limit),
    intents: pruneIntents(tables, historyBefore, limit),
    conflicts: drop(tables.conflicts, limit, (row) => row.state === 'decided' && row.at < historyBefore),
    holds: drop(tables.holds, limit, (row) => (row.closedAt ?? Number.POSITIVE_INFINITY) < historyBefore),
    failures: drop(
      tables.failures,
      limit,
      (row) => (row.closedAt ?? Number.POSITIVE_INFINITY) < deadLettersBefore,
    ),
    deliveries: drop(tables.deliveries, limit, (row) => row.at < deliveriesBefore),
    runs: pruneRuns(tables, historyBefore, limit),
    guardCounts: pruneGuardCounts(tables, guardBefore),
    keys: 0,
    deadRuns: closeDeadRuns(context, request.runsDeadBefore),
  }
}

function drop<Row>(rows: Map<string, Row>, limit: number, isOld: (row: Row) => boolean): number {
  const old = [...rows].filter(([, row]) => isOld(row)).slice(0, limit)
  for (const [rowKey] of old) rows.delete(rowKey)
  return old.length
}

/** Removes lines from the beginning, up to the first that is still kept. */
function pruneJournal(tables: MemoryTables, before: number, limit: number): number {
  const firstKept = tables.journal.findIndex((line) => line.at >= before)
  const gone = tables.journal.splice(0, Math.min(limit, firstKept < 0 ? tables.journal.length : firstKept))
  const last = gone.at(-1)
  if (last !== undefined) {
    tables.journalStart = { stream: last.stream, position: last.position, hash: last.hash }
  }
  return gone.length
}

function pruneIntents(tables: MemoryTables, before: number, limit: number): number {
  const old = [...tables.intents.values()]
    .filter((row) => row.state !== 'open' && row.notAfter < before)
    .slice(0, limit)
  for (const row of old) {
    tables.intents.delete(row.id)
    const left = (tables.recordIntents.get(row.recordId) ?? []).filter((other) => other.id !== row.id)
    tables.recordIntents.set(row.recordId, left)
  }
  return old.length
}

/**
 * The last run of each place, and its last complete one, stay: they are its status and the proof of its first
 * load.
 */
function pruneRuns(tables: MemoryTables, before: number, limit: number): number {
  const all = [...tables.runs.values()]
  const isFollowed = (run: RunRow, isProof: (other: RunRow) => boolean): boolean =>
    all.some(
      (other) =>
        other.system === run.system &&
        other.entity === run.entity &&
        other.startedAt > run.startedAt &&
        isProof(other),
    )
  return drop(tables.runs, limit, (run) => {
    if (run.startedAt >= before || (run.finishedAt ?? Number.POSITIVE_INFINITY) >= before) return false
    if (!isFollowed(run, () => true)) return false
    const isProof = run.kind === 'full' && run.complete === true
    return !isProof || isFollowed(run, (other) => other.kind === 'full' && other.complete === true)
  })
}

function pruneGuardCounts(tables: MemoryTables, before: number): number {
  const kept = tables.guardCounts.filter((row) => row.at >= before)
  return tables.guardCounts.splice(0, tables.guardCounts.length, ...kept).length - kept.length
}

function closeDeadRuns(context: MemoryContext, before: number): number {
  const { tables } = context
  const dead = [...tables.runs.values()].filter(
    (run) => run.finishedAt === undefined && run.startedAt < before,
  )
  for (const run of dead) {
    tables.stages.delete(run.id)
    const end = { complete: false, reason: { code: 'stopped' } as const, created: 0, changed: 0, missing: 0 }
    tables.runs.set(run.id, { ...run, ...end, finishedAt: context.now() })
  }
  return dead.length
}
