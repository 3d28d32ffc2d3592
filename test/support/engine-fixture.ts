/** A whole engine on virtual time: the memory store, the real intake parts, and small in-process systems whose faults a test sets call by call. */
import type { RemoteCapabilities } from '../../src/connectors/kit/capabilities.ts'
import type {} from '../../src/engine/context.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import type { Clock } from '../../src/engine/ports.ts'
import type { EngineSettings } from '../../src/engine/settings.ts'
import type { DomainEvent } from '../../src/model/events.ts'
import type { ConflictPolicy, Entity, EntitySystem, Field, Integration } from '../../src/model/integration.ts'
import type { Lens } from '../../src/model/lens/contract.ts'
import type { CanonicalValue, FieldType } from '../../src/model/values.ts'
import type { RecordDetail } from '../../src/store/admin-contract.ts'
import { createClearCodec } from '../../src/store/clear-codec.ts'
import type { Mark } from '../../src/store/contract.ts'
import { MemoryStore } from '../../src/store/memory/memory-store.ts'
import { Chance } from '../simulation/chance.ts'
import { Scheduler } from '../simulation/scheduler.ts'
import { FakeSystem } from './in-process-system.ts'

export { type Call, FakeSystem, type Fault, fullCapabilities } from './in-process-system.ts'

type Body = Record<string, unknown>

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
  /** System names with the differences from {@link fullCapabilities}. */
  readonly systems?: Readonly<Record<string, Partial<RemoteCapabilities>>>
  readonly settings?: Partial<EngineSettings>
  readonly policy?: ConflictPolicy
  readonly adjust?: (integration: Integration) => Integration
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
    this.engine = createEngine({
      integration: this.integration,
      store: this.store,
      systems: this.systems,
      clock: this.clock,
      random: { next: () => this.chance.next(), uuid },
      emit: (event) => this.events.push(event),
      settings: options.settings ?? {},
    })
  }

  system(name: string): FakeSystem {
    const system = this.systems.get(name)
    if (system === undefined) throw new RangeError(`no system ${name}`)
    return system
  }

  /** Announces changed records, like a webhook without a version. */
  async mark(
    system: string,
    nativeId: string,
    entity = 'customer',
    extra: Partial<Mark> = {},
  ): Promise<void> {
    await this.store.intake([{ marks: [{ system, entity, nativeId, ...extra }] }])
    this.engine.wake()
  }

  /** A user's edit that is announced. */
  async edit(system: string, nativeId: string, change: Body, entity = 'customer'): Promise<void> {
    this.system(system).edit(nativeId, change, entity)
    await this.mark(system, nativeId, entity)
  }

  async advance(ms: number): Promise<void> {
    await this.scheduler.run(this.scheduler.now + ms)
  }

  async record(system: string, nativeId: string, entity = 'customer'): Promise<RecordDetail> {
    const detail = await this.store.admin.record({ system, entity, nativeId })
    if (detail === undefined) throw new RangeError(`no record for ${system} ${nativeId}`)
    return detail
  }

  async member(system: string, nativeId: string, of: string, entity = 'customer') {
    const { members } = await this.record(system, nativeId, entity)
    const member = members.find((one) => one.system === of)
    if (member === undefined) throw new RangeError(`no member in ${of}`)
    return member
  }

  /** Creates a record in `from` and lets it propagate; returns its native id in `to`. */
  async linked(from: string, nativeId: string, body: Body, to = 'b', entity = 'customer'): Promise<string> {
    await this.edit(from, nativeId, body, entity)
    await this.advance(5_000)
    const member = await this.member(from, nativeId, to, entity)
    if (member.nativeId === undefined)
      throw new RangeError(`not linked in ${to}: ${member.lane.state} ${member.lane.reason}`)
    return member.nativeId
  }

  /** The events of this type so far. */
  emitted(type: DomainEvent['type']): readonly DomainEvent[] {
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
