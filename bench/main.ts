/**
 * `npm run bench -- <figure> [--json]`: one command per figure; with `--json` the last line is one JSON object. Without a figure the table of them, which
 * takes about half an hour; `--scale 0.01` for a first impression.
 */
import { parseArgs } from 'node:util'
import { benchCache } from './cache.ts'
import { benchClient } from './client.ts'
import { benchCommands } from './commands.ts'
import { benchFirstLoad } from './first-load.ts'
import { benchFullRun } from './full-run.ts'
import { benchGuard } from './guard.ts'
import { benchIdle } from './idle.ts'
import { benchRealtime } from './realtime.ts'
import { benchSalesforceBulk } from './salesforce-bulk.ts'
import { benchSize } from './size.ts'
import { benchStatus } from './status.ts'
import { benchSyncQuality } from './sync-quality.ts'
import { benchTable } from './table.ts'
import { benchWide } from './wide.ts'
import { benchWindows } from './windows.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    records: { type: 'string' },
    bursts: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '10' },
    poll: { type: 'string', default: '5' },
    profile: { type: 'string' },
    fields: { type: 'string' },
    only: { type: 'string' },
    contestants: { type: 'string' },
    seed: { type: 'string', default: '1' },
    scale: { type: 'string', default: '1' },
  },
})

const say = (line: string): void => {
  if (!values.json) console.log(line)
}

const figures: Readonly<Record<string, () => Promise<object>>> = {
  table: () => benchTable({ scale: Number(values.scale), say }),
  cache: () => benchCache(say),
  client: () => benchClient({ rounds: Number(values.rounds), requests: 3_000, say }),
  commands: () => benchCommands({ rounds: Number(values.rounds), say }),
  realtime: () =>
    benchRealtime({
      records: Number(values.records ?? 5000),
      bursts: Number(values.bursts),
      pacedPerSecond: 100,
      pacedSeconds: Number(values.seconds),
      ...(values.profile !== undefined && { profileInto: values.profile }),
      say,
    }),
  guard: () =>
    benchGuard({ records: Number(values.records ?? 300_000), rounds: Number(values.rounds) * 10, say }),
  idle: () =>
    benchIdle({
      pollSeconds: Number(values.poll),
      seconds: Number(values.seconds),
      ...(values.profile !== undefined && { profileInto: values.profile }),
      say,
    }),
  'salesforce-bulk': () => benchSalesforceBulk({ records: Number(values.records ?? 100_000), say }),
  'sync-quality': () =>
    benchSyncQuality({
      records: Number(values.records ?? 40),
      seed: Number(values.seed),
      ...(values.only === undefined ? {} : { scenarios: values.only.split(',') }),
      ...(values.contestants === undefined ? {} : { contestants: values.contestants.split(',') }),
      say,
    }),
  size: () =>
    benchSize({
      records: Number(values.records ?? 2000),
      fields: Number(values.fields ?? 20),
      say,
    }),
  status: () =>
    benchStatus({ records: Number(values.records ?? 1_000_000), rounds: Number(values.rounds), say }),
  wide: () =>
    benchWide({
      records: Number(values.records ?? 500),
      fields: Number(values.fields ?? 500),
      ...(values.profile !== undefined && { profileInto: values.profile }),
      say,
    }),
  windows: () => benchWindows({ pairs: Number(values.records ?? 100), say }),
  'first-load': () => benchFirstLoad({ records: Number(values.records ?? 100_000), say }),
  'full-run': () => benchFullRun({ records: Number(values.records ?? 1_000_000), say }),
}

const [name = 'table'] = positionals
const figure = figures[name]
if (figure === undefined) {
  console.error(`Which figure? One of: ${Object.keys(figures).join(', ')}`)
  process.exitCode = 64
} else {
  console.log(JSON.stringify(await figure()))
}
