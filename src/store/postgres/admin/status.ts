/** Counts and health for the status. */
import type { StatusCounts, SystemCounts } from '../../admin-contract.ts'
import type { PostgresContext } from '../context.ts'
import {
  type BacklogColumns,
  backlogMax,
  countBacklog,
  countDelays,
  countedMax,
  countLanes,
  countOpen,
  countStates,
  cursorTimes,
  type DelayColumns,
  type LaneColumns,
  type StatusColumns,
} from '../sql/count-status.ts'
import { readPlaces, readSystems } from '../sql/health.ts'
import { readPause } from '../sql/pause.ts'
import { lastCompletes, lastEndedRuns, lastRuns, toRun } from '../sql/runs.ts'
import { fromText } from '../text.ts'

/**
 * Pages that refresh every second get totals of this age at most. Totals of a time when records were in progress are not reused once none is: they would
 * show how many agreed before the work was done.
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
    const queue = queueOf(open)
    const isMoving = queue.due + queue.waiting + queue.running > 0
    if (kept === undefined || performance.now() - kept.at > keepMs || (kept.isMoving && !isMoving)) {
      kept = { at: performance.now(), isMoving, counts: countTotals(context, queue) }
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
        ...queue,
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

type Queue = Pick<StatusCounts['queue'], 'due' | 'waiting' | 'running' | 'estimated'>

/** What is beyond the number of rows that are counted is estimated, and added to the part that reached it. */
function queueOf(open: StatusColumns | undefined): Queue {
  const { due = 0, waiting = 0, running = 0, queued = 0 } = open ?? {}
  if (due < countedMax && waiting < countedMax) return { due, waiting, running }
  const beyond = Math.max(0, queued - due - waiting)
  const more = due < countedMax ? { due, waiting: waiting + beyond } : { due: due + beyond, waiting }
  return { ...more, running, estimated: true }
}

interface Totals extends Pick<StatusCounts, 'records' | 'systems'> {
  readonly delays: StatusCounts['health']['delays']
  readonly oldestSince?: number
}

interface Named {
  readonly system: string
  readonly entity: string
}

async function countTotals({ database }: PostgresContext, queue: Queue): Promise<Totals> {
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
      ...(waiting === undefined ? {} : { backlog: backlogOf(waiting, queue) }),
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

/** Of a long queue only a sample was looked at. */
function backlogOf({ count, since }: BacklogColumns, queue: Queue): NonNullable<SystemCounts['backlog']> {
  const queued = queue.due + queue.waiting
  const share = queued / Math.min(queued, backlogMax) || 1
  return { count: Math.round(count * share), ...(since === null ? {} : { since }) }
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
