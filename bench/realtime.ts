/**
 * Real time: a signed webhook arrives, the record is read from the CRM, merged, written to the ERP under a precondition, and the outcome is durable.
 * Everything runs on this machine: both remotes, the load, PostgreSQL and Isthmus, each in separate processes.
 *
 * The baseline makes the same two HTTP calls per webhook and nothing else: it stores nothing and checks nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RemoteFake, spawnFakeSystem } from '../test/support/fake-system/spawn.ts'
import { freePort, type IsthmusProcess, startIsthmus } from '../test/support/isthmus-process.ts'
import {
  contacts,
  customerRecord,
  hookSecret,
  partners,
  twoSystems,
  writeDefinition,
} from '../test/support/two-systems.ts'
import { type BaselineProcess, startBaseline } from './baseline.ts'
import { cpuMsOf, cpuMsOfFamily, postgresServersOf } from './cpu.ts'
import { nowMs, percentile, rounded, sleep } from './statistics.ts'

export interface RealtimeOptions {
  /** Records that both systems hold; each is edited once per burst. */
  readonly records: number
  /** Number of bursts; their median is used, not the best. */
  readonly bursts: number
  /** Edits per second while latency is measured, and the duration. */
  readonly pacedPerSecond: number
  readonly pacedSeconds: number
  /** `node --cpu-prof` for the process of Isthmus. */
  readonly profileInto?: string
  readonly say: (line: string) => void
}

export interface Figures {
  readonly recordsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface RealtimeResult extends Figures {
  /** Processor time per record, in ms: the runtime, its PostgreSQL, and both remotes. Not affected by a busy machine. */
  readonly cpuMsPerRecord: { readonly isthmus: number; readonly postgres: number; readonly remotes: number }
  readonly baseline: Figures
  /** Isthmus' throughput as a share of the baseline's. */
  readonly share: number
  readonly records: number
  readonly firstLoadPerSecond: number
}

/** Two remotes, filled identically. */
export interface Remotes {
  readonly crm: RemoteFake
  readonly erp: RemoteFake
  readonly ids: readonly string[]
}

export async function benchRealtime(options: RealtimeOptions): Promise<RealtimeResult> {
  const { records, say } = options
  const baseline = await withRemotes(records, async (remotes) => {
    const process = await startBaseline({ crmUrl: remotes.crm.url, erpUrl: remotes.erp.url })
    try {
      await remotes.crm.sendWebhooksTo({ url: process.url, secret: hookSecret, ownWrites: false })
      return await measure('baseline', remotes, options, () => settledBaseline(process))
    } finally {
      await process.close()
    }
  })
  let firstLoadPerSecond = 0
  let cpu = { isthmus: 0, postgres: 0, remotes: 0 }
  const isthmus = await withRemotes(records, (remotes) =>
    withIsthmus(remotes, options, async (running, servers) => {
      const loadMs = await firstLoad(running, records)
      firstLoadPerSecond = Math.round((2 * records) / (loadMs / 1000))
      say(`first load: ${2 * records} records matched in ${rounded(loadMs / 1000)} s`)
      const spent = () => {
        const isthmus = cpuMsOf(running.child.pid)
        const ofRemotes = cpuMsOf(remotes.crm.child.pid) + cpuMsOf(remotes.erp.child.pid)
        return { isthmus, postgres: cpuMsOfFamily(servers), remotes: ofRemotes }
      }
      const before = spent()
      const figures = await measure('isthmus', remotes, options, () => settledIsthmus(running))
      const after = spent()
      const done = options.bursts * records + options.pacedPerSecond * options.pacedSeconds
      const share = (name: keyof typeof cpu) =>
        Math.round(((after[name] - before[name]) / done) * 1000) / 1000
      cpu = { isthmus: share('isthmus'), postgres: share('postgres'), remotes: share('remotes') }
      return figures
    }),
  )
  const share = Math.round((isthmus.recordsPerSecond / baseline.recordsPerSecond) * 100) / 100
  return { ...isthmus, cpuMsPerRecord: cpu, baseline, share, records, firstLoadPerSecond }
}

async function withRemotes<T>(records: number, use: (remotes: Remotes) => Promise<T>): Promise<T> {
  const crm = await spawnFakeSystem({ name: 'crm', resources: [{ ...contacts, forgetful: true }] })
  // The target accepts patches with a precondition, and is polled by its own feed: the newest state of each record is sufficient.
  const erp = await spawnFakeSystem({
    name: 'erp',
    resources: [{ ...partners, write: 'both', conditional: 'honoured' }],
  })
  try {
    const create = Array.from({ length: records }, (_, n) => customerRecord(n + 1))
    const ids = await crm.edit({ resource: 'contacts', create })
    await erp.edit({ resource: 'partners', create })
    return await use({ crm, erp, ids })
  } finally {
    await crm.close()
    await erp.close()
  }
}

async function withIsthmus<T>(
  { crm, erp }: Remotes,
  options: RealtimeOptions,
  use: (isthmus: IsthmusProcess, servers: ReadonlySet<number>) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-bench-'))
  writeDefinition(
    directory,
    twoSystems({
      crmUrl: crm.url,
      erpUrl: erp.url,
      // The CRM supports reading several records at once, as most APIs do.
      crmResource: { read: { batch: { parameter: 'id', style: 'repeat', max: 50 } } },
      crmPart: { triggers: [{ webhook: 'changes' }] },
      erpPart: { triggers: [{ full: '0 3 * * *' }] },
      erpResource: {
        write: {
          with: 'patch',
          nested: 'merge',
          returns: 'body+version',
          omit: ['id', 'version', 'updatedAt'],
        },
      },
    }),
  )
  const isthmus = await startIsthmus({
    directory,
    port: await freePort(),
    environment: { CRM_HOOK_SECRET: hookSecret },
    ...(options.profileInto !== undefined && {
      nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${options.profileInto}`],
    }),
  })
  try {
    await crm.sendWebhooksTo({ url: `${isthmus.url}/hooks/crm`, secret: hookSecret, ownWrites: false })
    return await use(isthmus, postgresServersOf(isthmus.child.pid))
  } finally {
    await isthmus.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function firstLoad(isthmus: IsthmusProcess, records: number): Promise<number> {
  const startedAt = nowMs()
  for (;;) {
    const status = await statusOf(isthmus)
    const linked = status.systems.map((one) => one.linked)
    const queue = status.queue.due + status.queue.waiting + status.queue.running
    if (linked.length === 2 && linked.every((count) => count >= records) && queue === 0)
      return nowMs() - startedAt
    await sleep(200)
  }
}

interface Status {
  readonly queue: { readonly due: number; readonly waiting: number; readonly running: number }
  readonly systems: readonly { readonly linked: number }[]
}

async function statusOf(isthmus: IsthmusProcess): Promise<Status> {
  const response = await fetch(`${isthmus.url}/api/v1/status`)
  if (!response.ok) throw new Error(`status: ${response.status}`)
  return ((await response.json()) as { readonly counts: Status }).counts
}

/** All outcomes are durable: nothing is due, waiting or in progress. */
async function settledIsthmus(isthmus: IsthmusProcess): Promise<boolean> {
  const { due, waiting, running } = (await statusOf(isthmus)).queue
  return due + waiting + running === 0
}

async function settledBaseline(process: BaselineProcess): Promise<boolean> {
  return (await process.underWay()) === 0
}

/** Bursts for throughput, then a steady rate for latency. */
async function measure(
  name: string,
  remotes: Remotes,
  options: RealtimeOptions,
  settled: () => Promise<boolean>,
): Promise<Figures> {
  const rates: number[] = []
  for (let burst = 1; burst <= options.bursts; burst += 1) {
    const ms = await oneBurst(remotes, `${name} ${burst}`, settled)
    rates.push(remotes.ids.length / (ms / 1000))
    options.say(
      `${name}: ${remotes.ids.length} records in ${rounded(ms / 1000)} s (${Math.round(rates.at(-1) ?? 0)}/s)`,
    )
  }
  const latencies = await paced(remotes, `${name} paced`, options)
  options.say(
    `${name}: p50 ${rounded(percentile(latencies, 0.5))} ms, p99 ${rounded(percentile(latencies, 0.99))} ms at ${options.pacedPerSecond}/s`,
  )
  return {
    recordsPerSecond: Math.round(percentile(rates, 0.5)),
    p50Ms: rounded(percentile(latencies, 0.5)),
    p99Ms: rounded(percentile(latencies, 0.99)),
  }
}

/** Each record is edited once, as fast as the CRM can announce it; ends when the ERP has all of them and their outcomes are durable. */
async function oneBurst(
  { crm, erp, ids }: Remotes,
  value: string,
  settled: () => Promise<boolean>,
): Promise<number> {
  const before = (await erp.counts('partners')).engineWrites
  const startedAt = nowMs()
  for (let at = 0; at < ids.length; at += 500) {
    const patch = ids.slice(at, at + 500).map((id) => ({ id, change: { city: `${value} ${id}` } }))
    await crm.edit({ resource: 'contacts', patch })
  }
  for (;;) {
    const written = (await erp.counts('partners')).engineWrites - before
    if (written >= ids.length && (await settled())) return nowMs() - startedAt
    if (nowMs() - startedAt > 120_000)
      throw new Error(`only ${written} of ${ids.length} arrived within 120 s`)
    await sleep(20)
  }
}

/** Edits at a steady rate; the time from each edit to the ERP's own record of the write. */
async function paced({ crm, erp, ids }: Remotes, value: string, options: RealtimeOptions): Promise<number[]> {
  const count = options.pacedPerSecond * options.pacedSeconds
  const since = (await erp.counts('partners')).seq
  const editedAt = new Map<string, number>()
  const beginsAt = nowMs()
  for (let n = 0; n < count; n += 1) {
    const id = ids[n % ids.length] ?? ''
    const text = `${value} ${n}`
    const wait = beginsAt + (n * 1000) / options.pacedPerSecond - nowMs()
    if (wait > 0) await sleep(wait)
    editedAt.set(text, nowMs())
    await crm.edit({ resource: 'contacts', patch: [{ id, change: { city: text } }] })
  }
  await sleep(2000)
  const writes = await erp.writesSince('partners', since)
  return writes.flatMap(({ at, body }) => {
    const edited = editedAt.get(String(body.city))
    return edited === undefined ? [] : [at - edited]
  })
}
