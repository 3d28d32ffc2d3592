/**
 * A full listing of a Salesforce object through Bulk API 2.0: the job, its result pages, their CSV parsed into records. The org is a fake in a
 * separate process, so only the connector is measured: its time, and the memory of this process while the rows pass through it.
 *
 * `node bench/salesforce-bulk.ts 100000`. Resident memory grows as far as the collector allows; the actual need is visible with a small heap: `node
 * --max-old-space-size=60 bench/salesforce-bulk.ts 300000`.
 */
import { readFileSync } from 'node:fs'
import { connectSystem } from '../src/connectors/registry.ts'
import { spawnFakeSalesforce } from '../test/support/salesforce/spawn.ts'
import { nowMs, rounded } from './statistics.ts'

export interface SalesforceBulkOptions {
  readonly records: number
  readonly say: (line: string) => void
}

export interface SalesforceBulkFigures {
  readonly records: number
  readonly seconds: number
  readonly recordsPerSecond: number
  readonly peakRssMb: number
  /** Resident memory in MB, every tenth of the run: shows whether it is constant. */
  readonly rssMb: readonly number[]
  readonly complete: boolean
}

const pageRows = 10_000

export async function benchSalesforceBulk({
  records,
  say,
}: SalesforceBulkOptions): Promise<SalesforceBulkFigures> {
  await using fake = await spawnFakeSalesforce({ accounts: records, bulkPage: pageRows })
  say(`an org with ${records} accounts is there`)
  const system = connectSystem(
    {
      name: 'crm',
      connector: 'salesforce',
      config: {
        url: fake.url,
        allowHttp: true,
        auth: {
          type: 'oauth2-client-credentials',
          tokenUrl: `${fake.url}/services/oauth2/token`,
          clientId: fake.clientId,
          clientSecret: fake.clientSecret,
        },
        bulk: { from: 1, pageRows, poll: '500ms' },
      },
      timing: { readTimeoutMs: 60_000, writeTimeoutMs: 60_000, concurrency: 4 },
    },
    { clock: { now: () => Date.now(), monotonic: () => performance.now() } },
  )
  try {
    const startedAt = nowMs()
    const pages = system.resource('Account').list({ signal: AbortSignal.timeout(900_000), priority: 'batch' })
    const rssMb: number[] = []
    let seen = 0
    for (;;) {
      const next = await pages.next()
      if (next.done === true) {
        const seconds = (nowMs() - startedAt) / 1_000
        return {
          records: seen,
          seconds: rounded(seconds),
          recordsPerSecond: Math.round(seen / seconds),
          peakRssMb: peakRssMb(),
          rssMb,
          complete: next.value.complete,
        }
      }
      seen += next.value.length
      if (seen >= ((rssMb.length + 1) * records) / 10) {
        rssMb.push(Math.round(process.memoryUsage.rss() / 1024 / 1024))
        say(`${seen} records, ${rssMb.at(-1)} MB`)
      }
    }
  } finally {
    await system.close()
  }
}

/** Peak as reported by the system; where it is not available, the current use. */
function peakRssMb(): number {
  try {
    const kb = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (kb !== undefined) return Math.round(Number(kb) / 1024)
  } catch {
    // Only Linux has that file.
  }
  return Math.round(process.memoryUsage.rss() / 1024 / 1024)
}

if (import.meta.main) {
  const records = Number(process.argv[2] ?? 100_000)
  console.log(JSON.stringify(await benchSalesforceBulk({ records, say: (line) => console.log(line) })))
}
