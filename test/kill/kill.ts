/**
 * Kills Isthmus during a load: two fake systems in processes of their own, Isthmus in another, `kill -9` at a random moment, restart, `--rounds`
 * times; then it must converge. The comparison uses the systems' records over HTTP, never Isthmus's own state.
 *
 * `node test/kill/kill.ts [--records 10000] [--rounds 20] [--seed 1] [--json]`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { spawnFakeSystem } from '../support/fake-system/spawn.ts'
import { freePort, spawnIsthmus, startIsthmus } from '../support/isthmus-process.ts'
import {
  contacts,
  customerRecord,
  hookSecret,
  partners,
  twoSystems,
  writeDefinition,
} from '../support/two-systems.ts'
import { type Comparison, compareSystems } from './compare-systems.ts'

export interface KillOptions {
  readonly records: number
  readonly rounds: number
  readonly seed: number
  /** Longest time to converge after the last kill. @default 300000 */
  readonly convergeWithinMs?: number
  readonly say?: (line: string) => void
}

export interface KillResult extends Comparison {
  readonly rounds: number
  readonly killedDuringLoad: number
  readonly converged: boolean
  readonly seconds: number
  readonly writesAtQuiescence: number
}

/** Runs the whole experiment. */
export async function killWhileLoading(options: KillOptions): Promise<KillResult> {
  const { records, rounds, seed, convergeWithinMs = 300_000, say = () => undefined } = options
  const startedAt = performance.now()
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-kill-'))
  const crm = await spawnFakeSystem({ name: 'crm', resources: [contacts], seed })
  const erp = await spawnFakeSystem({ name: 'erp', resources: [partners], seed })
  const port = await freePort()
  const start = { directory, port, environment: { CRM_HOOK_SECRET: hookSecret } }
  writeDefinition(directory, twoSystems({ crmUrl: crm.url, erpUrl: erp.url }))
  const random = chanceOf(seed)
  try {
    await fill(crm, erp, records)
    await crm.sendWebhooksTo({ url: `http://127.0.0.1:${port}/hooks/crm`, secret: hookSecret, lose: 0.3 })
    const alreadyThere = (await erp.counts('partners')).live
    let killedDuringLoad = 0
    for (let round = 1; round <= rounds; round += 1) {
      // Some processes die during startup, most in the middle of their work.
      const early = random() < 0.15
      const isthmus = early ? spawnIsthmus(start) : await startIsthmus(start)
      if (early) await sleep(random() * 1500)
      else await someProgress(erp, Math.round((random() * 2 * (records - alreadyThere)) / (rounds + 4)))
      await sleep(random() * 200)
      const loaded = (await erp.counts('partners')).live
      await isthmus.kill()
      if (loaded < records) killedDuringLoad += 1
      say(
        `round ${round}: killed with ${loaded} of ${records} records in the ERP${early ? ', while it started' : ''}`,
      )
    }
    const last = await startIsthmus(start)
    const converged = await waitUntilEqual(convergeWithinMs, async () => {
      const now = await compareSystems(crm, erp)
      say(JSON.stringify(now))
      return now
    })
    const quiet = await writesWhileQuiet(crm, erp)
    const comparison = await compareSystems(crm, erp)
    await last.stop()
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10
    return { ...comparison, rounds, killedDuringLoad, converged, seconds, writesAtQuiescence: quiet }
  } finally {
    await crm.close()
    await erp.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

type Fake = Awaited<ReturnType<typeof spawnFakeSystem>>

/** Most records only in the CRM, some in both, some only in the ERP. */
async function fill(crm: Fake, erp: Fake, records: number): Promise<void> {
  const all = Array.from({ length: records }, (_, n) => n + 1)
  const inCrm = all.filter((n) => n % 20 !== 0).map((n) => customerRecord(n))
  const inErp = all.filter((n) => n % 20 === 0 || n % 10 === 1).map((n) => customerRecord(n))
  await crm.edit({ resource: 'contacts', create: inCrm })
  await erp.edit({ resource: 'partners', create: inErp })
}

/** Waits until this many more records are in the ERP, or for 15 s. */
async function someProgress(erp: Fake, more: number): Promise<void> {
  const goal = (await erp.counts('partners')).live + more
  const until = performance.now() + 15_000
  while (performance.now() < until && (await erp.counts('partners')).live < goal) await sleep(20)
}

async function waitUntilEqual(withinMs: number, compare: () => Promise<Comparison>): Promise<boolean> {
  const until = performance.now() + withinMs
  while (performance.now() < until) {
    const { different, onlyInCrm, onlyInErp } = await compare()
    if (different + onlyInCrm + onlyInErp === 0) return true
    await sleep(1000)
  }
  return false
}

async function writesWhileQuiet(crm: Fake, erp: Fake): Promise<number> {
  const writes = async () =>
    (await crm.counts('contacts')).engineWrites + (await erp.counts('partners')).engineWrites
  await sleep(3000)
  const before = await writes()
  await sleep(3000)
  return (await writes()) - before
}

function chanceOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      records: { type: 'string', default: '10000' },
      rounds: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  })
  const result = await killWhileLoading({
    records: Number(values.records),
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    say: values.json ? () => undefined : (line) => console.log(line),
  })
  console.log(JSON.stringify(result))
  process.exitCode = result.converged && result.duplicates + result.lost === 0 ? 0 : 1
}
