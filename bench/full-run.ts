/**
 * An unchanged full run: a million records listed over HTTP from a remote that streams its pages, compared with the known records, without any
 * difference.
 *
 * The process that lists and compares is measured: its time, and its peak resident memory as reported by the system (`VmHWM`).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openIntegration } from '../src/runtime/open-integration.ts'
import type { Decision, Store } from '../src/store/contract.ts'
import { virtualRecord } from '../test/support/fake-system/http-face.ts'
import { type RemoteFake, spawnFakeSystem } from '../test/support/fake-system/spawn.ts'
import { contacts, hookSecret, partners, twoSystems, writeDefinition } from '../test/support/two-systems.ts'
import { nowMs, rounded } from './statistics.ts'

export interface FullRunOptions {
  readonly records: number
  readonly say: (line: string) => void
}

export interface FullRunFigures {
  readonly records: number
  /** Listing and comparing one system. */
  readonly seconds: number
  readonly recordsPerSecond: number
  readonly peakRssMb: number
  /** Resident memory in MB, every tenth of the run: shows whether it is constant. */
  readonly rssMb: readonly number[]
  /** Only listing the same pages, as the connector would. */
  readonly listOnlySeconds: number
  readonly unchanged: number
}

export async function benchFullRun({ records, say }: FullRunOptions): Promise<FullRunFigures> {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-full-'))
  const crm = await spawnFakeSystem({ name: 'crm', resources: [{ ...contacts, virtual: records }] })
  const erp = await spawnFakeSystem({ name: 'erp', resources: [{ ...partners, virtual: records }] })
  process.env.CRM_HOOK_SECRET = hookSecret
  try {
    const bigPages = { list: listOf(1000) }
    writeDefinition(
      directory,
      twoSystems({ crmUrl: crm.url, erpUrl: erp.url, crmResource: bigPages, erpResource: bigPages }),
    )
    const seedMs = await timed(() => seed(directory, records))
    say(`${records} linked records put into the store in ${rounded(seedMs / 1000)} s`)
    const listMs = await timed(() => listOnly(crm))
    say(`listing alone: ${rounded(listMs / 1000)} s`)
    const run = await fullRun(directory)
    say(`full run: ${rounded(run.ms / 1000)} s, at most ${run.peakRssMb} MB`)
    const [result] = run.results
    const unchanged = result?.run?.unchanged ?? 0
    // A run that finds changes measures the passes that follow, and not the comparison.
    if (unchanged !== records) throw new Error(`${unchanged} of ${records} records counted as unchanged`)
    return {
      records,
      seconds: rounded(run.ms / 1000),
      recordsPerSecond: Math.round(records / (run.ms / 1000)),
      peakRssMb: run.peakRssMb,
      rssMb: run.rssMb,
      listOnlySeconds: rounded(listMs / 1000),
      unchanged,
    }
  } finally {
    await crm.close()
    await erp.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function listOf(value: number): Readonly<Record<string, unknown>> {
  return {
    paging: 'cursor',
    after: 'after',
    next: 'next',
    stable: true,
    items: 'data',
    size: { parameter: 'limit', value },
    total: { path: 'total' },
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = nowMs()
  await work()
  return nowMs() - startedAt
}

/** Puts the store into the state after a first load, through the same contract that the engine uses. */
async function seed(directory: string, records: number): Promise<void> {
  const opened = await openIntegration({ directory })
  const { store } = opened
  try {
    const worker = await store.registerWorker()
    const lensOf = await currentLenses(store)
    const batch = 2000
    for (let from = 1; from <= records; from += batch) {
      const numbers = Array.from({ length: Math.min(batch, records - from + 1) }, (_, i) => from + i)
      await store.intake([
        { marks: numbers.map((n) => ({ system: 'crm', entity: 'customer', nativeId: String(n) })) },
      ])
      // The store may return fewer at a time than requested.
      while ((await linkClaimed(store, worker.id, batch, lensOf)) > 0);
    }
    await worker.close()
  } finally {
    await opened.close()
  }
}

type LensOf = (system: string) => { readonly lens?: number }

/** A member without the current lens set counts as changed: it has to be read again. */
async function currentLenses(store: Store): Promise<LensOf> {
  const { lenses } = (await store.bound()) ?? { lenses: [] }
  return (system) => {
    const current = lenses.find((set) => set.system === system && set.current)
    return current === undefined ? {} : { lens: current.id }
  }
}

async function linkClaimed(store: Store, worker: number, limit: number, lensOf: LensOf): Promise<number> {
  const { records, now } = await store.claim({ worker, limit, leaseMs: 60_000 })
  const decisions = records.map(({ lease, members }): Decision => {
    const nativeId = members[0]?.nativeId ?? ''
    const {
      id: _id,
      version: _v,
      updatedAt: _u,
      ...values
    } = virtualRecord(Number(nativeId)) as Record<string, string>
    const agreed = Object.entries(values).map(([name, value]) => [
      name,
      { value, rev: 1, src: 'crm', at: now },
    ])
    const held = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, { shadow: value, acked: 1 }]),
    )
    const linked = { state: 'linked' as const, fields: held, asof: now, absorbedVersion: '1', floor: '1' }
    return {
      lease,
      record: { state: 'active', rev: 1, fields: Object.fromEntries(agreed) },
      members: [
        { system: 'crm', ...linked, ...lensOf('crm') },
        { system: 'erp', nativeId, ...linked, ...lensOf('erp') },
      ],
    }
  })
  if (records.length === 0) return 0
  await store.decide(decisions)
  await store.settle(
    records.map(({ lease, record }) => ({ lease, finish: { kind: 'clean' as const, seq: record.dirtySeq } })),
  )
  return records.length
}

async function listOnly(fake: RemoteFake): Promise<void> {
  let after: string | null = '0'
  while (after !== null) {
    const response = await fetch(`${fake.url}/contacts?limit=1000&after=${after}`)
    const page = (await response.json()) as {
      readonly data: readonly unknown[]
      readonly next: string | null
    }
    after = page.next
  }
}

interface PlaceLine {
  readonly run?: { readonly unchanged: number; readonly changed: number }
}

async function fullRun(directory: string): Promise<{
  readonly ms: number
  readonly peakRssMb: number
  readonly rssMb: readonly number[]
  readonly results: readonly PlaceLine[]
}> {
  const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
  const startedAt = nowMs()
  const child = spawn(process.execPath, [cli, 'full', '--system', 'crm', '--json'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  let peakRssMb = 0
  const samples: number[] = []
  const watch = setInterval(() => {
    peakRssMb = Math.max(peakRssMb, memoryOf(child, 'VmHWM'))
    samples.push(memoryOf(child, 'VmRSS'))
  }, 100)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearInterval(watch)
  const ms = nowMs() - startedAt
  if (code !== 0) throw new Error(`the full run ended with ${code}:\n${output}`)
  const tenth = Math.max(1, Math.floor(samples.length / 10))
  return {
    ms,
    peakRssMb,
    rssMb: samples.filter((_, index) => index % tenth === 0),
    results: placesOf(output),
  }
}

function placesOf(output: string): readonly PlaceLine[] {
  const parsed = JSON.parse(output) as { readonly places?: readonly PlaceLine[] } | readonly PlaceLine[]
  return Array.isArray(parsed) ? parsed : ((parsed as { places?: readonly PlaceLine[] }).places ?? [])
}

/** Returns the current memory of the process (`VmRSS`) or its peak so far (`VmHWM`), in MB; 0 once it has ended. */
function memoryOf(child: ChildProcess, what: 'VmHWM' | 'VmRSS'): number {
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
    const line = status.split('\n').find((one) => one.startsWith(`${what}:`))
    return Math.round(Number(/(\d+) kB/.exec(line ?? '')?.[1] ?? 0) / 1024)
  } catch {
    return 0
  }
}
