/**
 * Retention: removes expired data, each kind in a short transaction of its own, so that nothing is blocked
 * for long.
 */
import type { PruneRequest, PruneResult } from '../contract.ts'
import type { PostgresContext } from './context.ts'
import type { KeyPruner } from './prune-keys.ts'
import {
  findDeadRuns,
  pruneConflicts,
  pruneDeliveries,
  pruneFailures,
  pruneGuardCounts,
  pruneHolds,
  pruneIntents,
  pruneJournal,
  pruneRuns,
} from './sql/prune.ts'
import { readNow } from './sql/read-now.ts'
import { closeRun } from './sql/runs.ts'
import { dropStage } from './sql/stage.ts'

const nothing = { unchanged: 0, changed: 0, discovered: 0, missing: 0 }
/** Two days: twice the period of the mass-change guard. */
const guardCountsMs = 2 * 86_400_000

/** Implements `Store.prune`. */
export async function prune(
  context: PostgresContext,
  keys: KeyPruner,
  request: PruneRequest,
): Promise<PruneResult> {
  const session = context.database.session('removing what is kept no longer')
  const guardBefore = (await readNow(session)) - guardCountsMs
  return {
    journal: await pruneJournal(session, request),
    intents: await pruneIntents(session, request),
    conflicts: await pruneConflicts(session, request),
    holds: await pruneHolds(session, request),
    failures: await pruneFailures(session, request),
    deliveries: await pruneDeliveries(session, request),
    runs: await pruneRuns(session, request),
    guardCounts: await pruneGuardCounts(session, guardBefore, request.limit),
    // After the lines and deliveries that they sealed.
    keys: await keys.prune(request.deliveriesBefore, request.limit),
    deadRuns: await closeDeadRuns(context, request),
  }
}

/** Records listed by a killed process are useless; its run is closed as stopped. */
async function closeDeadRuns(context: PostgresContext, request: PruneRequest): Promise<number> {
  const dead = await findDeadRuns(context.database.session('looking for dead runs'), request)
  for (const { id, stage, staged } of dead) {
    await context.database.transaction('closing a dead run', async (session) => {
      const reason = { code: 'stopped' } as const
      const end = { seen: staged, expected: undefined, complete: false, missingObserved: false }
      await closeRun(session, { id, reason, ...end, comparison: nothing })
      await dropStage(session, stage)
    })
  }
  return dead.length
}
