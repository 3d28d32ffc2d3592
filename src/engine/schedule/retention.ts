/**
 * Retention: removes data whose retention period in the definition has ended, a few thousand rows at a time with a pause in between, so that regular
 * work is hardly affected. Data that invariants or duplicates depend on stays whatever the definition specifies: see {@link Store.prune}.
 */
import { defaultRetention } from '../../model/definition/compile-retention.ts'
import type { Retention } from '../../model/integration.ts'
import type { PruneRequest, PruneResult } from '../../store/contract.ts'
import type { IntakeContext } from '../context.ts'

const day = 86_400_000

/**
 * Minimum intervals; shorter ones in the definition are raised to these. Senders repeat a webhook for days, and a write may still take effect long
 * after its response was lost.
 */
const least: Retention = Object.freeze({ historyMs: 2 * day, deadLettersMs: day, deliveriesMs: 3 * day })

/** A full run that began this long ago has died with its process: the largest lists take hours. */
const runDeadMs = 2 * day
/** Rows of each kind in one statement. */
const rowsAtOnce = 2_000
/** Bound of one job; the rest is removed by the next. */
const roundsMax = 500
const pauseMs = 100

/** Interval of the job. */
export const RETENTION_EVERY_MS = 3_600_000

/** Removes expired data. Returns the number of rows of each kind. */
export async function removeOld(
  context: Pick<IntakeContext, 'integration' | 'store' | 'clock'>,
  signal: AbortSignal,
): Promise<PruneResult> {
  const { store, clock, integration } = context
  const kept = integration.retention ?? defaultRetention
  const before = (interval: keyof Retention): number =>
    clock.now() - Math.max(kept[interval], least[interval])
  const request: PruneRequest = {
    historyBefore: before('historyMs'),
    deadLettersBefore: before('deadLettersMs'),
    deliveriesBefore: before('deliveriesMs'),
    runsDeadBefore: clock.now() - runDeadMs,
    limit: rowsAtOnce,
  }
  let total = await store.prune(request)
  let last = total
  for (let round = 1; round < roundsMax && isAtLimit(last) && !signal.aborted; round += 1) {
    await clock.sleep(pauseMs, signal)
    last = await store.prune(request)
    total = sum(total, last)
  }
  return total
}

function isAtLimit(result: PruneResult): boolean {
  return Object.values(result).some((rows) => rows >= rowsAtOnce)
}

function sum(one: PruneResult, other: PruneResult): PruneResult {
  return {
    journal: one.journal + other.journal,
    intents: one.intents + other.intents,
    conflicts: one.conflicts + other.conflicts,
    holds: one.holds + other.holds,
    failures: one.failures + other.failures,
    deliveries: one.deliveries + other.deliveries,
    runs: one.runs + other.runs,
    guardCounts: one.guardCounts + other.guardCounts,
    deadRuns: one.deadRuns + other.deadRuns,
  }
}
