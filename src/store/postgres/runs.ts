/**
 * Full runs. Listed records are streamed by COPY into an unlogged table of their own and compared with the members set-based, and the verdicts are
 * applied in slices, so that no lock is held for long. An unchanged record causes no row update. After a crash of the server the staged rows are
 * gone, which the count of staged rows reveals: such a run never counts as complete.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { from as copyFrom } from 'pg-copy-streams'
import { IsthmusError } from '../../model/errors.ts'
import type { RunReason } from '../../model/run-reasons.ts'
import type { RunComparison, StagedRecord, Store } from '../contract.ts'
import { isNativeId } from '../native-id.ts'
import type { PostgresContext } from './context.ts'
import { encodeCopy } from './copy-rows.ts'
import { sessionOn } from './database.ts'
import { closeRun, countStaged, insertRun, type RunColumns, readRun } from './sql/runs.ts'
import { applySlice, countVerdicts, dropStage, judgeStage, makeStage } from './sql/stage.ts'
import { wakeFirstLoad } from './sql/wake-first-load.ts'

const sliceRows = 5000
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
    const stream = client.query(copyFrom(`copy ${stage} (rid, mac) from stdin with (format binary)`))
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
  const session = database.session('comparing a run')
  const judged = await judge(context, run)
  // Rows that the server lost must not look like deleted records.
  const lost = judged.staged < run.staged
  const complete = request.complete && !lost
  const counts = await countVerdicts(session, run.stage)
  const { observeMissing } = request
  const readsMissing = !lost && counts.missing > 0 && counts.missing <= (observeMissing ?? 0)
  const reason = lost ? lostReason : request.reason
  const total = counts.changed + counts.discovered + counts.missing
  for (let at = 0; at < total; at += sliceRows) {
    await database.transaction('marking what a run found', (slice) =>
      applySlice(slice, run, { from: at, to: at + sliceRows, complete: complete || readsMissing }),
    )
  }
  const comparison = { ...counts, unchanged: judged.listed - counts.changed - counts.discovered }
  await database.transaction('finishing a run', async (last) => {
    const { expected, seen, id } = request
    await closeRun(last, { id, seen, expected, complete, reason, missingObserved: readsMissing, comparison })
    await dropStage(last, run.stage)
    if (complete) await wakeFirstLoad(last, run.system, run.entity)
  })
  return comparison
}

/** Repeating an interrupted finish evaluates again: marks made before the interruption were correct and stay. */
async function judge(context: PostgresContext, run: RunColumns) {
  return context.database.transaction('comparing a run', (session) => judgeStage(session, run))
}

async function findRun(context: PostgresContext, id: string): Promise<RunColumns> {
  const run = await readRun(context.database.session('reading a run'), id)
  if (run !== undefined && run.finished_at === null) return run
  throw new IsthmusError('STORE_RUN_UNKNOWN', `run ${id} is not in progress`)
}
