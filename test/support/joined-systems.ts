/** Two fake systems over HTTP, joined by the real runtime on a real database in the test's own process: for tests of single hazards. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, vi } from 'vitest'
import type { PlaceResult } from '../../src/engine/by-hand.ts'
import type { DomainEvent } from '../../src/model/events.ts'
import { readSettings } from '../../src/runtime/config.ts'
import { createRuntime, type IsthmusRuntime, type RuntimeOptions } from '../../src/runtime/create-runtime.ts'
import { loadDefinition } from '../../src/runtime/load-definition.ts'
import type { RunningServer } from '../../src/server/create-server.ts'
import { listen } from '../../src/server/listen.ts'
import { type TestDatabase, withTestDatabase } from './database.ts'
import { type FakeSystem, startFakeSystem } from './fake-system/fake-system.ts'
import type { FakeResourceOptions, FakeSystemOptions, FakeWebhookOptions } from './fake-system/options.ts'
import type { Native, RemoteTable } from './fake-system/remote-table.ts'
import {
  contacts,
  hookSecret,
  partners,
  type TwoSystemsOptions,
  twoSystems,
  writeDefinition,
} from './two-systems.ts'

const waitMs = 60_000
const lookEveryMs = 20
/** Longer than the pause between two polls, so that a quiet moment has seen one. */
const quietMs = 450
const pollEvery = '200ms'

export interface JoinOptions {
  readonly crm?: Partial<FakeResourceOptions>
  readonly erp?: Partial<FakeResourceOptions>
  /** Further resources, tokens, latencies. */
  readonly crmSystem?: Partial<FakeSystemOptions>
  readonly erpSystem?: Partial<FakeSystemOptions>
  /** Changes the definition; the addresses are filled in. */
  readonly definition?: Omit<TwoSystemsOptions, 'crmUrl' | 'erpUrl'>
  /** The CRM announces its changes to the runtime's server. @default no webhooks */
  readonly webhooks?: Partial<FakeWebhookOptions>
  /** What is there before Isthmus starts. */
  readonly inCrm?: readonly Native[]
  readonly inErp?: readonly Native[]
  readonly engine?: RuntimeOptions['engine']
  /** Waits until the first load is over. @default true */
  readonly settle?: boolean
  readonly environment?: Readonly<Record<string, string>>
}

export interface JoinedSystems {
  readonly crm: FakeSystem
  readonly erp: FakeSystem
  /** The CRM's records. */
  readonly contacts: RemoteTable
  /** The ERP's records. */
  readonly partners: RemoteTable
  /** Everything that happened, in every runtime since the beginning. */
  readonly events: readonly DomainEvent[]
  /** Schema of the store. */
  readonly schema: string
  /** The runtime that was started last. */
  runtime(): IsthmusRuntime
  server(): RunningServer
  /** One more runtime on the same database, as another process would be. */
  another(options?: Pick<RuntimeOptions, 'roles' | 'engine'>): Promise<IsthmusRuntime>
  /** Stops all runtimes, does something meanwhile, and starts one, perhaps by a changed definition. */
  restart(options?: RestartOptions): Promise<void>
  /** Waits, bounded, until something holds. */
  until(what: string, holds: () => boolean | Promise<boolean>): Promise<void>
  /** Waits until nothing is due, in hand or waiting, and polls had time to notice. */
  quiet(): Promise<void>
  /** A full run over everything, with all that it causes. */
  full(): Promise<readonly PlaceResult[]>
  /** Engine writes to both systems so far. */
  writes(): number
  close(): Promise<void>
}

export interface RestartOptions {
  readonly meanwhile?: () => unknown
  readonly definition?: JoinOptions['definition']
  /** Another database. @default the same */
  readonly connection?: string
}

/** The pace that tests of hazards share. */
const quick = { pollMs: 50, reapMs: 200, backoffBaseMs: 100, backoffMaxMs: 1000 } as const
let schemas = 0

/** Starts both systems, fills them, and starts the runtime on a schema of its own. */
export async function joinSystems(database: TestDatabase, options: JoinOptions = {}): Promise<JoinedSystems> {
  const closing: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const part of closing.splice(0).reverse()) await part()
  }
  const crm = await startFakeSystem(systemOptions('crm', { ...contacts, ...options.crm }, options.crmSystem))
  closing.push(() => crm.close())
  const erp = await startFakeSystem(systemOptions('erp', { ...partners, ...options.erp }, options.erpSystem))
  closing.push(() => erp.close())
  const tables = { contacts: crm.resource('contacts').table, partners: erp.resource('partners').table }
  for (const record of options.inCrm ?? []) tables.contacts.create(record, 'user')
  for (const record of options.inErp ?? []) tables.partners.create(record, 'user')
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-joined-'))
  closing.push(async () => rmSync(directory, { recursive: true, force: true }))
  schemas += 1
  const schema = `joined_${schemas}`
  const events: DomainEvent[] = []
  let { connection } = database
  const running: { readonly runtime: IsthmusRuntime; readonly server: RunningServer }[] = []

  const stopAll = async (): Promise<void> => {
    for (const { runtime, server } of running.splice(0)) {
      await server.close()
      await runtime.stop()
    }
  }
  closing.push(stopAll)

  const start = async (more: Pick<RuntimeOptions, 'roles' | 'engine'> = {}): Promise<IsthmusRuntime> => {
    const environment = { CRM_HOOK_SECRET: hookSecret, ...options.environment }
    const runtime = await createRuntime({
      loaded: await loadDefinition({ directory, environment }),
      settings: readSettings({ DATABASE_URL: connection, ISTHMUS_DATABASE_SCHEMA: schema }, directory),
      ...more,
      engine: { ...quick, ...options.engine, ...more.engine },
      onEvent: (event) => void events.push(event),
    })
    const { integration, store, receive, checkReady, now } = runtime
    const server = await listen({ integration, admin: store.admin, receive, checkReady, now }, { port: 0 })
    running.push({ runtime, server })
    if (options.webhooks !== undefined) {
      crm.sendWebhooksTo({ url: `${server.url}/hooks/crm`, secret: hookSecret, ...options.webhooks })
    }
    runtime.start()
    return runtime
  }

  const latest = () => {
    const last = running.at(-1)
    if (last === undefined) throw new Error('nothing runs')
    return last
  }

  const define = (definition: JoinOptions['definition'] = options.definition): void =>
    writeDefinition(
      directory,
      twoSystems({
        crmUrl: crm.url,
        erpUrl: erp.url,
        ...definition,
        crmPart: { triggers: [{ webhook: 'changes' }, { poll: pollEvery }], ...definition?.crmPart },
        erpPart: { triggers: [{ poll: pollEvery }], ...definition?.erpPart },
      }),
    )

  const joined: JoinedSystems = {
    crm,
    erp,
    ...tables,
    events,
    schema,
    runtime: () => latest().runtime,
    server: () => latest().server,
    another: start,
    restart: async ({ meanwhile, definition, connection: other } = {}) => {
      await stopAll()
      await meanwhile?.()
      connection = other ?? connection
      if (definition !== undefined) define(definition)
      await start()
    },
    until: waitUntil,
    quiet: () => waitUntilQuiet(latest().runtime, events),
    full: async () => {
      const { runtime } = latest()
      const places = await runtime.byHand.runFull({}, AbortSignal.timeout(waitMs))
      await waitUntilQuiet(runtime, events)
      return places
    },
    writes: () => writesTo(tables.contacts) + writesTo(tables.partners),
    close,
  }
  try {
    define()
    await start()
    if (options.settle !== false) await waitUntilQuiet(latest().runtime, events)
  } catch (error) {
    await close()
    throw error
  }
  return joined
}

function systemOptions(
  name: string,
  first: FakeResourceOptions,
  more: Partial<FakeSystemOptions> = {},
): FakeSystemOptions {
  return { name, ...more, resources: [first, ...(more.resources ?? [])] }
}

/** Waits, bounded, until something holds. */
export async function waitUntil(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + waitMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not in ${waitMs / 1000} s: ${what}`)
    await sleep(lookEveryMs)
  }
}

/** Nothing due, in hand or waiting for long enough to have seen two polls of each polled system, after the first load. */
async function waitUntilQuiet({ store }: IsthmusRuntime, events: readonly DomainEvent[]): Promise<void> {
  let since = performance.now()
  let from = events.length
  await waitUntil('all records settled', async () => {
    const { queue, records, systems } = await store.admin.status()
    const moving = queue.due + queue.running + queue.waiting + (records.candidate ?? 0)
    if (moving > 0 || systems.some(({ lastRun }) => lastRun?.finishedAt === undefined)) {
      since = performance.now()
      from = events.length
    }
    return performance.now() - since > quietMs && pollsIn(events.slice(from)) >= 2
  })
  function pollsIn(recent: readonly DomainEvent[]): number {
    const polled = new Set(events.flatMap((event) => (event.type === 'PollFinished' ? [event.system] : [])))
    const counts = [...polled].map(
      (system) => recent.filter((event) => event.type === 'PollFinished' && event.system === system).length,
    )
    return counts.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...counts)
  }
}

function writesTo(table: RemoteTable): number {
  return table.changes.filter(({ by }) => by === 'engine').length
}

/** The only living record of that code. */
export function recordOf(table: RemoteTable, code: string): { readonly rid: string; readonly body: Native } {
  const found = [...table.rids()].flatMap((rid) => {
    const body = table.current(rid)?.body
    return body?.code === code ? [{ rid, body }] : []
  })
  const [only] = found
  if (only === undefined || found.length > 1)
    throw new Error(`${table.name} has ${found.length} records ${code}`)
  return only
}

/** Values of one property over all living records, in the order of creation. */
export function valuesOf(table: RemoteTable, property: string): readonly unknown[] {
  return [...table.rids()].map((rid) => table.current(rid)?.body?.[property])
}

/**
 * For a test file: one database, and systems that end with each test.
 *
 * @returns starts a pair of systems and their runtime
 */
export function useJoinedSystems(): {
  join(options?: JoinOptions): Promise<JoinedSystems>
  database(): TestDatabase
} {
  let database: TestDatabase | undefined
  const open: JoinedSystems[] = []
  vi.setConfig({ testTimeout: 150_000 })
  const there = (): TestDatabase => {
    if (database === undefined) throw new Error('the database is made before the first test')
    return database
  }
  beforeAll(async () => {
    database = await withTestDatabase()
  })
  afterEach(async () => {
    for (const joined of open.splice(0)) await joined.close()
  })
  afterAll(() => database?.close())
  return {
    join: async (options = {}) => {
      const joined = await joinSystems(there(), options)
      open.push(joined)
      return joined
    },
    database: there,
  }
}
