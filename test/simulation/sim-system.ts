/**
 * A simulated business system: the same {@link RemoteTable} that the HTTP fakes use, seen through the connector contract, on virtual time, with all
 * faults between a request and its response.
 *
 * The remote side is shared by all simulated processes; each process has its own {@link connect}ion to it.
 */
import type { RemoteCapabilities } from '../../src/connectors/kit/capabilities.ts'
import type {
  CallContext,
  ConnectedSystem,
  CreateRequest,
  FindRequest,
  RemoveRequest,
  Resource,
  UpdateRequest,
  WriteResult,
} from '../../src/connectors/kit/contract.ts'
import type { NativeRecord } from '../../src/model/values.ts'
import { type Native, RemoteTable, type Version } from '../support/fake-system/remote-table.ts'
import { refusedLogin } from './handed-on.ts'
import { filledPhone, merged, patched, storedAs } from './native-records.ts'
import type { SimProcess } from './process.ts'
import type { SystemTraits } from './scenario.ts'
import { type EngineWrite, type Sending, SimNetwork, unknown, type World } from './sim-network.ts'
import { SimQuestions } from './sim-questions.ts'
import { customer, markerField } from './world.ts'

interface StoredResponse {
  readonly at: number
  readonly result: WriteResult
}

export class SimSystem {
  readonly traits: SystemTraits
  readonly tables = new Map<string, RemoteTable>()
  /** Entities of which a truncated list was once reported as complete: its other records can't be determined. */
  readonly lied = new Set<string>()
  /** Native ids of records for which the system filled in a phone number when they were created. */
  readonly filled = new Set<string>()
  /** Called for an update that is applied after this many milliseconds. */
  onAccepted: ((call: EngineWrite, delayMs: number) => void) | undefined
  readonly #world: World
  readonly #network: SimNetwork
  readonly #questions: SimQuestions
  readonly #idempotency = new Map<string, StoredResponse>()

  constructor(traits: SystemTraits, entities: readonly string[], world: World) {
    this.traits = traits
    this.#world = world
    this.#network = new SimNetwork({
      name: traits.name,
      world,
      inflightMs: traits.capabilities.inflightMs,
      isDead: () => this.dead,
      wayMs: (traits.capabilities.writeBatch ?? 1) > 1 ? 500 : 60,
    })
    const stores = storedAs(traits)
    for (const entity of entities)
      this.tables.set(
        entity,
        new RemoteTable({
          name: `${traits.name}.${entity}`,
          now: () => world.scheduler.now,
          stores,
          nextNativeId: (n) => `${traits.name[0]}${entity[0]}${n}`,
        }),
      )
    this.#questions = new SimQuestions({
      traits,
      world,
      network: this.#network,
      table: (entity) => this.table(entity),
      lied: this.lied,
    })
  }

  get name(): string {
    return this.traits.name
  }

  get dead(): boolean {
    return this.traits.diesAt !== undefined && this.#world.scheduler.now >= this.traits.diesAt
  }

  table(entity: string): RemoteTable {
    const table = this.tables.get(entity)
    if (table === undefined) throw new RangeError(`${this.name} has no ${entity}`)
    return table
  }

  /** The system as one process sees it. */
  connect(process: SimProcess): ConnectedSystem {
    const resources = new Map(
      [...this.tables.keys()].map((entity) => [entity, this.#resource(process, entity)]),
    )
    return {
      name: this.name,
      connector: 'simulated',
      resource: (name) => {
        const resource = resources.get(name)
        if (resource === undefined) throw new RangeError(`no resource ${name}`)
        return resource
      },
      fingerprint: () =>
        this.#network
          .ask(process, () => ({ kind: 'known' as const, value: `tenant-${this.name}` }))
          .then((response) =>
            'failure' in response ? { kind: 'unknown' as const, failure: response.failure } : response,
          ),
      close: async () => undefined,
    }
  }

  #resource(process: SimProcess, entity: string): Resource {
    const { capabilities } = this.traits
    const base: Resource = {
      name: entity,
      capabilities,
      read: (nativeId) => this.#questions.read(process, entity, nativeId),
      list: () => this.#questions.list(process, entity),
      find: (request: FindRequest) => this.#questions.find(process, entity, request),
      create: (request, context) => this.#create(process, entity, request, context),
      update: (request, context) => this.#update(process, entity, request, context),
      remove: (request, context) => this.#remove(process, entity, request, context),
      ...((capabilities.writeBatch ?? 1) > 1 && {
        createMany: (requests: readonly CreateRequest[], context: CallContext) =>
          this.#network.sendMany(
            requests.map((request) => this.#creation(process, entity, request)),
            context,
          ),
        updateMany: (requests: readonly UpdateRequest[], context: CallContext) =>
          this.#network.sendMany(
            requests.map((request) => this.#change(process, entity, request)),
            context,
          ),
      }),
      ...(capabilities.read.batch > 1 && {
        readMany: (nativeIds: readonly string[]) => this.#questions.readMany(process, entity, nativeIds),
      }),
      ...(capabilities.changes.cursor !== 'none' && {
        changes: (cursor: string | undefined) => this.#questions.changes(process, entity, cursor),
      }),
      ...(['clientId', 'upsertKey', 'marker'].includes(capabilities.create) && { markerOf }),
    }
    return base
  }

  // ── writes

  #create(
    process: SimProcess,
    entity: string,
    request: CreateRequest,
    context: CallContext,
  ): Promise<WriteResult> {
    return this.#network.send(this.#creation(process, entity, request), context)
  }

  #creation(process: SimProcess, entity: string, request: CreateRequest): Sending {
    const { create } = this.traits.capabilities
    const marked = ['clientId', 'upsertKey', 'marker'].includes(create)
    const body = marked ? { ...request.body, [markerField]: request.recordId } : request.body
    const call: EngineWrite = {
      process,
      system: this.name,
      entity,
      operation: 'create',
      recordId: request.recordId,
      body,
    }
    const effect = (): WriteResult =>
      create === 'idempotencyKey'
        ? this.#once(request.idempotencyKey, () => this.#insert(call))
        : this.#insert(call)
    return { call, effect }
  }

  #insert(call: EngineWrite): WriteResult {
    const table = this.table(call.entity)
    const { create } = this.traits.capabilities
    if (create === 'clientId' || create === 'upsertKey') {
      for (const nativeId of table.nativeIds()) {
        const there = table.current(nativeId)
        if (there?.body?.[markerField] === call.recordId && there !== undefined) return this.#ok(there)
      }
    }
    const refused = refusedLogin(table, undefined, call.body)
    if (refused !== undefined) return refused
    this.#world.watcher.applying(call, undefined)
    const isFilled = this.traits.fills && call.entity === customer && call.body.phone == null
    const body = isFilled ? { ...call.body, phone: filledPhone } : call.body
    const version = table.create(body, 'engine', {
      ...(call.recordId !== undefined && { recordId: call.recordId }),
      // With a client-assigned id, the native id is the engine's.
      ...(create === 'clientId' && call.recordId !== undefined && { nativeId: call.recordId }),
      tag: call.process.name,
    })
    if (isFilled) this.filled.add(version.nativeId)
    this.#world.watcher.applied(call, version)
    return this.#ok(version)
  }

  /** The behaviour of a system with idempotency keys for a known key. */
  #once(key: string, apply: () => WriteResult): WriteResult {
    const { scheduler, chance } = this.#world
    const { idempotency } = this.traits.capabilities
    const known = this.#idempotency.get(key)
    if (known !== undefined && scheduler.now - known.at < (idempotency?.ttlMs ?? 0)) return known.result
    const fails = idempotency?.replaysErrors === true && this.#world.faulty() && chance.of(0.1)
    const result: WriteResult = fails ? unknown('HTTP_STATUS_TRANSIENT', 'record') : apply()
    // A refusal is judged again, since its reason may be gone.
    if (result.kind !== 'rejected') this.#idempotency.set(key, { at: scheduler.now, result })
    return result
  }

  #update(
    process: SimProcess,
    entity: string,
    request: UpdateRequest,
    context: CallContext,
  ): Promise<WriteResult> {
    return this.#network.send(this.#change(process, entity, request), context)
  }

  #change(process: SimProcess, entity: string, request: UpdateRequest): Sending {
    const { nativeId } = request
    const askedAt = this.#world.scheduler.now
    const whole = this.traits.capabilities.write === 'put'
    const body = whole ? merged(request.base ?? {}, request.patch, 'merge') : request.patch
    const guarded = this.traits.capabilities.conditionalWrites && !this.#world.broken.has('nocas')
    const call: EngineWrite = {
      process,
      system: this.name,
      entity,
      operation: 'update',
      nativeId,
      body,
      ...(guarded && request.ifVersion !== undefined && { ifVersion: request.ifVersion }),
    }
    const effect = (): WriteResult => {
      const table = this.table(entity)
      const before = table.current(nativeId)
      if (before?.body === undefined) return goneResult(before)
      if (this.#stale(call, before)) return { kind: 'stale' }
      const refused = refusedLogin(table, nativeId, body)
      if (refused !== undefined) return refused
      const fate = this.#fateOf(call)
      if (fate === 'delayed') return this.#applyLater(call, askedAt)
      this.#world.watcher.applying(call, before)
      if (fate === 'lost') return { kind: 'ok', nativeId }
      if (fate === 'dropped') return { kind: 'ok', nativeId, accepted: true }
      const version = this.#store(call, before.body)
      return fate === 'accepted'
        ? { kind: 'ok', nativeId, accepted: true }
        : this.#ok(this.#instead(entity, version))
    }
    return { call, effect }
  }

  #store(call: EngineWrite, before: Native): Version {
    const { nativeId = '', entity, body, process } = call
    const { write, nested } = this.traits.capabilities
    const table = this.table(entity)
    const version =
      write === 'put'
        ? table.replace(nativeId, body, 'engine', process.name)
        : table.patch(nativeId, patched(before, body, nested), 'engine', process.name)
    this.#world.watcher.applied(call, version)
    return version
  }

  /** Within the time that the system declares for writes in flight, even if the request was late already. */
  #applyLater(call: EngineWrite, askedAt: number): WriteResult {
    const { chance, scheduler, watcher, writeTimeoutMs } = this.#world
    const { nativeId = '', entity } = call
    const { inflightMs } = this.traits.capabilities
    const left = askedAt + writeTimeoutMs + inflightMs - 1 - scheduler.now
    const delayMs = Math.max(0, Math.min(left, chance.int(200, Math.max(200, inflightMs - 1))))
    const table = this.table(entity)
    const states = table.history(nativeId).length
    this.onAccepted?.(call, delayMs)
    scheduler.after(delayMs, () => {
      const before = table.current(nativeId)
      if (before?.body === undefined) return
      if (table.history(nativeId).some(({ by }, index) => index >= states && by === 'engine'))
        watcher.overtaken(call)
      watcher.applying(call, before)
      this.#store(call, before.body)
    })
    return { kind: 'ok', nativeId, accepted: true }
  }

  #remove(
    process: SimProcess,
    entity: string,
    request: RemoveRequest,
    context: CallContext,
  ): Promise<WriteResult> {
    const { nativeId } = request
    const guarded = this.traits.capabilities.conditionalWrites && !this.#world.broken.has('nocas')
    const call: EngineWrite = {
      process,
      system: this.name,
      entity,
      operation: 'delete',
      nativeId,
      body: {},
      ...(guarded && request.ifVersion !== undefined && { ifVersion: request.ifVersion }),
    }
    const effect = (): WriteResult => {
      const table = this.table(entity)
      const before = table.current(nativeId)
      if (before?.body === undefined) return goneResult(before)
      if (this.#stale(call, before)) return { kind: 'stale' }
      this.#world.watcher.applying(call, before)
      const version = table.remove(nativeId, 'engine', { tag: process.name })
      this.#world.watcher.applied(call, version)
      return { kind: 'ok', nativeId }
    }
    return this.#network.send({ call, effect }, context)
  }

  /**
   * Stored as usual; `accepted`: the response only confirms acceptance; `delayed`: it is not stored yet either; `dropped` and `lost`: nothing is
   * stored, regardless of the response.
   */
  #fateOf(call: EngineWrite): 'stored' | 'accepted' | 'delayed' | 'dropped' | 'lost' {
    const { chance, kinds, watcher } = this.#world
    // Versions are checked before a request is accepted, and a whole object that is stored late overwrites changes made meanwhile.
    const { conditionalWrites, write } = this.traits.capabilities
    const mayWait =
      kinds.has('accepted') && !conditionalWrites && write === 'patch' && !('login' in call.body)
    if (mayWait && this.#world.faulty() && chance.of(0.5)) return 'delayed'
    if (!kinds.has('unstored') || !this.#world.faulty()) return 'stored'
    const roll = chance.next()
    if (roll < 0.06) watcher.lost(call, roll < 0.03)
    return roll < 0.03 ? 'dropped' : roll < 0.06 ? 'lost' : roll < 0.25 ? 'accepted' : 'stored'
  }

  /** The response of a proxy in between: now and then another record of the same kind. */
  #instead(entity: string, version: Version): Version {
    return this.#questions.instead(entity, version) ?? version
  }

  #stale(call: EngineWrite, before: Version): boolean {
    return call.ifVersion !== undefined && call.ifVersion !== this.#questions.show(before).version
  }

  #ok(version: Version): WriteResult {
    const { writeReturns } = this.traits.capabilities
    const shown = this.#questions.show(version)
    return {
      kind: 'ok',
      nativeId: version.nativeId,
      ...(writeReturns !== 'nothing' && { native: shown.native }),
      ...(writeReturns === 'body+version' && shown.version !== undefined && { version: shown.version }),
    }
  }
}

function markerOf(native: NativeRecord): string | undefined {
  const marker = native[markerField]
  return typeof marker === 'string' ? marker : undefined
}

function goneResult(before: Version | undefined): WriteResult {
  return { kind: 'gone', ...(before?.mergedInto !== undefined && { mergedInto: before.mergedInto }) }
}

/** One line about a system, for the header of a trace. */
export function capabilitiesInWords(capabilities: RemoteCapabilities): string {
  const { version, conditionalWrites, write, create, writeReturns, read, inflightMs } = capabilities
  return `${version}${conditionalWrites ? '+cas' : ''} ${write} ${create} returns:${writeReturns} lag:${read.lagMs} inflight:${inflightMs}`
}
