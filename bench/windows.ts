/**
 * How long before a create the same customer may be entered in the target without being detected: the window in which an extra copy is possible.
 *
 * People enter the same customers in both systems, at distances around the one that matters. A copy is a customer that Isthmus created in the target
 * after a person had entered it there; its window is the time between the two. Both systems and this process share a clock.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type RemoteFake, spawnFakeSystem } from '../test/support/fake-system/spawn.ts'
import { freePort, startIsthmus } from '../test/support/isthmus-process.ts'
import {
  contacts,
  customerRecord,
  hookSecret,
  partners,
  twoSystems,
  writeDefinition,
} from '../test/support/two-systems.ts'
import { percentile, rounded, sleep } from './statistics.ts'

export interface WindowsOptions {
  /** Customers that are entered twice, for each kind of place. */
  readonly pairs: number
  readonly say: (line: string) => void
}

export interface WindowRow {
  readonly kind: string
  readonly pairs: number
  /** Customers that Isthmus created in the target although a person had entered them there before. */
  readonly copies: number
  /** Customers that a person entered in the target after they had been created there: no one could have prevented these. */
  readonly enteredLater: number
  /** From the person's entry to the create, over the copies; null without copies. */
  readonly longestMs: number | null
  readonly medianMs: number | null
  /** Copies that Isthmus reports as duplicates. */
  readonly reported: number
  /** From the person's entry in the source to the create, if there was one. */
  readonly createdAfterMs: number | null
}

interface Kind {
  readonly resource: Readonly<Record<string, unknown>>
  readonly lagMs?: number
  /** Entries in the target come up to this long before those in the source. */
  readonly aheadMs: number
}

const lag = '2s'
const lagMs = 2_000
const listed = {
  paging: 'offset',
  parameter: 'offset',
  items: 'data',
  size: { parameter: 'limit', value: 500 },
}

const kinds: Readonly<Record<string, Kind>> = {
  'change feed': { resource: {}, aheadMs: 500 },
  search: { resource: { changes: undefined }, aheadMs: 500 },
  'search that lags by 2 s': {
    resource: { changes: undefined, search: { filters: ['{path}'], items: 'data', lag } },
    lagMs,
    aheadMs: 3_000,
  },
  'complete list': { resource: { changes: undefined, search: undefined }, aheadMs: 2_000 },
  'list by offset': { resource: { changes: undefined, search: undefined, list: listed }, aheadMs: 3_000 },
}

const paceMs = 100
/** A place that has only a list is listed for creates once a minute. */
const restMs = 75_000
const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))

/** One row per kind of place. */
export async function benchWindows({
  pairs,
  say,
}: WindowsOptions): Promise<{ readonly rows: readonly WindowRow[] }> {
  const rows: WindowRow[] = []
  for (const [name, kind] of Object.entries(kinds)) {
    const row = await measure(name, kind, pairs)
    say(
      `${name}: ${row.copies} copies of ${row.pairs}, window ${row.medianMs ?? '-'} ms (longest ${row.longestMs ?? '-'}), ` +
        `${row.enteredLater} entered later, ` +
        `${row.reported} reported, created ${row.createdAfterMs ?? '-'} ms after the entry`,
    )
    rows.push(row)
  }
  return { rows }
}

async function measure(name: string, kind: Kind, pairs: number): Promise<WindowRow> {
  const shown = { showsWriter: true }
  const crm = await spawnFakeSystem({ name: 'crm', resources: [{ ...contacts, ...shown }] })
  const erp = await spawnFakeSystem({
    name: 'erp',
    resources: [{ ...partners, ...shown, ...(kind.lagMs === undefined ? {} : { searchLagMs: kind.lagMs }) }],
  })
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-windows-'))
  try {
    await fill(crm, erp)
    writeDefinition(directory, definitionOf(crm, erp, kind))
    const port = await freePort()
    const environment = { CRM_HOOK_SECRET: hookSecret }
    const running = await startIsthmus({ directory, port, environment, startWithinMs: 180_000 })
    try {
      await crm.sendWebhooksTo({ url: `${running.url}/hooks/crm`, secret: hookSecret })
      await sleep(10_000)
      const entries = await enterPairs(crm, erp, kind, pairs)
      await untilEverywhere(crm, erp, pairs)
      await sleep(5_000)
      return {
        kind: name,
        pairs,
        ...(await judge(erp, entries)),
        reported: await reportedBy(directory, environment),
      }
    } finally {
      await running.stop()
    }
  } finally {
    await crm.close()
    await erp.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

const first = 1_000
const omit = ['id', 'version', 'updatedAt', 'modifiedBy']

function definitionOf(crm: RemoteFake, erp: RemoteFake, { resource }: Kind) {
  return twoSystems({
    crmUrl: crm.url,
    erpUrl: erp.url,
    crmResource: { write: { with: 'patch', nested: 'merge', returns: 'body+version', omit } },
    erpResource: { write: { with: 'put', returns: 'body+version', omit }, ...resource },
    // The poll discovers copies; the window concerns only the evidence for the create.
    erpPart: { triggers: [{ poll: '30s' }] },
  })
}

async function fill(crm: RemoteFake, erp: RemoteFake): Promise<void> {
  const create = Array.from({ length: 200 }, (_, n) => customerRecord(n + 1))
  await crm.edit({ resource: 'contacts', create })
  await erp.edit({ resource: 'partners', create })
}

/** Half of the pairs are entered around the window before the entry in the source, some shortly after it. */
async function enterPairs(
  crm: RemoteFake,
  erp: RemoteFake,
  { aheadMs }: Kind,
  pairs: number,
): Promise<Entries> {
  const times: Entries = { source: new Map(), target: new Map() }
  const afterMs = 1_500
  const entries = Array.from({ length: pairs }, async (_, n) => {
    const record = customerRecord(first + n)
    const offset = afterMs - ((n * 37) % pairs) * ((aheadMs + afterMs) / pairs)
    const inSource = aheadMs + n * paceMs
    const put = async (
      fake: RemoteFake,
      resource: string,
      side: keyof Entries,
      at: number,
    ): Promise<void> => {
      await sleep(at)
      await fake.edit({ resource, create: [record] })
      times[side].set(String(record.code), Date.now())
    }
    await Promise.all([
      put(erp, 'partners', 'target', inSource + offset),
      put(crm, 'contacts', 'source', inSource),
    ])
  })
  await Promise.all(entries)
  return times
}

/** The times at which people entered each code, in epoch ms. */
interface Entries {
  readonly source: Map<string, number>
  readonly target: Map<string, number>
}

async function untilEverywhere(crm: RemoteFake, erp: RemoteFake, pairs: number): Promise<void> {
  const end = performance.now() + restMs
  while (performance.now() < end) {
    const codes = new Set((await erp.records('partners')).map(({ code }) => code))
    const open = (await crm.records('contacts')).filter(({ code }) => !codes.has(code))
    if (open.length === 0 && codes.size >= pairs) return
    await sleep(500)
  }
}

async function judge(
  erp: RemoteFake,
  entries: Entries,
): Promise<Pick<WindowRow, 'copies' | 'enteredLater' | 'longestMs' | 'medianMs' | 'createdAfterMs'>> {
  const windows: number[] = []
  const delays: number[] = []
  let enteredLater = 0
  for (const { version, at, body } of await erp.writesSince('partners', 0)) {
    const source = entries.source.get(String(body.code))
    const target = entries.target.get(String(body.code))
    if (version !== 1 || source === undefined || target === undefined) continue
    delays.push(at - source)
    if (target < at) windows.push(at - target)
    else enteredLater += 1
  }
  return {
    copies: windows.length,
    enteredLater,
    longestMs: windows.length === 0 ? null : Math.max(...windows),
    medianMs: windows.length === 0 ? null : rounded(percentile(windows, 0.5)),
    createdAfterMs: delays.length === 0 ? null : rounded(percentile(delays, 0.5)),
  }
}

async function reportedBy(directory: string, environment: Readonly<Record<string, string>>): Promise<number> {
  const options = { cwd: directory, env: { ...process.env, ...environment }, timeout: 60_000 }
  // Open decisions have their own exit code, and are not a failure.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [cli, 'matches', 'list', '--limit', '1000', '--json'],
    options,
  ).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }))
  const { duplicates } = JSON.parse(stdout) as { readonly duplicates: readonly unknown[] }
  return duplicates.length
}
