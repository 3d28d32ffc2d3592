/**
 * `npm run demo`: two real HTTP systems, an embedded PostgreSQL, the runtime and its status page, and a
 * scenario of situations that occur in practice. The result at the end is compared over HTTP, not read from
 * Isthmus' own records.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSettings } from '../runtime/config.ts'
import { createRuntime, type IsthmusRuntime } from '../runtime/create-runtime.ts'
import { loadDefinition } from '../runtime/load-definition.ts'
import { createKeyFile } from '../runtime/master-key/key-file.ts'
import type { RunningServer } from '../server/create-server.ts'
import { serverDependencies } from '../server/from-runtime.ts'
import { listen } from '../server/listen.ts'
import { type Comparison, compareSystems } from './compare.ts'
import { type Crm, startCrm } from './crm.ts'
import { type Erp, startErp } from './erp.ts'
import { type DemoEngine, type Narrator, type StepContext, untilQuiet } from './step-context.ts'
import { partnersBefore, steps } from './steps.ts'

export interface DemoOptions {
  readonly narrator: Narrator
  /** Number of customers in the load step. @default 10000 */
  readonly loadSize?: number
  /** Port of the status page; 0 selects a free one. @default 4780, or a free one if it is in use */
  readonly port?: number
  /** Log level of the runtime. @default 'silent' */
  readonly onEvent?: Parameters<IsthmusRuntime['events']['subscribe']>[0]
}

/** The result that `--json` prints. */
export interface DemoResult {
  /**
   * Both systems hold the same customers, each once, with the same fields, and every edit of the scenario is
   * present.
   */
  readonly converged: boolean
  /** Customers that are equal in both systems. */
  readonly records: number
  readonly duplicates: number
  /** Customers or edits that are missing or different somewhere. */
  readonly lost: number
  /** Writes to either system during two full runs after everything had settled. */
  readonly writesAtQuiescence: number
  /** Detected conflicts, regardless of who decided them. */
  readonly conflicts: number
  readonly seconds: number
  /** From an edit's response until the other system shows it; single edits, both directions. */
  readonly p95Ms: number
}

/** A running demo. */
export interface Demo {
  readonly statusUrl: string
  readonly crmUrl: string
  readonly erpUrl: string
  /** Runs all steps and the final comparison. */
  run(): Promise<DemoResult>
  /** Stops everything and removes its files. */
  close(): Promise<void>
}

const defaultPort = 4780

async function serve(runtime: IsthmusRuntime, port: number | undefined): Promise<RunningServer> {
  const dependencies = serverDependencies(runtime)
  if (port !== undefined) return await listen(dependencies, { port })
  try {
    return await listen(dependencies, { port: defaultPort })
  } catch {
    // The default port is in use; the demo prints its address, so any other port works.
    return await listen(dependencies, { port: 0 })
  }
}

/** Starts everything. If a part fails, everything that was started is stopped again. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const closing: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const part of closing.splice(0).reverse()) await part()
  }
  try {
    const directory = mkdtempSync(join(tmpdir(), 'isthmus-demo-'))
    // As root the server runs under another user, who needs access to this path; the cluster itself is closed
    // to all other users.
    chmodSync(directory, 0o755)
    closing.push(async () => rmSync(directory, { recursive: true, force: true }))
    const secret = `whsec_${randomBytes(32).toString('base64')}`
    const token = randomBytes(16).toString('hex')
    const crm = await startCrm({ webhookSecret: secret })
    closing.push(() => crm.close())
    const erp = await startErp({ partners: partnersBefore, token })
    closing.push(() => erp.close())
    const runtime = await openRuntime({ crm, erp, secret, token, directory, onEvent: options.onEvent })
    closing.push(() => runtime.stop())
    const server = await serve(runtime, options.port)
    closing.push(() => server.close())
    crm.subscribe(`${server.url}/hooks/crm`)
    return {
      statusUrl: server.url,
      crmUrl: crm.url,
      erpUrl: erp.url,
      run: () => run({ options, crm, erp, token, runtime }),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

interface RuntimeParts {
  readonly crm: Crm
  readonly erp: Erp
  readonly secret: string
  readonly token: string
  readonly directory: string
  readonly onEvent: DemoOptions['onEvent']
}

async function openRuntime(parts: RuntimeParts): Promise<IsthmusRuntime> {
  const loaded = await loadDefinition({
    file: fileURLToPath(new URL('./isthmus.yaml', import.meta.url)),
    environment: {
      DEMO_CRM_URL: parts.crm.url,
      DEMO_ERP_URL: parts.erp.url,
      DEMO_CRM_HOOK_SECRET: parts.secret,
      DEMO_ERP_TOKEN: parts.token,
    },
  })
  // The demo always has its own database: environment variables must not point it to a real one.
  // Its key may lie beside the data: all of it is made up.
  const keyFile = join(parts.directory, 'demo.key')
  createKeyFile(keyFile)
  const settings = readSettings(
    { ISTHMUS_DATA_DIR: parts.directory, ISTHMUS_KEY_FILE: keyFile },
    parts.directory,
  )
  return await createRuntime({
    loaded,
    settings,
    ...(parts.onEvent === undefined ? {} : { onEvent: parts.onEvent }),
  })
}

interface RunInput {
  readonly options: DemoOptions
  readonly crm: Crm
  readonly erp: Erp
  readonly token: string
  readonly runtime: IsthmusRuntime
}

async function run({ options, crm, erp, token, runtime }: RunInput): Promise<DemoResult> {
  const started = performance.now()
  const engine: DemoEngine = {
    store: runtime.store,
    runFull: async () => void (await runtime.byHand.runFull({}, AbortSignal.timeout(120_000))),
  }
  const context: StepContext = {
    crm,
    erp,
    erpToken: token,
    engine,
    narrator: options.narrator,
    loadSize: options.loadSize ?? 10_000,
    expectations: [],
    latencies: [],
  }
  runtime.start()
  for (const step of steps) await step(context)
  const writesAtQuiescence = await measureQuiescence(context)
  const comparison = await compareSystems(context)
  return summarise(context, { comparison, writesAtQuiescence, started })
}

/** After everything has settled, two full runs must not cause a single write. */
async function measureQuiescence(context: StepContext): Promise<number> {
  context.narrator.step('Quiet')
  await untilQuiet(context)
  const before = context.erp.writes() + (await context.crm.writes())
  for (let run = 0; run < 2; run += 1) {
    await context.engine.runFull()
    await untilQuiet(context)
  }
  const writes = context.erp.writes() + (await context.crm.writes()) - before
  context.narrator.emit(`Two full runs over both systems caused ${writes} writes.`)
  return writes
}

interface Measures {
  readonly comparison: Comparison
  readonly writesAtQuiescence: number
  readonly started: number
}

async function summarise(context: StepContext, measures: Measures): Promise<DemoResult> {
  const { comparison, writesAtQuiescence, started } = measures
  const unmet = context.expectations.filter((expectation) => !expectation.holds(comparison))
  const problems = [
    ...comparison.missing,
    ...comparison.different,
    ...unmet.map((expectation) => `not so: ${expectation.what}`),
  ]
  for (const problem of problems.slice(0, 20)) context.narrator.emit(`✗ ${problem}`)
  const sorted = [...context.latencies].sort((a, b) => a - b)
  return {
    converged: problems.length === 0 && comparison.duplicates === 0 && writesAtQuiescence === 0,
    records: comparison.agreeing,
    duplicates: comparison.duplicates,
    lost: problems.length,
    writesAtQuiescence,
    conflicts: await countConflicts(context),
    seconds: Math.round((performance.now() - started) / 100) / 10,
    p95Ms: Math.round(sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0),
  }
}

async function countConflicts(context: StepContext): Promise<number> {
  let count = 0
  let cursor: string | undefined
  do {
    const page = await context.engine.store.admin.conflicts({
      limit: 200,
      ...(cursor === undefined ? {} : { cursor }),
    })
    count += page.rows.length
    cursor = page.cursor
  } while (cursor !== undefined)
  return count
}
