/** Counts and health for the status. */
import type { StatusCounts, SystemCounts } from '../../admin-contract.ts'
import type { PostgresContext } from '../context.ts'
import {
  type BacklogColumns,
  countBacklog,
  countDelays,
  countLanes,
  countOpen,
  countStates,
  cursorTimes,
  type DelayColumns,
  type LaneColumns,
} from '../sql/count-status.ts'
import { readPlaces, readSystems } from '../sql/health.ts'
import { readPause } from '../sql/pause.ts'
import { lastCompletes, lastEndedRuns, lastRuns, toRun } from '../sql/runs.ts'
import { fromText } from '../text.ts'

/**
 * The counts over all members read the whole table; pages that refresh every second get counts of this age at most. Counts made while records were in
 * progress are not reused once none is: they would show how many agreed before the work was done.
 */
const keepMs = 2000

export function createStatusCounter(context: PostgresContext): () => Promise<StatusCounts> {
  let kept: { readonly at: number; readonly isMoving: boolean; readonly counts: Promise<Totals> } | undefined
  return async () => {
    const session = context.database.session('counting')
    // Before the queue: records discovered by a list are committed before its note, so every reader of the note counts the records as well.
    const [places, systems, paused] = await Promise.all([
      readPlaces(session),
      readSystems(session),
      readPause(session),
    ])
    const open = await countOpen(session, context.lockClass)
    const moving = (open?.due ?? 0) + (open?.waiting ?? 0) + (open?.running ?? 0)
    const isMoving = moving > 0
    if (kept === undefined || performance.now() - kept.at > keepMs || (kept.isMoving && !isMoving)) {
      kept = { at: performance.now(), isMoving, counts: countTotals(context) }
    }
    const totals = await kept.counts.catch((problem: unknown) => {
      kept = undefined
      throw problem
    })
    const oldest = open?.oldest_due_at ?? null
    const { oldestSince, delays } = totals
    return {
      now: open?.now ?? 0,
      records: totals.records,
      systems: totals.systems,
      queue: {
        due: open?.due ?? 0,
        waiting: open?.waiting ?? 0,
        running: open?.running ?? 0,
        ...(oldest === null ? {} : { oldestDueAt: oldest }),
        ...(oldestSince === undefined || !isMoving ? {} : { oldestSince }),
      },
      open: {
        conflicts: open?.conflicts ?? 0,
        failures: open?.failures ?? 0,
        matches: open?.matches ?? 0,
        holds: open?.holds ?? 0,
        intents: open?.intents ?? 0,
      },
      workers: open?.workers ?? 0,
      health: { places, systems, delays },
      ...(paused === undefined ? {} : { paused }),
    }
  }
}

interface Totals extends Pick<StatusCounts, 'records' | 'systems'> {
  readonly delays: StatusCounts['health']['delays']
  readonly oldestSince?: number
}

interface Named {
  readonly system: string
  readonly entity: string
}

async function countTotals({ database }: PostgresContext): Promise<Totals> {
  const session = database.session('counting')
  const [states, lanes, runs, ended, completes, cursors, backlog, delays] = await Promise.all([
    countStates(session),
    countLanes(session),
    lastRuns(session),
    lastEndedRuns(session),
    lastCompletes(session),
    cursorTimes(session),
    countBacklog(session),
    countDelays(session),
  ])
  const groups = groupLanes(lanes)
  // A place may have been listed, and be empty.
  for (const run of runs) groupOf(groups, run)
  const systems = [...groups.values()].map((row): SystemCounts => {
    const same = (other: Named) => other.system === row.system && other.entity === row.entity
    const run = runs.find(same)
    const end = ended.find(same)
    const cursor = cursors.find(same)
    const waiting = backlog.find(same)
    const complete = completes.find(same)?.at ?? null
    return {
      ...row,
      ...(run === undefined ? {} : { lastRun: toRun(run) }),
      ...(end === undefined ? {} : { lastEnded: toRun(end) }),
      ...(complete === null ? {} : { lastCompleteAt: complete }),
      ...(cursor === undefined ? {} : { cursorAt: cursor.at }),
      ...(waiting === undefined ? {} : { backlog: backlogOf(waiting) }),
    }
  })
  const identified = backlog.flatMap(({ identified_since: since }) => (since === null ? [] : [since]))
  return {
    records: Object.fromEntries(states.map(({ state, count }) => [state, count])),
    systems,
    delays: delays.map(toDelay),
    ...(identified.length === 0 ? {} : { oldestSince: Math.min(...identified) }),
  }
}

function backlogOf({ count, since }: BacklogColumns): NonNullable<SystemCounts['backlog']> {
  return { count, ...(since === null ? {} : { since }) }
}

function toDelay({ reason, since, ...delay }: DelayColumns): Totals['delays'][number] {
  return {
    ...delay,
    ...(reason === null ? {} : { reason: fromText(reason) }),
    ...(since === null ? {} : { since }),
  }
}

interface Group extends Named {
  linked: number
  readonly lanes: Record<string, number>
}

function groupLanes(rows: readonly LaneColumns[]): Map<string, Group> {
  const groups = new Map<string, Group>()
  for (const row of rows) {
    const group = groupOf(groups, row)
    group.linked += row.linked
    group.lanes[row.lane] = row.count
  }
  return groups
}

function groupOf(groups: Map<string, Group>, { system, entity }: Named): Group {
  const key = JSON.stringify([system, entity])
  const known = groups.get(key)
  if (known !== undefined) return known
  const group: Group = { system, entity, linked: 0, lanes: {} }
  groups.set(key, group)
  return group
}
