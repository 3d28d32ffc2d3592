/**
 * Full runs. Listed records are streamed by COPY into an unlogged table of their own and compared with the members set-based, and the verdicts are
 * applied in slices, so that no lock is held for long. An unchanged record causes no row update. After a crash of the server the staged rows are
 * gone, which the count of staged rows reveals: such a run never counts as complete.
 *
 * Large runs are compared in ranges of native ids, each in a transaction with a time limit of its own. A finish that was interrupted continues with the
 * next range, or with the next slice of verdicts.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Cause } from '../../model/cause.ts'
import { IsthmusError } from '../../model/errors.ts'
import type { RunReason } from '../../model/run-reasons.ts'
import type { RunComparison, StagedRecord, Store } from '../contract.ts'
import { isNativeId } from '../native-id.ts'
import type { PostgresContext } from './context.ts'
import { encodeCopy } from './copy-rows.ts'
import { type Session, sessionOn } from './database.ts'
import { baselineDone, closeRun, countStaged, insertRun, type RunColumns, readRun } from './sql/runs.ts'
import {
  allowComparing,
  applySlice,
  copyIntoStage,
  dropStage,
  firstVerdict,
  type JudgedStage,
  judgeRange,
  makeStage,
  openRanges,
  planRanges,
  sumRanges,
} from './sql/stage.ts'
import { wakeFirstLoad } from './sql/wake-first-load.ts'

const sliceRows = 5000
/** Records compared by one statement: a million take some seconds. */
const comparedRows = 1_000_000
/** Such a statement may take much longer than any other, on a busy server. */
const compareLimitMs = 900_000
const lostReason: RunReason = { code: 'rows-lost' }

/** Implements `RunStore.startRun`. */
export async function startRun(
  context: PostgresContext,
  run: Parameters<Store['startRun']>[0],
): Promise<void> {
  const stage = `stage_${createHash('sha256').update(run.id).digest('hex').slice(0, 24)}`
  await context.database.transaction('starting a run', async (session) => {
    await makeStage(session, stage)
    await insertRun(session, run, stage)
  })
}

export async function stageRecords(
  context: PostgresContext,
  runId: string,
  records: readonly StagedRecord[],
): Promise<void> {
  const fit = records.filter(({ nativeId }) => isNativeId(nativeId))
  if (fit.length === 0) return
  const { stage } = await findRun(context, runId)
  await context.database.withClient('staging listed records', async (client) => {
    await client.query('begin')
    const stream = client.query(copyIntoStage(stage))
    stream.end(encodeCopy(fit))
    await once(stream, 'finish')
    await countStaged(sessionOn(client), runId, fit.length)
    await client.query('commit')
  })
}

/** Implements `RunStore.finishRun`. */
export async function finishRun(
  context: PostgresContext,
  request: Parameters<Store['finishRun']>[0],
): Promise<RunComparison> {
  const run = await findRun(context, request.id)
  const { database } = context
  const judged = await judge(context, run)
  // Rows that the server lost must not look like deleted records.
  const lost = judged.staged < run.staged
  const complete = request.complete && !lost
  const { observeMissing } = request
  const readsMissing = !lost && judged.missing > 0 && judged.missing <= (observeMissing ?? 0)
  const reason = lost ? lostReason : request.reason
  await applyVerdicts(context, run, complete || readsMissing)
  const { changed, discovered, missing } = judged
  const comparison = { changed, discovered, missing, unchanged: judged.listed - changed - discovered }
  await database.transaction('finishing a run', async (last) => {
    const { expected, seen, id } = request
    await closeRun(last, { id, seen, expected, complete, reason, missingObserved: readsMissing, comparison })
    await dropStage(last, run.stage)
    if (complete) await wakeFirstLoad(last, run.system, run.entity)
  })
  return comparison
}

/** Implements `RunStore.dropRun`. */
export async function dropRun(
  context: PostgresContext,
  { id, reason }: Parameters<Store['dropRun']>[0],
): Promise<void> {
  await context.database.transaction('dropping a run', async (session) => {
    const run = await readRun(session, id)
    if (run === undefined || run.finished_at !== null) return
    const end = { seen: run.staged, expected: undefined, complete: false, missingObserved: false }
    const comparison = { unchanged: 0, changed: 0, discovered: 0, missing: 0 }
    await closeRun(session, { id, reason, ...end, comparison })
    await dropStage(session, run.stage)
  })
}

async function judge(context: PostgresContext, run: RunColumns): Promise<JudgedStage> {
  const { database, rangeRows = comparedRows } = context
  const comparing = <T>(work: (session: Session) => Promise<T>): Promise<T> =>
    database.transaction('comparing a run', async (session) => {
      await allowComparing(session, compareLimitMs)
      return work(session)
    })
  await comparing((session) => planRanges(session, run, rangeRows))
  const ranges = await openRanges(database.session('comparing a run'), run.stage)
  for (const range of ranges) await comparing((session) => judgeRange(session, run, range))
  return comparing((session) => sumRanges(session, run.stage))
}

async function applyVerdicts(
  { database }: PostgresContext,
  run: RunColumns,
  complete: boolean,
): Promise<void> {
  const session = database.session('comparing a run')
  const isFirst = !(await baselineDone(session, run.system, run.entity))
  const cause: Cause = `${isFirst ? 'first-load' : 'run'}:${run.id}`
  let from = await firstVerdict(session, run.stage, 0)
  while (from !== undefined) {
    const slice = { from, to: from + sliceRows, complete, cause }
    await database.transaction('marking what a run found', (one) => applySlice(one, run, slice))
    from = await firstVerdict(session, run.stage, slice.to)
  }
}

async function findRun(context: PostgresContext, id: string): Promise<RunColumns> {
  const run = await readRun(context.database.session('reading a run'), id)
  if (run !== undefined && run.finished_at === null) return run
  throw new IsthmusError('STORE_RUN_UNKNOWN', `run ${id} is not in progress`)
}
