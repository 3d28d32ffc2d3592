/**
 * A whole engine on virtual time: the memory store, the real intake parts, and small in-process systems whose faults a test chooses call by
 * call.
 */
import type {
  CallContext,
  CallFailure,
  ConnectedSystem,
  CreateRequest,
  FindRequest,
  FindResult,
  ReadResult,
  RemoteCapabilities,
  RemoveRequest,
  Resource,
  UpdateRequest,
  WriteResult,
} from '../../src/connectors/kit/contract.ts'
import { carryOut } from '../../src/engine/carry-out.ts'
import type { EngineSettings, PassParts } from '../../src/engine/context.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import { createIntakeParts } from '../../src/engine/intake-parts.ts'
import { lookAt } from '../../src/engine/observe.ts'
import type { Clock } from '../../src/engine/ports.ts'
import type { DomainEvent } from '../../src/model/events.ts'
import type {
  ConflictPolicy,
  Entity,
  EntitySystem,
  Field,
  Integration,
  Lens,
} from '../../src/model/integration.ts'
import type { CanonicalValue, FieldType, NativeRecord } from '../../src/model/values.ts'
import type { RecordDetail } from '../../src/store/admin-contract.ts'
import { createClearCodec } from '../../src/store/clear-codec.ts'
import type { Mark } from '../../src/store/contract.ts'
import { MemoryStore } from '../../src/store/memory/memory-store.ts'
import { Chance } from '../simulation/chance.ts'
import { Scheduler } from '../simulation/scheduler.ts'

export const fullCapabilities: RemoteCapabilities = {
  read: { lagMs: 0, batch: 1 },
  search: { lagMs: 0 },
  version: 'ordered',
  conditionalWrites: true,
  write: 'patch',
  nested: 'merge',
  writeReturns: 'body+version',
  create: 'upsertKey',
  inflightMs: 1_000,
  list: { paging: 'none', pageSize: 100 },
  changes: { cursor: 'none', commitLagMs: 0 },
  deletes: 'byId',
  remove: 'delete',
}

type Body = Record<string, unknown>

interface Stored {
  body: Body
  version: number
}

/** What a test makes of one call: an answer instead of the system's own, before or after the call took effect. */
export type Fault =
  | { readonly kind: 'answer'; readonly result: ReadResult | WriteResult; readonly applied?: boolean }
  /** Answers of a call for many; those left out are the system's own. */
  | { readonly kind: 'answers'; readonly results: readonly (WriteResult | undefined)[] }
  /** A call for many that ends with only so many answers, or by throwing. */
  | { readonly kind: 'short'; readonly answers: number }
  | { readonly kind: 'throw' }
  /** No answer until the caller's time limit; takes effect after `appliesAfterMs`, if at all. */
  | { readonly kind: 'silence'; readonly appliesAfterMs?: number }

export interface Call {
  readonly operation: 'read' | 'create' | 'update' | 'remove' | 'find' | 'createMany' | 'updateMany'
  /** Records in a call for many. */
  readonly count?: number
  /** Monotonic ms, as the engine said. */
  readonly startBefore?: number
  readonly rid?: string
  readonly body?: NativeRecord
  readonly ifVersion?: string
  readonly key?: string
  readonly priority: CallContext['priority']
  readonly at: number
}

/** One in-process business system with one table per entity. */
export class FakeSystem implements ConnectedSystem {
  readonly connector = 'fake'
  readonly name: string
  readonly capabilities: RemoteCapabilities
  readonly tables = new Map<string, Map<string, Stored>>()
  readonly calls: Call[] = []
  /** Applied to the next calls of that operation, one each. */
  readonly faults: { readonly on: Call['operation']; readonly fault: Fault }[] = []
  /** What the system makes of a value that it stores. */
  store: (field: string, value: unknown) => unknown = (_, value) => value
  /** Runs when an update arrives, before it takes effect. */
  beforeUpdate: () => void = () => undefined
  down = false
  /** Records whose reads fail, and how. */
  readonly unreadable = new Map<string, CallFailure>()
  readonly #scheduler: Scheduler
  #ids = 0

  constructor(name: string, scheduler: Scheduler, capabilities: Partial<RemoteCapabilities>) {
    this.name = name
    this.#scheduler = scheduler
    this.capabilities = { ...fullCapabilities, ...capabilities }
  }

  table(entity: string): Map<string, Stored> {
    const table = this.tables.get(entity) ?? new Map<string, Stored>()
    this.tables.set(entity, table)
    return table
  }

  /** A user's edit; makes the record when there is none. */
  edit(rid: string, change: Body, entity = 'customer'): void {
    const before = this.table(entity).get(rid)
    this.table(entity).set(rid, {
      body: { ...before?.body, ...change },
      version: (before?.version ?? 0) + 1,
    })
  }

  body(rid: string, entity = 'customer'): Body | undefined {
    return this.table(entity).get(rid)?.body
  }

  bodies(entity = 'customer'): readonly Body[] {
    return [...this.table(entity).values()].map((stored) => stored.body)
  }

  count(operation: Call['operation']): number {
    return this.calls.filter((call) => call.operation === operation).length
  }

  failNext(on: Call['operation'], fault: Fault): void {
    this.faults.push({ on, fault })
  }

  resource(name: string): Resource {
    const read = (rid: string): ReadResult => this.#state(name, rid)
    return {
      name,
      capabilities: this.capabilities,
      read: (rid, context) => this.#call({ operation: 'read', rid }, context, () => read(rid)),
      async *list() {
        yield []
        return { complete: true }
      },
      find: (request, context) =>
        this.#call<FindResult>({ operation: 'find' }, context, () => this.#find(name, request)),
      create: (request, context) =>
        this.#call({ operation: 'create', body: request.body, key: request.idempotencyKey }, context, () =>
          this.#create(name, request),
        ),
      update: (request, context) =>
        this.#call(
          {
            operation: 'update',
            rid: request.rid,
            body: request.patch,
            ...(request.ifVersion === undefined ? {} : { ifVersion: request.ifVersion }),
          },
          context,
          () => this.#update(name, request),
        ),
      ...((this.capabilities.writeBatch ?? 1) > 1
        ? {
            createMany: (requests, context) =>
              this.#many('createMany', requests, context, (request) => this.#create(name, request)),
            updateMany: (requests, context) =>
              this.#many('updateMany', requests, context, (request) => this.#update(name, request)),
          }
        : {}),
      remove: (request, context) =>
        this.#call({ operation: 'remove', rid: request.rid }, context, () => this.#remove(name, request)),
      ...(this.capabilities.read.batch > 1
        ? {
            readMany: (rids, context) =>
              this.#call<readonly ReadResult[]>({ operation: 'read' }, context, () => rids.map(read)),
          }
        : {}),
      markerOf: (native) => (typeof native.ext === 'string' ? native.ext : undefined),
    }
  }

  async fingerprint(): Promise<{ kind: 'known'; value: string }> {
    return { kind: 'known', value: this.name }
  }

  async close(): Promise<void> {}

  async #many<Request>(
    operation: 'createMany' | 'updateMany',
    requests: readonly Request[],
    context: CallContext,
    effect: (request: Request) => WriteResult,
  ): Promise<readonly WriteResult[]> {
    const { startBefore } = context
    const call = { operation, count: requests.length, ...(startBefore === undefined ? {} : { startBefore }) }
    const at = this.faults.findIndex(({ on, fault }) => on === operation && isForMany(fault))
    const fault = at < 0 ? undefined : this.faults.splice(at, 1)[0]?.fault
    return this.#call(call, context, () => {
      if (fault?.kind === 'throw') throw new RangeError('the connection broke')
      if (fault?.kind === 'short') return requests.slice(0, fault.answers).map(effect)
      const given = fault?.kind === 'answers' ? fault.results : []
      return requests.map((request, index) => given[index] ?? effect(request))
    })
  }

  async #call<Result>(
    call: Omit<Call, 'at' | 'priority'>,
    context: CallContext,
    effect: () => Result,
  ): Promise<Result> {
    this.calls.push({ ...call, priority: context.priority, at: this.#scheduler.now })
    await this.#after(5, context.signal)
    if (this.down) {
      const failure = { code: 'DOWN', message: 'down', scope: 'system' as const }
      return { kind: call.operation === 'read' ? 'unknown' : 'not-sent', failure } as Result
    }
    const index = this.faults.findIndex((planned) => planned.on === call.operation)
    if (index < 0) return effect()
    const [planned] = this.faults.splice(index, 1)
    const fault = planned?.fault
    if (fault?.kind === 'answer') {
      if (fault.applied) effect()
      return fault.result as Result
    }
    if (fault?.kind === 'silence' && fault.appliesAfterMs !== undefined)
      this.#scheduler.after(fault.appliesAfterMs, effect)
    await this.#after(3_600_000, context.signal)
    return { kind: 'unknown', failure: { code: 'TIMEOUT', message: 'silence', scope: 'record' } } as Result
  }

  #after(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#scheduler.after(ms, resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #state(entity: string, rid: string): ReadResult {
    const failure = this.unreadable.get(rid)
    if (failure !== undefined) return { kind: 'unknown', failure }
    const stored = this.table(entity).get(rid)
    if (stored === undefined) return { kind: 'gone' }
    return { kind: 'live', rid, native: { ...stored.body }, ...this.#version(stored) }
  }

  #version(stored: Stored): { version?: string } {
    return this.capabilities.version === 'none' ? {} : { version: String(stored.version) }
  }

  #answer(rid: string, stored: Stored): WriteResult {
    const { writeReturns } = this.capabilities
    return {
      kind: 'ok',
      rid,
      ...(writeReturns === 'nothing' ? {} : { native: { ...stored.body } }),
      ...(writeReturns === 'body+version' ? this.#version(stored) : {}),
    }
  }

  #stored(body: Body): Body {
    return Object.fromEntries(Object.entries(body).map(([field, value]) => [field, this.store(field, value)]))
  }

  #create(entity: string, request: CreateRequest): WriteResult {
    const table = this.table(entity)
    const { create } = this.capabilities
    const marked = ['clientId', 'upsertKey', 'marker'].includes(create)
    const known = [...table].find(([, stored]) => stored.body.ext === request.recordId)
    if (known !== undefined && create === 'upsertKey') return this.#answer(known[0], known[1])
    this.#ids += 1
    const rid = `${this.name}${this.#ids}`
    const stored = {
      body: this.#stored({ ...request.body, ...(marked ? { ext: request.recordId } : {}) }),
      version: 1,
    }
    table.set(rid, stored)
    return this.#answer(rid, stored)
  }

  #update(entity: string, request: UpdateRequest): WriteResult {
    this.beforeUpdate()
    const stored = this.table(entity).get(request.rid)
    if (stored === undefined) return { kind: 'gone' }
    if (request.ifVersion !== undefined && request.ifVersion !== String(stored.version))
      return { kind: 'stale' }
    const base = this.capabilities.write === 'put' ? request.base : stored.body
    stored.body = { ...base, ...this.#stored({ ...request.patch }) }
    stored.version += 1
    return this.#answer(request.rid, stored)
  }

  #remove(entity: string, request: RemoveRequest): WriteResult {
    this.table(entity).delete(request.rid)
    return { kind: 'ok', rid: request.rid }
  }

  #find(entity: string, request: FindRequest): FindResult {
    const rids = [...this.table(entity)]
      .filter(([, { body }]) =>
        request.by === 'marker'
          ? body.ext === request.recordId
          : Object.entries(request.values).every(([field, value]) => body[field] === value),
      )
      .map(([rid]) => rid)
    return { kind: 'found', rids, capped: false }
  }
}

function isForMany(fault: Fault): boolean {
  return fault.kind === 'answers' || fault.kind === 'short' || fault.kind === 'throw'
}

const same: Lens = {
  read: (native) => ({
    values: Object.fromEntries(
      Object.entries(native)
        .filter(([name]) => name !== 'ext')
        .map(([name, value]) => [name, value as CanonicalValue]),
    ),
    problems: [],
  }),
  write: (values) => ({ patch: values, problems: [] }),
}

export interface WorldOptions {
  /** System names with what differs from {@link fullCapabilities}. */
  readonly systems?: Readonly<Record<string, Partial<RemoteCapabilities>>>
  readonly settings?: Partial<EngineSettings>
  readonly policy?: ConflictPolicy
  readonly adjust?: (integration: Integration) => Integration
  readonly parts?: (parts: PassParts) => PassParts
  readonly seed?: number
}

export class World {
  readonly scheduler = new Scheduler(1_000_000_000_000)
  readonly systems = new Map<string, FakeSystem>()
  readonly events: DomainEvent[] = []
  readonly store: MemoryStore
  readonly engine: Engine
  readonly integration: Integration
  readonly clock: Clock
  readonly chance: Chance

  constructor(options: WorldOptions = {}) {
    const { scheduler } = this
    this.chance = new Chance(options.seed ?? 1)
    for (const [name, capabilities] of Object.entries(options.systems ?? { a: {}, b: {} })) {
      this.systems.set(name, new FakeSystem(name, scheduler, capabilities))
    }
    const integration = makeIntegration([...this.systems.values()], options.policy)
    this.integration = options.adjust?.(integration) ?? integration
    const uuid = (): string => this.chance.uuid(scheduler.now)
    this.store = new MemoryStore({
      now: () => scheduler.now,
      uuid,
      codec: createClearCodec(new Uint8Array(32)),
    })
    this.clock = {
      now: () => scheduler.now,
      monotonic: () => scheduler.now - 999_999_000_000,
      sleep: (ms, signal) => this.#sleep(ms, signal),
      defer: (task) => scheduler.defer(task),
    }
    const parts = createIntakeParts({ lookAt, carryOut })
    this.engine = createEngine({
      integration: this.integration,
      store: this.store,
      systems: this.systems,
      clock: this.clock,
      random: { next: () => this.chance.next(), uuid },
      emit: (event) => this.events.push(event),
      parts: options.parts?.(parts) ?? parts,
      settings: options.settings ?? {},
    })
  }

  system(name: string): FakeSystem {
    const system = this.systems.get(name)
    if (system === undefined) throw new RangeError(`no system ${name}`)
    return system
  }

  /** Says that records changed, as a webhook without a version would. */
  async mark(system: string, rid: string, entity = 'customer', extra: Partial<Mark> = {}): Promise<void> {
    await this.store.intake([{ marks: [{ system, entity, rid, ...extra }] }])
    this.engine.wake()
  }

  /** A user's edit that is announced. */
  async edit(system: string, rid: string, change: Body, entity = 'customer'): Promise<void> {
    this.system(system).edit(rid, change, entity)
    await this.mark(system, rid, entity)
  }

  async advance(ms: number): Promise<void> {
    await this.scheduler.run(this.scheduler.now + ms)
  }

  async record(system: string, rid: string, entity = 'customer'): Promise<RecordDetail> {
    const detail = await this.store.admin.record({ system, entity, rid })
    if (detail === undefined) throw new RangeError(`no record for ${system} ${rid}`)
    return detail
  }

  async member(system: string, rid: string, of: string, entity = 'customer') {
    const { members } = await this.record(system, rid, entity)
    const member = members.find((one) => one.system === of)
    if (member === undefined) throw new RangeError(`no member in ${of}`)
    return member
  }

  /** Creates a record in `from` and lets it spread; answers its native id in `to`. */
  async linked(from: string, rid: string, body: Body, to = 'b', entity = 'customer'): Promise<string> {
    await this.edit(from, rid, body, entity)
    await this.advance(5_000)
    const member = await this.member(from, rid, to, entity)
    if (member.rid === undefined)
      throw new RangeError(`not linked in ${to}: ${member.lane} ${member.laneReason}`)
    return member.rid
  }

  told(type: DomainEvent['type']): readonly DomainEvent[] {
    return this.events.filter((event) => event.type === type)
  }

  start(): this {
    this.engine.start()
    return this
  }

  async stop(): Promise<void> {
    const stopped = this.engine.stop()
    await this.advance(10_000)
    await stopped
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.scheduler.after(ms, resolve)
      signal?.addEventListener('abort', () => resolve(), { once: true })
    })
  }
}

export function makeField(name: string, type: FieldType, policy: ConflictPolicy): Field {
  return { name, type, policy, required: false, normalise: (value) => value }
}

export function makePart(
  system: string,
  resource: string,
  fields: Iterable<string>,
  lens: Lens = same,
): EntitySystem {
  return {
    system,
    resource,
    direction: 'both',
    operations: { create: true, update: true, delete: true },
    fields: new Map(
      [...fields].map((name) => [
        name,
        {
          name,
          readable: true,
          writable: true,
          normalise: (value: CanonicalValue) => value,
          neverOrigin: false,
          acceptRaceWindow: true,
          nullable: true,
        },
      ]),
    ),
    lens,
    inScope: () => true,
    triggers: [],
  }
}

function makeIntegration(systems: readonly FakeSystem[], policy: ConflictPolicy | undefined): Integration {
  const names = systems.map((system) => system.name)
  const decide: ConflictPolicy = policy ?? { kind: 'prefer', rank: names }
  const text: FieldType = { kind: 'string' }
  const fields = new Map(['code', 'name', 'phone'].map((name) => [name, makeField(name, text, decide)]))
  const wide = { share: 1, atLeast: 10_000 }
  const entity: Entity = {
    name: 'customer',
    fields,
    systems: new Map(names.map((name) => [name, makePart(name, 'customer', fields.keys())])),
    match: [{ kind: 'exact', fields: ['code'] }],
    rules: [],
    delete: { from: names, action: 'delete', confirmMs: 3_000 },
    guard: { create: wide, update: wide, delete: wide },
    oscillationLimit: 5,
  }
  return {
    id: 'fixture',
    version: 'v1',
    systems: new Map(
      names.map((name) => [
        name,
        {
          name,
          connector: 'fake',
          config: {},
          timing: { readTimeoutMs: 1_000, writeTimeoutMs: 1_000, concurrency: 16 },
        },
      ]),
    ),
    entities: new Map([['customer', entity]]),
  }
}
