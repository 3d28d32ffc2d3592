/**
 * How well two systems are kept in agreement: Isthmus compared with common solutions, under the same load and the same faults.
 *
 * Every figure is computed from the data of the systems and the actions of people, not from a contestant's own records. The peers poll, so disturbed
 * webhooks do not reach them; each scenario has a time limit, and one that does not settle is evaluated in its state at that time.
 */
import { spawnFakeSystem } from '../test/support/fake-system/spawn.ts'
import { contacts, customerRecord, hookSecret, partners } from '../test/support/two-systems.ts'
import { sleep } from './statistics.ts'
import {
  type Audit,
  audit,
  type Copies,
  copiesOf,
  type Diary,
  disagreementsOf,
  heldBy,
} from './sync-quality/audit.ts'
import {
  availableContestants,
  type Contestant,
  openContestant,
  type Systems,
} from './sync-quality/contestants.ts'
import { type Scenario, scenarios, type World } from './sync-quality/scenarios.ts'

export interface SyncQualityOptions {
  /** Records that both systems hold at the start. */
  readonly records: number
  readonly seed: number
  /** @default all */
  readonly scenarios?: readonly string[]
  /** @default all that are installed */
  readonly contestants?: readonly string[]
  readonly say: (line: string) => void
}

/** A contestant that could not be run. */
export interface FailedRow {
  readonly scenario: string
  readonly contestant: string
  readonly problem: string
}

export interface QualityRow extends Audit, Copies {
  readonly scenario: string
  readonly contestant: string
  /** Duplicates that the contestant reports. */
  readonly reportedDuplicates: number
  readonly edits: number
  readonly writesPerEdit: number
  /** From the last action or fault; null when agreement was not reached within the limit. */
  readonly secondsToAgree: number | null
  readonly cpuMsPerEdit: number
}

const agreeWithinMs = 90_000
/** How long the systems have to agree before it counts: a late write of a zombie would end it. */
const restMs = 3_000

export async function benchSyncQuality(
  options: SyncQualityOptions,
): Promise<{ readonly rows: readonly QualityRow[]; readonly failed: readonly FailedRow[] }> {
  const rows: QualityRow[] = []
  const failed: FailedRow[] = []
  for (const scenario of options.scenarios ?? Object.keys(scenarios)) {
    const runScenario = scenarios[scenario]
    if (runScenario === undefined)
      throw new RangeError(`there is no scenario ${scenario}: one of ${Object.keys(scenarios).join(', ')}`)
    for (const contestant of options.contestants ?? availableContestants()) {
      try {
        const row = await runOne(scenario, runScenario, contestant, options)
        rows.push(row)
        options.say(lineOf(row))
      } catch (error) {
        // A contestant that does not start loses its row, and not earlier measurements.
        failed.push({ scenario, contestant, problem: error instanceof Error ? error.message : String(error) })
        options.say(`${scenario} ${contestant}: ${failed.at(-1)?.problem}`)
      }
    }
  }
  return { rows, failed }
}

async function runOne(
  scenario: string,
  runScenario: Scenario,
  name: string,
  { records, seed }: SyncQualityOptions,
): Promise<QualityRow> {
  const shown = { showsWriter: true }
  const crm = await spawnFakeSystem({
    name: 'crm',
    seed,
    resources: [{ ...contacts, ...shown, write: 'both' }],
  })
  const erp = await spawnFakeSystem({ name: 'erp', seed, resources: [{ ...partners, ...shown }] })
  const systems = { crm, erp }
  let contestant: Contestant | undefined
  try {
    const create = Array.from({ length: records }, (_, n) => customerRecord(n + 1))
    const ids = {
      crm: await crm.edit({ resource: 'contacts', create }),
      erp: await erp.edit({ resource: 'partners', create }),
    }
    contestant = await openContestant(name, systems)
    await contestant.start()
    if (contestant.hookUrl !== undefined)
      await crm.sendWebhooksTo({ url: contestant.hookUrl, secret: hookSecret })
    // The first load is not part of the comparison.
    await sleep(8_000)
    await untilAgreed(systems, agreeWithinMs)
    const diary: Diary = {
      edits: [],
      deleted: new Set(),
      entered: new Set(create.map(({ code }) => String(code))),
      entries: [],
    }
    const before = { writes: await writesOf(systems), cpu: contestant.cpuMs() }
    const world: World = { systems, contestant, diary, ids, random: chanceOf(seed) }
    await runScenario(world)
    const secondsToAgree = await untilAgreed(systems, agreeWithinMs)
    const spent = { writes: (await writesOf(systems)) - before.writes, cpu: contestant.cpuMs() - before.cpu }
    const held = await heldBy(systems)
    const acts = diary.edits.length + diary.deleted.size + (diary.entered.size - records)
    return {
      scenario,
      contestant: name,
      ...audit(held, diary, await contestant.kept()),
      ...(await copiesOf(systems, diary)),
      reportedDuplicates: await contestant.reportedDuplicates(),
      edits: acts,
      writesPerEdit: Math.round((spent.writes / acts) * 100) / 100,
      secondsToAgree,
      cpuMsPerEdit: Math.round(spent.cpu / acts),
    }
  } finally {
    await contestant?.close()
    await crm.close()
    await erp.close()
  }
}

async function writesOf({ crm, erp }: Systems): Promise<number> {
  return (await crm.counts('contacts')).engineWrites + (await erp.counts('partners')).engineWrites
}

/** Seconds until both hold the same data and continue to do so; null when that is not reached in time. */
async function untilAgreed(systems: Systems, withinMs: number): Promise<number | null> {
  const startedAt = performance.now()
  let since: number | undefined
  while (performance.now() - startedAt < withinMs) {
    const isAgreed = disagreementsOf(await heldBy(systems)) === 0
    since = isAgreed ? (since ?? performance.now()) : undefined
    if (since !== undefined && performance.now() - since >= restMs)
      return Math.round((since - startedAt) / 100) / 10
    await sleep(250)
  }
  return null
}

function lineOf(row: QualityRow): string {
  const { scenario, contestant, disagreements, duplicates, silentLosses, falseDeletes } = row
  const agreed = row.secondsToAgree === null ? 'never' : `${row.secondsToAgree} s`
  return `${scenario.padEnd(13)} ${contestant.padEnd(10)} disagree ${disagreements}, duplicates ${duplicates} (${row.copies} of them copies${row.copyWindowMs === null ? '' : ` within ${row.copyWindowMs} ms`}, ${row.reportedDuplicates} reported), lost ${silentLosses}, false deletes ${falseDeletes}, writes/edit ${row.writesPerEdit}, agree ${agreed}, cpu/edit ${row.cpuMsPerEdit} ms`
}

function chanceOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
