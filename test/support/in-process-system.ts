/** A small business system in the same process, whose faults a test sets call by call. */
import type { RemoteCapabilities } from '../../src/connectors/kit/capabilities.ts'
import type {
  CallContext,
  CallFailure,
  ChangesResult,
  ConnectedSystem,
  CreateRequest,
  FindRequest,
  FindResult,
  ListEnd,
  ListedRecord,
  ReadResult,
  RemoveRequest,
  Resource,
  RestoreRequest,
  UpdateRequest,
  WriteResult,
} from '../../src/connectors/kit/contract.ts'
import type { NativeRecord } from '../../src/model/values.ts'
import type { Scheduler } from '../simulation/scheduler.ts'

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

/** The fault of one call: a response instead of the system's own, before or after the call took effect. */
export type Fault =
  | {
      readonly kind: 'response'
      readonly result: ReadResult | WriteResult | FindResult | ChangesResult
      readonly applied?: boolean
    }
  /** Responses of a call for many; missing ones are the system's own. */
  | { readonly kind: 'responses'; readonly results: readonly (WriteResult | undefined)[] }
  /** A call for many that ends with only this many responses, or by throwing. */
  | { readonly kind: 'short'; readonly responses: number }
  | { readonly kind: 'throw' }
  /** No response until the caller's time limit; takes effect after `appliesAfterMs`, if at all. */
  | { readonly kind: 'silence'; readonly appliesAfterMs?: number }

export interface Call {
  readonly operation:
    | 'read'
    | 'list'
    | 'changes'
    | 'create'
    | 'update'
    | 'remove'
    | 'restore'
    | 'find'
    | 'findMany'
    | 'createMany'
    | 'updateMany'
  /** Records in a call for many. */
  readonly count?: number
  /** Monotonic ms, as passed by the engine. */
  readonly startBefore?: number
  readonly nativeId?: string
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
  /** The stored form of a value. */
  store: (field: string, value: unknown) => unknown = (_, value) => value
  /** Runs when an update arrives, before it takes effect. */
  beforeUpdate: () => void = () => undefined
  /** The response of the system to a write that would store this body; undefined: it accepts the write. */
  judge: (body: Body, nativeId: string | undefined) => WriteResult | undefined = () => undefined
  /** The displayed form of a version; the system itself compares the plain version. */
  tag: (version: string) => string = (version) => version
  down = false
  /** How long a list takes. */
  listMs = 5
  /** Every call is refused with this failure. */
  refusal: CallFailure | undefined
  /** Archived records can be restored. */
  restores = false
  /** Archived records read as gone. */
  hidesArchived = false
  /** Records that the search does not return yet. */
  readonly unindexed = new Set<string>()
  /** Native ids in the order of their changes, as in the feed. */
  readonly log: { readonly entity: string; readonly nativeId: string }[] = []
  /** Records whose reads fail, with the failure. */
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

  /** A user's edit; creates the record when there is none. */
  edit(nativeId: string, change: Body, entity = 'customer'): void {
    const before = this.table(entity).get(nativeId)
    this.table(entity).set(nativeId, {
      body: { ...before?.body, ...change },
      version: (before?.version ?? 0) + 1,
    })
    this.log.push({ entity, nativeId })
  }

  body(nativeId: string, entity = 'customer'): Body | undefined {
    return this.table(entity).get(nativeId)?.body
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
    const read = (nativeId: string): ReadResult => this.#state(name, nativeId)
    return {
      name,
      capabilities: this.capabilities,
      read: (nativeId, context) => this.#call({ operation: 'read', nativeId }, context, () => read(nativeId)),
      list: (context) => this.#list(name, context),
      ...(this.capabilities.changes.cursor === 'none'
        ? {}
        : {
            changes: (cursor, context) =>
              this.#call<ChangesResult>({ operation: 'changes' }, context, () => this.#changes(name, cursor)),
          }),
      ...((this.capabilities.search?.batch ?? 1) > 1
        ? {
            findMany: (requests, context) =>
              this.#call<readonly FindResult[]>(
                { operation: 'findMany', count: requests.length },
                context,
                () => requests.map((request) => this.#find(name, request)),
              ),
          }
        : {}),
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
            nativeId: request.nativeId,
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
        this.#call({ operation: 'remove', nativeId: request.nativeId }, context, () =>
          this.#remove(name, request),
        ),
      ...(this.restores
        ? {
            restore: (request, context) =>
              this.#call({ operation: 'restore', nativeId: request.nativeId }, context, () =>
                this.#restore(name, request),
              ),
          }
        : {}),
      ...(this.capabilities.read.batch > 1
        ? {
            readMany: (nativeIds, context) =>
              this.#call<readonly ReadResult[]>({ operation: 'read' }, context, () => nativeIds.map(read)),
          }
        : {}),
      markerOf: (native) => (typeof native.ext === 'string' ? native.ext : undefined),
    }
  }

  async fingerprint(): Promise<{ kind: 'known'; value: string }> {
    return { kind: 'known', value: this.name }
  }

  async close(): Promise<void> {}

  async *#list(entity: string, context: CallContext): AsyncGenerator<readonly ListedRecord[], ListEnd> {
    const page = await this.#call<readonly ListedRecord[]>({ operation: 'list' }, context, () =>
      [...this.table(entity)].map(([nativeId, stored]) => ({
        nativeId,
        native: { ...stored.body },
        ...this.#version(stored),
      })),
    )
    yield page
    return { complete: this.capabilities.list.paging === 'keyset', ended: true }
  }

  #changes(entity: string, cursor: string | undefined): ChangesResult {
    const changed = this.log.slice(Number(cursor ?? 0)).filter((change) => change.entity === entity)
    return {
      kind: 'page',
      cursor: String(this.log.length),
      more: false,
      changed: changed.map(({ nativeId }) => ({ nativeId })),
    }
  }

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
      if (fault?.kind === 'short') return requests.slice(0, fault.responses).map(effect)
      const given = fault?.kind === 'responses' ? fault.results : []
      return requests.map((request, index) => given[index] ?? effect(request))
    })
  }

  async #call<Result>(
    call: Omit<Call, 'at' | 'priority'>,
    context: CallContext,
    effect: () => Result,
  ): Promise<Result> {
    this.calls.push({ ...call, priority: context.priority, at: this.#scheduler.now })
    await this.#after(call.operation === 'list' ? this.listMs : 5, context.signal)
    if (this.down || this.refusal !== undefined) {
      const failure = this.refusal ?? { code: 'DOWN', message: 'down', scope: 'system', kind: 'unreachable' }
      const isQuestion = ['read', 'find', 'changes'].includes(call.operation)
      return { kind: isQuestion ? 'unknown' : 'not-sent', failure } as Result
    }
    const index = this.faults.findIndex((planned) => planned.on === call.operation)
    if (index < 0) return effect()
    const [planned] = this.faults.splice(index, 1)
    const fault = planned?.fault
    if (fault?.kind === 'response') {
      if (fault.applied) effect()
      return fault.result as Result
    }
    if (fault?.kind === 'silence' && fault.appliesAfterMs !== undefined)
      this.#scheduler.after(fault.appliesAfterMs, effect)
    await this.#after(3_600_000, context.signal)
    return {
      kind: 'unknown',
      failure: { code: 'ENGINE_CALL_LATE', message: 'silence', scope: 'record' },
    } as Result
  }

  #after(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#scheduler.after(ms, resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #state(entity: string, nativeId: string): ReadResult {
    const failure = this.unreadable.get(nativeId)
    if (failure !== undefined) return { kind: 'unknown', failure }
    const stored = this.table(entity).get(nativeId)
    if (stored === undefined || (this.hidesArchived && stored.body.archived === true)) return { kind: 'gone' }
    return { kind: 'live', nativeId, native: { ...stored.body }, ...this.#version(stored) }
  }

  #version(stored: Stored): { version?: string } {
    return this.capabilities.version === 'none' ? {} : { version: this.tag(String(stored.version)) }
  }

  #response(nativeId: string, stored: Stored): WriteResult {
    const { writeReturns } = this.capabilities
    return {
      kind: 'ok',
      nativeId,
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
    if (known !== undefined && create === 'upsertKey') return this.#response(known[0], known[1])
    const verdict = this.judge({ ...request.body }, undefined)
    if (verdict !== undefined) return verdict
    this.#ids += 1
    const nativeId = `${this.name}${this.#ids}`
    const stored = {
      body: this.#stored({ ...request.body, ...(marked ? { ext: request.recordId } : {}) }),
      version: 1,
    }
    table.set(nativeId, stored)
    this.log.push({ entity, nativeId })
    return this.#response(nativeId, stored)
  }

  #update(entity: string, request: UpdateRequest): WriteResult {
    this.beforeUpdate()
    const stored = this.table(entity).get(request.nativeId)
    if (stored === undefined) return { kind: 'gone' }
    if (request.ifVersion !== undefined && request.ifVersion !== String(stored.version))
      return { kind: 'stale' }
    const verdict = this.judge({ ...stored.body, ...request.patch }, request.nativeId)
    if (verdict !== undefined) return verdict
    const base = this.capabilities.write === 'put' ? request.base : stored.body
    stored.body = { ...base, ...this.#stored({ ...request.patch }) }
    stored.version += 1
    this.log.push({ entity, nativeId: request.nativeId })
    return this.#response(request.nativeId, stored)
  }

  #remove(entity: string, request: RemoveRequest): WriteResult {
    const stored = this.table(entity).get(request.nativeId)
    if (request.mode === 'archive' && stored !== undefined)
      this.#setArchived(entity, request.nativeId, stored, true)
    else this.table(entity).delete(request.nativeId)
    return { kind: 'ok', nativeId: request.nativeId }
  }

  #restore(entity: string, { nativeId }: RestoreRequest): WriteResult {
    const stored = this.table(entity).get(nativeId)
    if (stored === undefined) return { kind: 'gone' }
    if (stored.body.archived === true) this.#setArchived(entity, nativeId, stored, false)
    return { kind: 'ok', nativeId }
  }

  #setArchived(entity: string, nativeId: string, stored: Stored, archived: boolean): void {
    stored.body = { ...stored.body, archived }
    stored.version += 1
    this.log.push({ entity, nativeId })
  }

  #find(entity: string, request: FindRequest): FindResult {
    const nativeIds = [...this.table(entity)]
      .filter(([nativeId]) => !this.unindexed.has(nativeId))
      .filter(([, { body }]) =>
        request.by === 'marker'
          ? body.ext === request.recordId
          : Object.entries(request.values).every(([field, value]) => body[field] === value),
      )
      .map(([nativeId]) => nativeId)
    return { kind: 'found', nativeIds, capped: false }
  }
}

function isForMany(fault: Fault): boolean {
  return fault.kind === 'responses' || fault.kind === 'short' || fault.kind === 'throw'
}
