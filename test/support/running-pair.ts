/** Two fake systems over real HTTP, kept in agreement by the real runtime on real PostgreSQL: the basis of the integration tests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { EngineSettings } from '../../src/engine/settings.ts'
import type { DomainEvent } from '../../src/model/events.ts'
import { readSettings } from '../../src/runtime/config.ts'
import { createRuntime, type IsthmusRuntime } from '../../src/runtime/create-runtime.ts'
import { loadDefinition } from '../../src/runtime/load-definition.ts'
import { serverDependencies } from '../../src/server/from-runtime.ts'
import { listen } from '../../src/server/listen.ts'
import type { RecordDetail } from '../../src/store/admin-contract.ts'
import { type FakeSystem, startFakeSystem } from './fake-system/fake-system.ts'
import type { FakeResourceOptions } from './fake-system/options.ts'
import type { Native } from './fake-system/remote-table.ts'
import { testKey } from './test-key.ts'
import {
  contacts,
  hookSecret,
  partners,
  type TwoSystemsOptions,
  twoSystems,
  writeDefinition,
} from './two-systems.ts'

export interface PairOptions {
  readonly crm?: Partial<FakeResourceOptions>
  readonly erp?: Partial<FakeResourceOptions>
  /** Further resources in both systems, for entities beside `customer`. */
  readonly more?: {
    readonly crm: readonly FakeResourceOptions[]
    readonly erp: readonly FakeResourceOptions[]
  }
  readonly definition?: Partial<Omit<TwoSystemsOptions, 'crmUrl' | 'erpUrl'>>
  readonly engine?: Partial<EngineSettings>
  readonly environment?: Readonly<Record<string, string>>
}

let schemas = 0

export class RunningPair {
  readonly crm: FakeSystem
  readonly erp: FakeSystem
  readonly events: DomainEvent[] = []
  readonly #database: string
  readonly #options: PairOptions
  readonly #directory = mkdtempSync(join(tmpdir(), 'isthmus-pair-'))
  readonly #runtimes: { stop(): Promise<void> }[] = []
  /** The schema of the runtimes. */
  readonly schema = `pair_${process.pid}_${++schemas}`
  runtime: IsthmusRuntime | undefined

  private constructor(database: string, options: PairOptions, crm: FakeSystem, erp: FakeSystem) {
    this.#database = database
    this.#options = options
    this.crm = crm
    this.erp = erp
  }

  /** Starts the systems; Isthmus starts with {@link start}. */
  static async open(database: string, options: PairOptions = {}): Promise<RunningPair> {
    const { more } = options
    const crm = await startFakeSystem({
      name: 'crm',
      resources: [{ ...contacts, ...options.crm }, ...(more?.crm ?? [])],
    })
    const erp = await startFakeSystem({
      name: 'erp',
      resources: [{ ...partners, ...options.erp }, ...(more?.erp ?? [])],
    })
    return new RunningPair(database, options, crm, erp)
  }

  /** Starts a runtime on the same database; several may run. */
  async start(changes: Partial<PairOptions['definition']> = {}): Promise<IsthmusRuntime> {
    const definition = { ...this.#options.definition, ...changes }
    writeDefinition(
      this.#directory,
      twoSystems({ crmUrl: this.crm.url, erpUrl: this.erp.url, ...definition }),
    )
    const runtime = await createRuntime({
      loaded: await loadDefinition({
        directory: this.#directory,
        environment: { CRM_HOOK_SECRET: hookSecret, ...this.#options.environment },
      }),
      settings: readSettings(
        { ...testKey, DATABASE_URL: this.#database, ISTHMUS_DATABASE_SCHEMA: this.schema },
        this.#directory,
      ),
      engine: { pollMs: 100, backoffBaseMs: 100, backoffMaxMs: 2000, ...this.#options.engine },
      onEvent: (event) => void this.events.push(event),
    })
    this.#runtimes.push(runtime)
    this.runtime = runtime
    runtime.start()
    return runtime
  }

  /** Serves webhooks, and registers them at the CRM. */
  async subscribe(
    more: { readonly lose?: number; readonly duplicate?: number; readonly delayMs?: number } = {},
  ) {
    const runtime = this.running
    const server = await listen(serverDependencies(runtime), { port: 0 })
    this.#runtimes.unshift({ stop: () => server.close() })
    this.crm.sendWebhooksTo({ url: `${server.url}/hooks/crm`, secret: hookSecret, ...more })
    return server
  }

  get running(): IsthmusRuntime {
    if (this.runtime === undefined) throw new RangeError('nothing runs')
    return this.runtime
  }

  get contacts() {
    return this.crm.resource('contacts').table
  }

  get partners() {
    return this.erp.resource('partners').table
  }

  /** The CRM's record with a code. */
  contact(code: string): Native | undefined {
    return find(this.crm, 'contacts', code)
  }

  partner(code: string): Native | undefined {
    return find(this.erp, 'partners', code)
  }

  /** Waits, with a limit, until both systems hold the same customers with the same values. */
  async agree(count: number): Promise<void> {
    await until(() => {
      const left = all(this.crm, 'contacts')
      const right = all(this.erp, 'partners')
      if (left.length !== count || right.length !== count)
        return `${left.length} and ${right.length} of ${count}`
      for (const a of left) {
        const b = right.find((one) => one.code === a.code)
        if (b === undefined) return `${String(a.code)} is missing`
        for (const name of ['name', 'email', 'phone', 'city'])
          if (String(a[name] ?? '').slice(0, 40) !== String(b[name] ?? '').slice(0, 40))
            return `${String(a.code)}.${name}: ${String(a[name])} and ${String(b[name])}`
      }
      return true
    })
  }

  /** Waits, with a limit, until no outcome is in doubt and nothing is due, waiting or in progress. */
  async quiet(withinMs = 120_000): Promise<void> {
    await until(async () => {
      const { queue, open } = await this.running.store.admin.status()
      const left = queue.due + queue.waiting + queue.running
      return left + open.intents === 0 || `${left} records to do, ${open.intents} writes in doubt`
    }, withinMs)
  }

  detail(system: 'crm' | 'erp', nativeId: string): Promise<RecordDetail | undefined> {
    return this.running.store.admin.record({ system, nativeId })
  }

  /** Runs a full run of both systems now. */
  async full(): Promise<void> {
    await this.running.byHand.runFull({}, new AbortController().signal)
  }

  /** Writes of Isthmus that took effect, in both systems. */
  get writes(): number {
    const ours = (table: { changes: readonly { by: string }[] }) =>
      table.changes.filter((change) => change.by === 'engine').length
    return ours(this.contacts) + ours(this.partners)
  }

  async stop(): Promise<void> {
    for (const runtime of this.#runtimes.splice(0)) await runtime.stop()
  }

  async close(): Promise<void> {
    await this.stop()
    await this.crm.close()
    await this.erp.close()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

function all(system: FakeSystem, name: string): readonly Native[] {
  const { table } = system.resource(name)
  const bodies: Native[] = []
  for (const nativeId of table.nativeIds()) {
    const body = table.current(nativeId)?.body
    if (body !== undefined) bodies.push(body)
  }
  return bodies
}

function find(system: FakeSystem, name: string, code: string): Native | undefined {
  const { table } = system.resource(name)
  for (const nativeId of table.nativeIds()) {
    const body = table.current(nativeId)?.body
    if (body?.code === code) return { id: nativeId, ...body }
  }
  return undefined
}

/** Waits, with a limit, until a condition holds; the text it returns otherwise is the failure's message. */
export async function until(
  holds: () => boolean | string | Promise<boolean | string>,
  withinMs = 120_000,
): Promise<void> {
  const end = performance.now() + withinMs
  let response: boolean | string = false
  while (performance.now() < end) {
    response = await holds()
    if (response === true) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  expect(response, 'did not happen in time').toBe(true)
}

export function settle(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
