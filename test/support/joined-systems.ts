/** A running pair for tests of single hazards: one database per file, systems that end with each test, fast polls, and waiting for quiescence. */
import { afterAll, afterEach, beforeAll, vi } from 'vitest'
import type { PlaceResult } from '../../src/engine/intake/by-hand.ts'
import type { DomainEvent } from '../../src/model/events.ts'
import type { IsthmusRuntime } from '../../src/runtime/create-runtime.ts'
import type { RunningServer } from '../../src/server/create-server.ts'
import { type TestDatabase, withTestDatabase } from './database.ts'
import type { FakeSystem } from './fake-system/fake-system.ts'
import type { FakeWebhookOptions } from './fake-system/options.ts'
import type { Native, RemoteTable } from './fake-system/remote-table.ts'
import { type PairOptions, RunningPair, until } from './running-pair.ts'

/** Longer than the pause between two lists that are taken for creates. */
const waitMs = 150_000
/** Longer than the pause between two polls. */
const quietMs = 450
const pollEvery = '200ms'
const quick = { pollMs: 50, reapMs: 200, backoffBaseMs: 100, backoffMaxMs: 1000 } as const

export interface JoinOptions extends PairOptions {
  /** The CRM announces its changes to the runtime's server. @default no webhooks */
  readonly webhooks?: Pick<FakeWebhookOptions, 'lose' | 'duplicate' | 'delayMs'>
  /** The records that exist before Isthmus starts. */
  readonly inCrm?: readonly Native[]
  readonly inErp?: readonly Native[]
  /** Waits until the first load has ended. @default true */
  readonly settle?: boolean
}

export interface JoinedSystems {
  readonly crm: FakeSystem
  readonly erp: FakeSystem
  /** The CRM's records. */
  readonly contacts: RemoteTable
  /** The ERP's records. */
  readonly partners: RemoteTable
  /** All events of every runtime since the beginning. */
  readonly events: readonly DomainEvent[]
  /** The runtime that was started last. */
  runtime(): IsthmusRuntime
  /** Webhooks and pages of that runtime. */
  serve(): Promise<RunningServer>
  /** Another runtime on the same database, like another process; optionally with a changed definition. */
  another(definition?: NonNullable<JoinOptions['definition']>): Promise<IsthmusRuntime>
  /** Stops all runtimes, runs `meanwhile`, and starts one, optionally with a changed definition. */
  restart(options?: {
    readonly meanwhile?: () => unknown
    readonly definition?: NonNullable<JoinOptions['definition']>
  }): Promise<void>
  /** Waits, with a limit, until a condition holds. */
  until(what: string, holds: () => boolean | Promise<boolean>): Promise<void>
  /** Waits until nothing is due, in progress or waiting, and polls had time to notice. */
  quiet(): Promise<void>
  /** A full run over everything, including all its effects. */
  full(): Promise<readonly PlaceResult[]>
  /** Engine writes to both systems so far. */
  writes(): number
  close(): Promise<void>
}

/** Starts both systems, fills them, and starts the runtime on a schema of its own. */
async function joinSystems(database: TestDatabase, options: JoinOptions): Promise<JoinedSystems> {
  const pair = await RunningPair.open(database.connection, {
    ...options,
    definition: withQuickPolls(options.definition),
    engine: { ...quick, ...options.engine },
  })
  for (const record of options.inCrm ?? []) pair.contacts.create(record, 'user')
  for (const record of options.inErp ?? []) pair.partners.create(record, 'user')
  const start = async (changes: JoinOptions['definition'] = {}): Promise<IsthmusRuntime> => {
    const runtime = await pair.start(changes)
    if (options.webhooks !== undefined) await pair.subscribe(options.webhooks)
    return runtime
  }
  const waitUntil: JoinedSystems['until'] = (what, holds) =>
    until(async () => (await holds()) || `not so: ${what}`, waitMs)
  const quiet = () => waitUntilQuiet(pair)
  try {
    await start()
    if (options.settle !== false) await quiet()
  } catch (error) {
    await pair.close()
    throw error
  }
  return {
    crm: pair.crm,
    erp: pair.erp,
    contacts: pair.contacts,
    partners: pair.partners,
    events: pair.events,
    runtime: () => pair.running,
    serve: () => pair.subscribe(),
    another: (definition) => pair.start(definition === undefined ? {} : withQuickPolls(definition)),
    restart: async ({ meanwhile, definition } = {}) => {
      await pair.stop()
      await meanwhile?.()
      await start(definition === undefined ? {} : withQuickPolls(definition))
    },
    until: waitUntil,
    quiet,
    full: async () => {
      const places = await pair.running.byHand.runFull({}, AbortSignal.timeout(waitMs))
      await quiet()
      return places
    },
    writes: () => pair.writes,
    close: () => pair.close(),
  }
}

function withQuickPolls(definition: JoinOptions['definition'] = {}): NonNullable<JoinOptions['definition']> {
  return {
    ...definition,
    crmPart: { triggers: [{ webhook: 'changes' }, { poll: pollEvery }], ...definition.crmPart },
    erpPart: { triggers: [{ poll: pollEvery }], ...definition.erpPart },
  }
}

/** Nothing due, in progress or waiting for long enough to have seen two polls of each polled system, after the first load. */
async function waitUntilQuiet({ running, events }: RunningPair): Promise<void> {
  let since = performance.now()
  let from = events.length
  await until(async () => {
    const { queue, records, systems } = await running.store.admin.status()
    const moving = queue.due + queue.running + queue.waiting + (records.candidate ?? 0)
    if (moving > 0 || systems.some(({ lastRun }) => lastRun?.finishedAt === undefined)) {
      since = performance.now()
      from = events.length
    }
    const settled = performance.now() - since > quietMs && fewestPolls(events, from) >= 2
    if (settled && !(await firstLoadsListed(running))) return 'not every place is listed'
    return settled || `not quiet: ${JSON.stringify({ queue, records })}`
  }, waitMs)
}

/** Every place whose list can prove itself complete was listed: on a busy machine polls may run for long before the first list begins. */
async function firstLoadsListed({ integration, store, systems }: IsthmusRuntime): Promise<boolean> {
  const places = [...integration.entities.values()].flatMap((entity) =>
    [...entity.systems.values()].map((part) => ({ entity: entity.name, part })),
  )
  const listed = await Promise.all(
    places.map(async ({ entity, part }) => {
      const paging = systems.get(part.system)?.resource(part.resource).capabilities.list.paging
      return paging === 'none' || paging === 'offset' || (await store.baselineDone(part.system, entity))
    }),
  )
  return listed.every(Boolean)
}

/** The lowest number of polls of any system since an event; systems that are never polled don't count. */
function fewestPolls(events: readonly DomainEvent[], from: number): number {
  const polls = events.flatMap((event, index) =>
    event.type === 'PollFinished' ? [{ system: event.system, recent: index >= from }] : [],
  )
  const counts = [...new Set(polls.map(({ system }) => system))].map(
    (system) => polls.filter((poll) => poll.recent && poll.system === system).length,
  )
  return counts.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...counts)
}

/** The only living record of that code. */
export function recordOf(
  table: RemoteTable,
  code: string,
): { readonly nativeId: string; readonly body: Native } {
  const found = [...table.nativeIds()].flatMap((nativeId) => {
    const body = table.current(nativeId)?.body
    return body?.code === code ? [{ nativeId, body }] : []
  })
  const [only] = found
  if (only === undefined || found.length > 1)
    throw new RangeError(`${table.name} has ${found.length} records ${code}`)
  return only
}

/** Values of one property over all living records, in the order of creation. */
export function valuesOf(table: RemoteTable, property: string): readonly unknown[] {
  return [...table.nativeIds()].map((nativeId) => table.current(nativeId)?.body?.[property])
}

/** For a test file: one database, and systems that end with each test. */
export function useJoinedSystems(): {
  join(options?: JoinOptions): Promise<JoinedSystems>
  database(): TestDatabase
} {
  let database: TestDatabase | undefined
  const open: JoinedSystems[] = []
  vi.setConfig({ testTimeout: 150_000 })
  const there = (): TestDatabase => {
    if (database === undefined) throw new RangeError('the database is made before the first test')
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
