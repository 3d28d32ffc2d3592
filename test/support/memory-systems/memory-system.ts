/**
 * A small business system inside this process, for tests of the engine: it stores records, counts calls, and returns wrong results on demand. It
 * reproduces no protocol and no timing; `fake-system` does that over real HTTP.
 */
import type { RemoteCapabilities } from '../../../src/connectors/kit/capabilities.ts'
import type {
  CallContext,
  ChangesResult,
  ConnectedSystem,
  CreateRequest,
  FindRequest,
  ListEnd,
  ListedRecord,
  ReadResult,
  RemoveRequest,
  Resource,
  UpdateRequest,
  WebhookDelivery,
  WebhookResult,
  WriteResult,
} from '../../../src/connectors/kit/contract.ts'
import type { NativeRecord } from '../../../src/model/values.ts'

export const memoryCapabilities: RemoteCapabilities = {
  read: { lagMs: 0, batch: 1 },
  search: { lagMs: 0 },
  version: 'ordered',
  conditionalWrites: true,
  write: 'patch',
  nested: 'merge',
  writeReturns: 'body+version',
  create: 'naturalKey',
  inflightMs: 1000,
  list: { paging: 'keyset', pageSize: 3 },
  changes: { cursor: 'seq', commitLagMs: 0 },
  deletes: 'byId',
  remove: 'both',
}

/** A wrong result of a listing. */
export type ListFault = 'empty' | 'truncated' | 'capped' | 'breaks' | 'repeats'

interface Stored {
  readonly nativeId: string
  readonly native: NativeRecord
  readonly version: number
}

export class MemorySystem implements ConnectedSystem {
  readonly connector = 'memory-test'
  readonly name: string
  readonly capabilities: RemoteCapabilities
  readonly records = new Map<string, Stored>()
  /** The account it responds as, compared before absence is trusted. */
  account: string | 'silent' = 'tenant-1'
  /** Every read by id returns "does not exist", as after a lost permission. */
  blind = false
  /** No call gets a response. */
  down = false
  listFault: ListFault | undefined
  /** Runs when a list begins. */
  beforeList: () => void = () => undefined
  /** The list reports its count. */
  reportsCount = true
  cursorExpired = false
  /** The next creates take effect, but their responses are lost. */
  loseCreateResponses = 0
  readonly mergedInto = new Map<string, string>()
  readonly counts = { reads: 0, lists: 0, creates: 0, updates: 0, removes: 0 }
  readonly removed: string[] = []
  /** Called when a create has taken effect, before the response. */
  onCreated: ((nativeId: string) => void | Promise<void>) | undefined
  readonly #changes: { readonly seq: number; readonly nativeId: string }[] = []
  #lastId = 0
  #lastVersion = 0

  /** `undefined` removes an optional capability. */
  constructor(
    name: string,
    capabilities: { readonly [Name in keyof RemoteCapabilities]?: RemoteCapabilities[Name] | undefined } = {},
  ) {
    this.name = name
    // Callers can only remove optional capabilities.
    this.capabilities = { ...memoryCapabilities, ...capabilities } as RemoteCapabilities
  }

  /** A user of the system creates or changes a record. */
  put(native: NativeRecord, nativeId = `${this.name}-${++this.#lastId}`): string {
    const before = this.records.get(nativeId)?.native
    this.#lastVersion += 1
    this.records.set(nativeId, { nativeId, native: { ...before, ...native }, version: this.#lastVersion })
    this.#changes.push({ seq: this.#lastVersion, nativeId })
    return nativeId
  }

  /** A user deletes a record. */
  drop(nativeId: string): void {
    this.records.delete(nativeId)
    this.#lastVersion += 1
    this.#changes.push({ seq: this.#lastVersion, nativeId })
  }

  native(nativeId: string): NativeRecord | undefined {
    return this.records.get(nativeId)?.native
  }

  all(): readonly NativeRecord[] {
    return [...this.records.values()].map(({ native }) => native)
  }

  resource(name: string): Resource {
    return {
      name,
      capabilities: this.capabilities,
      read: async (nativeId) => this.#read(nativeId),
      list: (context) => this.#list(context),
      ...(this.capabilities.changes.cursor === 'none'
        ? {}
        : { changes: async (cursor: string | undefined) => this.#feed(cursor) }),
      find: async (request) => this.#find(request),
      create: (request) => this.#create(request),
      update: async (request) => this.#update(request),
      remove: async (request) => this.#remove(request),
      ...(this.#carriesMarker() ? { markerOf } : {}),
    }
  }

  async fingerprint() {
    if (this.down || this.account === 'silent') return { kind: 'unknown' as const, failure: noResponse }
    return { kind: 'known' as const, value: this.account }
  }

  async webhook(delivery: WebhookDelivery): Promise<WebhookResult> {
    if (delivery.headers.signature !== 'good') return { kind: 'refused', reason: 'signature' }
    const text = new TextDecoder().decode(delivery.body)
    return {
      kind: 'accepted',
      deliveryId: delivery.headers.id ?? text,
      changed: text.split(',').map((nativeId) => ({ resource: 'things', nativeId })),
    }
  }

  async close(): Promise<void> {}

  #carriesMarker(): boolean {
    return ['marker', 'upsertKey', 'clientId'].includes(this.capabilities.create)
  }

  #read(nativeId: string): ReadResult {
    this.counts.reads += 1
    if (this.down) return { kind: 'unknown', failure: noResponse }
    const stored = this.blind ? undefined : this.records.get(nativeId)
    if (stored === undefined) {
      const survivor = this.mergedInto.get(nativeId)
      return { kind: 'gone', ...(survivor === undefined ? {} : { mergedInto: survivor }) }
    }
    return { kind: 'live', nativeId, native: stored.native, version: String(stored.version) }
  }

  async *#list({ signal }: CallContext): AsyncGenerator<readonly ListedRecord[], ListEnd> {
    this.counts.lists += 1
    this.beforeList()
    const all = [...this.records.values()].map(({ nativeId, native, version }) => ({
      nativeId,
      native,
      version: String(version),
    }))
    const expected = this.reportsCount && this.listFault !== 'empty' ? { expected: all.length } : {}
    const shown = this.#shown(all)
    const { pageSize, paging } = this.capabilities.list
    for (let start = 0; start < shown.length; start += pageSize) {
      signal.throwIfAborted()
      yield shown.slice(start, start + pageSize)
      if (this.listFault === 'breaks') throw new TypeError('connection reset')
      while (this.listFault === 'repeats') yield shown.slice(0, pageSize)
    }
    if (this.listFault === 'capped') return { complete: false, reason: 'the list was cut off at its cap' }
    return { complete: paging !== 'offset', ended: true, ...expected }
  }

  #shown(all: readonly ListedRecord[]): readonly ListedRecord[] {
    if (this.listFault === 'empty') return []
    const half = Math.ceil(all.length / 2)
    return this.listFault === 'truncated' || this.listFault === 'capped' ? all.slice(0, half) : all
  }

  #feed(cursor: string | undefined): ChangesResult {
    if (this.down) return { kind: 'unknown', failure: noResponse }
    if (this.cursorExpired && cursor !== undefined) return { kind: 'expired' }
    const after = Number(cursor ?? 0)
    const page = this.#changes.filter(({ seq }) => seq > after).slice(0, this.capabilities.list.pageSize)
    const last = page.at(-1)?.seq ?? after
    const more = this.#changes.some(({ seq }) => seq > last)
    return { kind: 'page', changed: page.map(({ nativeId }) => ({ nativeId })), cursor: String(last), more }
  }

  async #find(request: FindRequest) {
    const nativeIds = [...this.records.values()]
      .filter(({ native }) =>
        request.by === 'marker'
          ? native.ext === request.recordId
          : Object.entries(request.values).every(([key, value]) => native[key] === value),
      )
      .map(({ nativeId }) => nativeId)
    return { kind: 'found' as const, nativeIds, capped: false }
  }

  async #create({ body, recordId }: CreateRequest): Promise<WriteResult> {
    if (this.down) return { kind: 'not-sent', failure: noResponse }
    this.counts.creates += 1
    const upserts = this.capabilities.create === 'upsertKey' || this.capabilities.create === 'clientId'
    const known = upserts
      ? [...this.records.values()].find(({ native }) => native.ext === recordId)
      : undefined
    const nativeId = this.put(
      { ...body, ...(this.#carriesMarker() ? { ext: recordId } : {}) },
      known?.nativeId,
    )
    await this.onCreated?.(nativeId)
    if (this.loseCreateResponses > 0) {
      this.loseCreateResponses -= 1
      return { kind: 'unknown', failure: { ...noResponse, scope: 'record' } }
    }
    return this.#written(nativeId)
  }

  #update({ nativeId, patch, ifVersion }: UpdateRequest): WriteResult {
    if (this.down) return { kind: 'not-sent', failure: noResponse }
    const stored = this.records.get(nativeId)
    if (stored === undefined) return { kind: 'gone' }
    if (ifVersion !== undefined && ifVersion !== String(stored.version)) return { kind: 'stale' }
    this.counts.updates += 1
    this.put(patch, nativeId)
    return this.#written(nativeId)
  }

  #remove({ nativeId, ifVersion }: RemoveRequest): WriteResult {
    if (this.down) return { kind: 'not-sent', failure: noResponse }
    const stored = this.records.get(nativeId)
    if (stored === undefined) return { kind: 'gone' }
    if (ifVersion !== undefined && ifVersion !== String(stored.version)) return { kind: 'stale' }
    this.counts.removes += 1
    this.removed.push(nativeId)
    this.drop(nativeId)
    return { kind: 'ok', nativeId }
  }

  #written(nativeId: string): WriteResult {
    const stored = this.records.get(nativeId)
    if (stored === undefined) return { kind: 'gone' }
    return { kind: 'ok', nativeId, native: stored.native, version: String(stored.version) }
  }
}

const noResponse = { code: 'HTTP_TIMEOUT', message: 'No response.', scope: 'system' } as const

function markerOf(native: NativeRecord): string | undefined {
  const marker = native.ext
  return typeof marker === 'string' ? marker : undefined
}
