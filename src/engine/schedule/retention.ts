/**
 * Retention: removes data whose retention period in the definition has ended, a few thousand rows at a time, each time followed by a pause of the same
 * length, so that it uses half of one connection at most. It goes on until nothing is left, and reports every hour that this takes. Data that invariants or duplicates depend on stays whatever the definition specifies: see {@link Store.prune}.
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
const rowsAtOnce = 5_000
/** Shortest pause between two rounds. */
const pauseMs = 20

/** Interval of the job. */
export const RETENTION_EVERY_MS = 3_600_000

/** Removes expired data. Returns the number of rows of each kind. */
export async function removeOld(
  context: Pick<IntakeContext, 'integration' | 'store' | 'clock' | 'emit'>,
  signal: AbortSignal,
): Promise<PruneResult> {
  const { store, clock, integration, emit } = context
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
  const startedAt = clock.monotonic()
  let reportAt = startedAt + RETENTION_EVERY_MS
  let total: PruneResult | undefined
  for (;;) {
    const roundAt = clock.monotonic()
    const last = await store.prune(request)
    total = total === undefined ? last : sum(total, last)
    const behind = kindsAtLimit(last)
    if (behind.length === 0 || signal.aborted) return total
    const now = clock.monotonic()
    if (now >= reportAt) {
      emit({ type: 'RetentionBehind', kinds: behind, minutes: Math.round((now - startedAt) / 60_000) })
      reportAt = now + RETENTION_EVERY_MS
    }
    await clock.sleep(Math.max(pauseMs, now - roundAt), signal)
  }
}

function kindsAtLimit(result: PruneResult): readonly string[] {
  return Object.entries(result).flatMap(([kind, rows]) => (rows >= rowsAtOnce ? [kind] : []))
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
    keys: one.keys + other.keys,
    deadRuns: one.deadRuns + other.deadRuns,
  }
}
