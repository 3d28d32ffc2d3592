/**
 * A simulated business system: the same {@link RemoteTable} that stands behind the HTTP fakes, seen through the connector contract, on virtual
 * time, with everything that goes wrong between a request and its answer.
 *
 * The remote side is shared by all simulated processes; each process has its own {@link connect}ion to it.
 */
import type {
  CallContext,
  ChangesResult,
  ConnectedSystem,
  CreateRequest,
  FindRequest,
  FindResult,
  ListEnd,
  ListedRecord,
  ReadResult,
  RemoteCapabilities,
  RemoveRequest,
  Resource,
  UpdateRequest,
  WriteResult,
} from '../../src/connectors/kit/contract.ts'
import type { NativeRecord } from '../../src/model/values.ts'
import { type Native, RemoteTable, type Version } from '../support/fake-system/remote-table.ts'
import type { SimProcess } from './process.ts'
import { cutText, markerField, type SystemTraits } from './scenario.ts'
import { type EngineWrite, type Sending, SimNetwork, unknown, type World } from './sim-network.ts'

interface StoredAnswer {
  readonly at: number
  readonly result: WriteResult
}

export class SimSystem {
  readonly traits: SystemTraits
  readonly tables = new Map<string, RemoteTable>()
  /** Entities of which a cut list was once called complete: nobody can know what else is there. */
  readonly lied = new Set<string>()
  readonly #world: World
  readonly #network: SimNetwork
  readonly #idempotency = new Map<string, StoredAnswer>()
  #rewrites = 0

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
    for (const entity of entities) {
      const stores = (field: string, value: unknown, by: 'user' | 'engine'): unknown => {
        if (field === 'name' && traits.truncates !== 'no') return cutText(value)
        if (field === 'phone' && traits.mutates && by === 'engine' && typeof value === 'string')
          return `${value.split('~')[0]}~${traits.name}${++this.#rewrites}`
        return value
      }
      this.tables.set(
        entity,
        new RemoteTable({
          name: `${traits.name}.${entity}`,
          now: () => world.scheduler.now,
          stores,
          nextRid: (n) => `${traits.name[0]}${entity[0]}${n}`,
        }),
      )
    }
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
          .then((answer) =>
            'failure' in answer ? { kind: 'unknown' as const, failure: answer.failure } : answer,
          ),
      close: async () => undefined,
    }
  }

  #resource(process: SimProcess, entity: string): Resource {
    const { capabilities } = this.traits
    const base: Resource = {
      name: entity,
      capabilities,
      read: (rid) => this.#read(process, entity, rid),
      list: () => this.#list(process, entity),
      find: (request) => this.#find(process, entity, request),
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
        readMany: (rids: readonly string[]) => this.#readMany(process, entity, rids),
      }),
      ...(capabilities.changes.cursor !== 'none' && {
        changes: (cursor: string | undefined) => this.#changes(process, entity, cursor),
      }),
      ...(['clientId', 'upsertKey', 'marker'].includes(capabilities.create) && { markerOf }),
    }
    return base
  }

  // ── questions

  #read(process: SimProcess, entity: string, rid: string): Promise<ReadResult> {
    return this.#network.ask(process, () => this.#stateOf(process, entity, rid))
  }

  async #readMany(
    process: SimProcess,
    entity: string,
    rids: readonly string[],
  ): Promise<readonly ReadResult[]> {
    const answer = await this.#network.ask(process, () =>
      rids.map((rid) => this.#stateOf(process, entity, rid)),
    )
    return 'failure' in answer ? rids.map(() => answer) : answer
  }

  #stateOf(process: SimProcess, entity: string, rid: string): ReadResult {
    const { scheduler, chance } = this.#world
    const { lagMs } = this.traits.capabilities.read
    const lag = lagMs > 0 && chance.of(0.5) ? chance.int(0, lagMs) : 0
    const table = this.table(entity)
    const seen = table.at(rid, scheduler.now - lag)
    // Not replicated yet looks exactly like not there.
    if (seen === undefined) return { kind: 'gone' }
    this.#world.watcher.shown(process, this.name, entity, seen)
    if (seen.body === undefined)
      return { kind: 'gone', ...(seen.mergedInto !== undefined && { mergedInto: seen.mergedInto }) }
    return { kind: 'live', ...this.#show(seen) }
  }

  #show(version: Version): ListedRecord {
    return {
      rid: version.rid,
      native: nativeOf(version.body ?? {}),
      changedAt: version.at,
      ...(this.traits.capabilities.version === 'ordered' && { version: String(version.version) }),
      ...(this.traits.capabilities.version === 'opaque' && {
        version: `v${(version.version * 7919) % 10_007}`,
      }),
    }
  }

  async *#list(process: SimProcess, entity: string): AsyncGenerator<readonly ListedRecord[], ListEnd> {
    const { chance } = this.#world
    const table = this.table(entity)
    const { pageSize } = this.traits.capabilities.list
    const cutOff = this.#world.faulty() && chance.of(0.1)
    let position: number | undefined = 0
    while (position !== undefined) {
      const from: number = position
      const page = await this.#network.ask(process, () => table.page(from, pageSize))
      if ('failure' in page) return { complete: false, reason: page.failure.code }
      if (page.records.length > 0) yield page.records.map((version) => this.#show(version))
      // A system that cuts its list short and says nothing: what is claimed to be complete is not.
      if (cutOff && chance.of(0.5)) {
        const counted = chance.of(0.5)
        if (!counted && position !== undefined) this.lied.add(entity)
        return { complete: true, ...(counted && { expected: table.size }) }
      }
      position = page.next
    }
    return { complete: true, ...(chance.of(0.5) && { expected: table.size }) }
  }

  #changes(process: SimProcess, entity: string, cursor: string | undefined): Promise<ChangesResult> {
    const { scheduler, chance } = this.#world
    const { commitLagMs } = this.traits.capabilities.changes
    return this.#network.ask(process, (): ChangesResult => {
      if (this.#world.faulty() && cursor !== undefined && chance.of(0.02)) return { kind: 'expired' }
      const from = Number(cursor ?? 0)
      const limit = this.traits.capabilities.list.pageSize
      const page: Version[] = []
      for (const change of this.table(entity).changes.slice(from)) {
        if (page.length >= limit || change.at > scheduler.now - commitLagMs) break
        page.push(change)
      }
      const next = from + page.length
      return {
        kind: 'page',
        cursor: String(next),
        more: page.length >= limit,
        changed: page
          .filter((change) => change.body !== undefined || this.traits.capabilities.deletes === 'feed')
          .map((change) => ({
            rid: change.rid,
            ...(change.body === undefined ? { deleted: true } : versionOnly(this.#show(change))),
          })),
      }
    })
  }

  #find(process: SimProcess, entity: string, request: FindRequest): Promise<FindResult> {
    const { scheduler, chance } = this.#world
    const lagMs = this.traits.capabilities.search?.lagMs ?? 0
    return this.#network.ask(process, (): FindResult => {
      const table = this.table(entity)
      const seenAt = scheduler.now - (lagMs > 0 ? chance.int(0, lagMs) : 0)
      const wanted = request.by === 'marker' ? { [markerField]: request.recordId } : request.values
      const rids = [...table.rids()].filter((rid) => {
        const body = table.at(rid, seenAt)?.body
        return body !== undefined && Object.entries(wanted).every(([name, value]) => body[name] === value)
      })
      return { kind: 'found', rids, capped: false }
    })
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
      for (const rid of table.rids()) {
        const there = table.current(rid)
        if (there?.body?.[markerField] === call.recordId && there !== undefined) return this.#ok(there)
      }
    }
    this.#world.watcher.applying(call, undefined)
    const version = table.create(call.body, 'engine', {
      ...(call.recordId !== undefined && { recordId: call.recordId }),
      tag: call.process.name,
    })
    this.#world.watcher.applied(call, version)
    return this.#ok(version)
  }

  /** What a system with idempotency keys does with a key it knows. */
  #once(key: string, apply: () => WriteResult): WriteResult {
    const { scheduler, chance } = this.#world
    const { idempotency } = this.traits.capabilities
    const known = this.#idempotency.get(key)
    if (known !== undefined && scheduler.now - known.at < (idempotency?.ttlMs ?? 0)) return known.result
    const fails = idempotency?.replaysErrors === true && this.#world.faulty() && chance.of(0.1)
    const result: WriteResult = fails ? unknown('SIM_500', 'record') : apply()
    this.#idempotency.set(key, { at: scheduler.now, result })
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
    const { rid } = request
    const whole = this.traits.capabilities.write === 'put'
    const body = whole ? { ...request.base, ...request.patch } : request.patch
    const guarded = this.traits.capabilities.conditionalWrites && !this.#world.broken.has('nocas')
    const call: EngineWrite = {
      process,
      system: this.name,
      entity,
      operation: 'update',
      rid,
      body,
      ...(guarded && request.ifVersion !== undefined && { ifVersion: request.ifVersion }),
    }
    const effect = (): WriteResult => {
      const table = this.table(entity)
      const before = table.current(rid)
      if (before?.body === undefined) return goneResult(before)
      if (this.#stale(call, before)) return { kind: 'stale' }
      this.#world.watcher.applying(call, before)
      const version = whole
        ? table.replace(rid, body, 'engine', process.name)
        : table.patch(rid, body, 'engine', process.name)
      this.#world.watcher.applied(call, version)
      return this.#ok(version)
    }
    return { call, effect }
  }

  #remove(
    process: SimProcess,
    entity: string,
    request: RemoveRequest,
    context: CallContext,
  ): Promise<WriteResult> {
    const { rid } = request
    const guarded = this.traits.capabilities.conditionalWrites && !this.#world.broken.has('nocas')
    const call: EngineWrite = {
      process,
      system: this.name,
      entity,
      operation: 'delete',
      rid,
      body: {},
      ...(guarded && request.ifVersion !== undefined && { ifVersion: request.ifVersion }),
    }
    const effect = (): WriteResult => {
      const table = this.table(entity)
      const before = table.current(rid)
      if (before?.body === undefined) return goneResult(before)
      if (this.#stale(call, before)) return { kind: 'stale' }
      this.#world.watcher.applying(call, before)
      const version = table.remove(rid, 'engine', { tag: process.name })
      this.#world.watcher.applied(call, version)
      return { kind: 'ok', rid }
    }
    return this.#network.send({ call, effect }, context)
  }

  #stale(call: EngineWrite, before: Version): boolean {
    return call.ifVersion !== undefined && call.ifVersion !== this.#show(before).version
  }

  #ok(version: Version): WriteResult {
    const { writeReturns } = this.traits.capabilities
    const shown = this.#show(version)
    return {
      kind: 'ok',
      rid: version.rid,
      ...(writeReturns !== 'nothing' && { native: shown.native }),
      ...(writeReturns === 'body+version' && shown.version !== undefined && { version: shown.version }),
    }
  }
}

function markerOf(native: NativeRecord): string | undefined {
  const marker = native[markerField]
  return typeof marker === 'string' ? marker : undefined
}

function nativeOf(body: Native): NativeRecord {
  return body
}

function versionOnly(shown: ListedRecord): { version?: string } {
  return shown.version === undefined ? {} : { version: shown.version }
}

function goneResult(before: Version | undefined): WriteResult {
  return { kind: 'gone', ...(before?.mergedInto !== undefined && { mergedInto: before.mergedInto }) }
}

/** One line about a system, for the head of a trace. */
export function capabilitiesInWords(capabilities: RemoteCapabilities): string {
  const { version, conditionalWrites, write, create, writeReturns, read, inflightMs } = capabilities
  return `${version}${conditionalWrites ? '+cas' : ''} ${write} ${create} returns:${writeReturns} lag:${read.lagMs} inflight:${inflightMs}`
}
