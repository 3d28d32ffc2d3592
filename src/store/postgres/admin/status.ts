/** Counts for the status page. */
import type { StatusCounts, SystemCounts } from '../../admin-contract.ts'
import type { PostgresContext } from '../context.ts'
import { countLanes, countOpen, countStates, cursorTimes, type LaneColumns } from '../sql/count-status.ts'
import { lastRuns, toRun } from '../sql/runs.ts'

/** The counts over all members read the whole table; pages that refresh every second get an answer this old at most. */
const keepMs = 2000

export function createStatusCounter(context: PostgresContext): () => Promise<StatusCounts> {
  let kept: { readonly at: number; readonly counts: Promise<Totals> } | undefined
  return async () => {
    const session = context.database.session('counting')
    const open = await countOpen(session, context.lockClass)
    if (kept === undefined || performance.now() - kept.at > keepMs) {
      kept = { at: performance.now(), counts: countTotals(context) }
    }
    const totals = await kept.counts.catch((problem: unknown) => {
      kept = undefined
      throw problem
    })
    const oldest = open?.oldest_due_at ?? null
    return {
      now: open?.now ?? 0,
      ...totals,
      queue: {
        due: open?.due ?? 0,
        waiting: open?.waiting ?? 0,
        running: open?.running ?? 0,
        ...(oldest === null ? {} : { oldestDueAt: oldest }),
      },
      open: {
        conflicts: open?.conflicts ?? 0,
        failures: open?.failures ?? 0,
        matches: open?.matches ?? 0,
        holds: open?.holds ?? 0,
        intents: open?.intents ?? 0,
      },
      workers: open?.workers ?? 0,
    }
  }
}

type Totals = Pick<StatusCounts, 'records' | 'systems'>

async function countTotals({ database }: PostgresContext): Promise<Totals> {
  const session = database.session('counting')
  const [states, lanes, runs, cursors] = await Promise.all([
    countStates(session),
    countLanes(session),
    lastRuns(session),
    cursorTimes(session),
  ])
  const systems = groupLanes(lanes).map((row): SystemCounts => {
    const same = (other: { readonly system: string; readonly entity: string }) =>
      other.system === row.system && other.entity === row.entity
    const run = runs.find(same)
    const cursor = cursors.find(same)
    return {
      ...row,
      ...(run === undefined ? {} : { lastRun: toRun(run) }),
      ...(cursor === undefined ? {} : { cursorAt: cursor.at }),
    }
  })
  return { records: Object.fromEntries(states.map(({ state, count }) => [state, count])), systems }
}

function groupLanes(rows: readonly LaneColumns[]) {
  const groups = new Map<
    string,
    { system: string; entity: string; linked: number; lanes: Record<string, number> }
  >()
  for (const { system, entity, lane, count, linked } of rows) {
    const key = JSON.stringify([system, entity])
    const group = groups.get(key) ?? { system, entity, linked: 0, lanes: {} }
    groups.set(key, group)
    group.linked += linked
    group.lanes[lane] = count
  }
  return [...groups.values()]
}
