/**
 * A small business system inside this process, for tests of the engine: it keeps records, counts what is done to it, and lies on demand. It
 * reproduces no protocol and no timing; `fake-system` does that over real HTTP.
 */
import type {
  CallContext,
  ChangesResult,
  ConnectedSystem,
  CreateRequest,
  FindRequest,
  ListEnd,
  ListedRecord,
  ReadResult,
  RemoteCapabilities,
  RemoveRequest,
  Resource,
  UpdateRequest,
  WebhookDelivery,
  WebhookVerdict,
  WriteResult,
} from '../../../src/connectors/kit/contract.ts'
import type { NativeRecord } from '../../../src/model/values.ts'

export const twinCapabilities: RemoteCapabilities = {
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

/** What a listing does instead of telling the truth. */
export type ListLie = 'empty' | 'truncated' | 'capped' | 'breaks' | 'repeats'

interface Stored {
  readonly rid: string
  readonly native: NativeRecord
  readonly version: number
}

export class TwinSystem implements ConnectedSystem {
  readonly connector = 'twin'
  readonly name: string
  readonly capabilities: RemoteCapabilities
  readonly records = new Map<string, Stored>()
  /** Who answers: compared before deletions are believed. */
  account: string | 'silent' = 'tenant-1'
  /** Everything by id answers "does not exist", as after a lost permission. */
  blind = false
  /** Nothing answers at all. */
  down = false
  listLie: ListLie | undefined
  /** What the list says the count is; undefined = it does not say. */
  tellsCount = true
  cursorExpired = false
  /** The next creates take effect, but their answers are lost. */
  loseCreateAnswers = 0
  readonly mergedInto = new Map<string, string>()
  readonly counts = { reads: 0, lists: 0, creates: 0, updates: 0, removes: 0 }
  readonly removed: string[] = []
  /** Called when a create has taken effect, before it is answered. */
  onCreated: ((rid: string) => void | Promise<void>) | undefined
  readonly #changes: { readonly seq: number; readonly rid: string }[] = []
  #lastId = 0
  #lastVersion = 0

  /** `undefined` takes an optional capability away. */
  constructor(
    name: string,
    capabilities: { readonly [Name in keyof RemoteCapabilities]?: RemoteCapabilities[Name] | undefined } = {},
  ) {
    this.name = name
    // Only optional capabilities can be taken away by those who call this.
    this.capabilities = { ...twinCapabilities, ...capabilities } as RemoteCapabilities
  }

  /** A user of the system makes or changes a record. */
  put(native: NativeRecord, rid = `${this.name}-${++this.#lastId}`): string {
    const before = this.records.get(rid)?.native
    this.#lastVersion += 1
    this.records.set(rid, { rid, native: { ...before, ...native }, version: this.#lastVersion })
    this.#changes.push({ seq: this.#lastVersion, rid })
    return rid
  }

  /** A user deletes a record. */
  drop(rid: string): void {
    this.records.delete(rid)
    this.#lastVersion += 1
    this.#changes.push({ seq: this.#lastVersion, rid })
  }

  native(rid: string): NativeRecord | undefined {
    return this.records.get(rid)?.native
  }

  all(): readonly NativeRecord[] {
    return [...this.records.values()].map(({ native }) => native)
  }

  resource(name: string): Resource {
    return {
      name,
      capabilities: this.capabilities,
      read: async (rid) => this.#read(rid),
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
    if (this.down || this.account === 'silent') return { kind: 'unknown' as const, failure: noAnswer }
    return { kind: 'known' as const, value: this.account }
  }

  async webhook(delivery: WebhookDelivery): Promise<WebhookVerdict> {
    if (delivery.headers.signature !== 'good') return { kind: 'refused', reason: 'signature' }
    const text = new TextDecoder().decode(delivery.body)
    return {
      kind: 'accepted',
      deliveryId: delivery.headers.id ?? text,
      changed: text.split(',').map((rid) => ({ resource: 'things', rid })),
    }
  }

  async close(): Promise<void> {}

  #carriesMarker(): boolean {
    return ['marker', 'upsertKey', 'clientId'].includes(this.capabilities.create)
  }

  #read(rid: string): ReadResult {
    this.counts.reads += 1
    if (this.down) return { kind: 'unknown', failure: noAnswer }
    const stored = this.blind ? undefined : this.records.get(rid)
    if (stored === undefined) {
      const survivor = this.mergedInto.get(rid)
      return { kind: 'gone', ...(survivor === undefined ? {} : { mergedInto: survivor }) }
    }
    return { kind: 'live', rid, native: stored.native, version: String(stored.version) }
  }

  async *#list({ signal }: CallContext): AsyncGenerator<readonly ListedRecord[], ListEnd> {
    this.counts.lists += 1
    const all = [...this.records.values()].map(({ rid, native, version }) => ({
      rid,
      native,
      version: String(version),
    }))
    const expected = this.tellsCount && this.listLie !== 'empty' ? { expected: all.length } : {}
    const shown = this.#shown(all)
    const { pageSize, paging } = this.capabilities.list
    for (let start = 0; start < shown.length; start += pageSize) {
      signal.throwIfAborted()
      yield shown.slice(start, start + pageSize)
      if (this.listLie === 'breaks') throw new TypeError('connection reset')
      while (this.listLie === 'repeats') yield shown.slice(0, pageSize)
    }
    if (this.listLie === 'capped') return { complete: false, reason: 'the list was cut off at its cap' }
    return { complete: paging !== 'offset', ended: true, ...expected }
  }

  #shown(all: readonly ListedRecord[]): readonly ListedRecord[] {
    if (this.listLie === 'empty') return []
    const half = Math.ceil(all.length / 2)
    return this.listLie === 'truncated' || this.listLie === 'capped' ? all.slice(0, half) : all
  }

  #feed(cursor: string | undefined): ChangesResult {
    if (this.down) return { kind: 'unknown', failure: noAnswer }
    if (this.cursorExpired && cursor !== undefined) return { kind: 'expired' }
    const after = Number(cursor ?? 0)
    const page = this.#changes.filter(({ seq }) => seq > after).slice(0, this.capabilities.list.pageSize)
    const last = page.at(-1)?.seq ?? after
    const more = this.#changes.some(({ seq }) => seq > last)
    return { kind: 'page', changed: page.map(({ rid }) => ({ rid })), cursor: String(last), more }
  }

  async #find(request: FindRequest) {
    const rids = [...this.records.values()]
      .filter(({ native }) =>
        request.by === 'marker'
          ? native.ext === request.recordId
          : Object.entries(request.values).every(([key, value]) => native[key] === value),
      )
      .map(({ rid }) => rid)
    return { kind: 'found' as const, rids, capped: false }
  }

  async #create({ body, recordId }: CreateRequest): Promise<WriteResult> {
    if (this.down) return { kind: 'not-sent', failure: noAnswer }
    this.counts.creates += 1
    const upserts = this.capabilities.create === 'upsertKey' || this.capabilities.create === 'clientId'
    const known = upserts
      ? [...this.records.values()].find(({ native }) => native.ext === recordId)
      : undefined
    const rid = this.put({ ...body, ...(this.#carriesMarker() ? { ext: recordId } : {}) }, known?.rid)
    await this.onCreated?.(rid)
    if (this.loseCreateAnswers > 0) {
      this.loseCreateAnswers -= 1
      return { kind: 'unknown', failure: { ...noAnswer, scope: 'record' } }
    }
    return this.#written(rid)
  }

  #update({ rid, patch, ifVersion }: UpdateRequest): WriteResult {
    if (this.down) return { kind: 'not-sent', failure: noAnswer }
    const stored = this.records.get(rid)
    if (stored === undefined) return { kind: 'gone' }
    if (ifVersion !== undefined && ifVersion !== String(stored.version)) return { kind: 'stale' }
    this.counts.updates += 1
    this.put(patch, rid)
    return this.#written(rid)
  }

  #remove({ rid, ifVersion }: RemoveRequest): WriteResult {
    if (this.down) return { kind: 'not-sent', failure: noAnswer }
    const stored = this.records.get(rid)
    if (stored === undefined) return { kind: 'gone' }
    if (ifVersion !== undefined && ifVersion !== String(stored.version)) return { kind: 'stale' }
    this.counts.removes += 1
    this.removed.push(rid)
    this.drop(rid)
    return { kind: 'ok', rid }
  }

  #written(rid: string): WriteResult {
    const stored = this.records.get(rid)
    if (stored === undefined) return { kind: 'gone' }
    return { kind: 'ok', rid, native: stored.native, version: String(stored.version) }
  }
}

const noAnswer = { code: 'TWIN_SILENT', message: 'No answer.', scope: 'system' } as const

function markerOf(native: NativeRecord): string | undefined {
  const marker = native.ext
  return typeof marker === 'string' ? marker : undefined
}
