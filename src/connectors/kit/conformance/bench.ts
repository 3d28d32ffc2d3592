/**
 * What a probe works with: the connected resource, records of its own, and whatever handles there are beside the connector.
 *
 * With a counterpart, records come and go through its back door, as other people's would. Without one they are made through the connector
 * itself, and removed again at the end.
 */
import { randomUUID } from 'node:crypto'
import type { NativePath } from '../../../model/lens/spec.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type {
  CallContext,
  ChangedRecord,
  ConnectedSystem,
  CreateRequest,
  ListEnd,
  ListedRecord,
  ReadResult,
  Resource,
  UpdateRequest,
  WriteResult,
} from '../contract.ts'
import type { Counterpart, CounterpartFaults, CounterpartResource } from './counterpart.ts'
import { graceMs, Patience, type PatienceOptions } from './patience.ts'
import { hold, refute, unproved } from './probe.ts'

/** What a person's own system has instead of a counterpart: bodies that it accepts. */
export type RecordTemplate = Pick<CounterpartResource, 'body' | 'patch' | 'texts'>

/** Where probes run. */
export interface ProbeTarget extends PatienceOptions {
  /** Binds the system anew: what a probe broke must not follow it into the next. */
  connect(): ConnectedSystem
  readonly resource: string
  /** The engine's clock, the same that the connector was given. */
  readonly clock: { now(): number; monotonic(): number }
  /** How to make records; absent: nothing may be created or changed. */
  readonly template?: RecordTemplate
  readonly counterpart?: Counterpart
  readonly door?: CounterpartResource
  /** Records after which a listing is left: a person's own system may have millions. @default no bound */
  readonly listMax?: number
  /** Called with each record that a probe made through the connector, before it is used. */
  readonly onMade?: (rid: string) => void
}

/** A record that a probe made. */
export interface MadeRecord {
  readonly rid: string
  readonly body: NativeRecord
}

/** A listing to its end, or to where it broke off. */
export interface ListRun {
  readonly records: readonly ListedRecord[]
  /** Undefined when it threw or was left early. */
  readonly end?: ListEnd
  readonly failed: boolean
}

/** Longest a probe takes beside its waits, milliseconds. */
const probeMaxMs = 300_000
const dayMs = 86_400_000
const pollMs = 20
const pagesMax = 1_000

/** See the top of the file. */
export class ProbeBench {
  readonly system: ConnectedSystem
  readonly resource: Resource
  readonly context: CallContext
  readonly patience: Patience
  readonly #target: ProbeTarget
  readonly #made: string[] = []
  static #seed = Math.floor(Date.now() / 1_000) % 1_000_000

  constructor(target: ProbeTarget) {
    this.#target = target
    this.patience = new Patience(target)
    const longestMs =
      probeMaxMs + Math.min(dayMs, Number.isFinite(this.patience.maxMs) ? this.patience.maxMs : 0)
    this.context = { signal: AbortSignal.timeout(longestMs), priority: 'batch' }
    this.system = target.connect()
    this.resource = this.system.resource(target.resource)
  }

  get capabilities(): Resource['capabilities'] {
    return this.resource.capabilities
  }

  get clock(): ProbeTarget['clock'] {
    return this.#target.clock
  }

  get counterpart(): Counterpart | undefined {
    return this.#target.counterpart
  }

  /** The back door; undefined at a person's own system. */
  get door(): CounterpartResource | undefined {
    return this.#target.door
  }

  /** @throws IsthmusError CONNECTOR_PROBE_UNPROVED when nothing can be made to go wrong */
  get faults(): CounterpartFaults {
    return (
      this.#target.counterpart?.faults ?? unproved('nothing can be put between the connector and the system')
    )
  }

  /** @throws IsthmusError CONNECTOR_PROBE_UNPROVED when no records may be made */
  get template(): RecordTemplate {
    return this.#target.template ?? unproved('no record may be made')
  }

  /** Another one each time, also across runs. */
  seed(): number {
    ProbeBench.#seed += 1
    return ProbeBench.#seed
  }

  /** Lets a time pass. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, ms)
    })
  }

  /** A request of the engine for a new record. */
  createRequest(body: NativeRecord = this.template.body(this.seed())): CreateRequest {
    return { body, recordId: randomUUID(), idempotencyKey: randomUUID() }
  }

  /** Creates through the connector. @throws IsthmusError CONNECTOR_PROBE_REFUTED when that fails */
  async create(request: CreateRequest = this.createRequest()): Promise<MadeRecord & { result: WriteResult }> {
    const create = this.resource.create?.bind(this.resource) ?? unproved('nothing can be created')
    const result = await create(request, this.context)
    hold(result.kind === 'ok', `a create answered ${wordsOf(result)}`)
    this.remember(result.rid)
    return { rid: result.rid, body: request.body, result }
  }

  /** A record that is there: through the back door where there is one. */
  async insert(): Promise<MadeRecord> {
    const body = this.template.body(this.seed())
    if (this.door === undefined) return await this.create(this.createRequest(body))
    const rid = await this.door.insert(body)
    this.remember(rid)
    return { rid, body }
  }

  /** Several of them. */
  async insertMany(count: number): Promise<MadeRecord[]> {
    const made: MadeRecord[] = []
    for (let index = 0; index < count; index += 1) made.push(await this.insert())
    return made
  }

  /** Somebody changes a record: through the back door where there is one. */
  async change(rid: string): Promise<NativeRecord> {
    const patch = this.template.patch(this.seed())
    if (this.door === undefined) await this.update(rid, patch)
    else await this.door.change(rid, patch)
    return patch
  }

  /** Somebody deletes a record. @throws IsthmusError CONNECTOR_PROBE_UNPROVED when nobody can */
  async vanish(rid: string): Promise<void> {
    if (this.door?.remove !== undefined) return await this.door.remove(rid)
    if (!this.canDelete) unproved('no record can be deleted')
    const { result } = await this.remove(rid, 'delete')
    hold(result.kind === 'ok', `a delete answered ${wordsOf(result)}`)
  }

  /** Changes a record through the connector, as the engine does: under the current version where preconditions are honoured. */
  async update(rid: string, patch: NativeRecord): Promise<Extract<WriteResult, { kind: 'ok' }>> {
    const result = await this.tryUpdate(rid, patch)
    hold(result.kind === 'ok', `an update answered ${wordsOf(result)}`)
    return result
  }

  /** The same, whatever comes of it. `ifVersion` stands in for the current version. */
  async tryUpdate(rid: string, patch: NativeRecord, ifVersion?: string): Promise<WriteResult> {
    const update = this.resource.update?.bind(this.resource) ?? unproved('nothing can be changed')
    const until = performance.now() + Math.min(this.capabilities.read.lagMs, this.patience.maxMs) + graceMs
    for (;;) {
      const request = await this.updateRequest(rid, patch)
      const more = ifVersion === undefined ? {} : { ifVersion }
      const result = await update({ ...request, ...more }, this.context)
      // Where reads lag, the version just read may be an old one: the engine looks again, and so does a probe.
      const looksAgain =
        result.kind === 'stale' && ifVersion === undefined && this.capabilities.read.lagMs > 0
      if (!looksAgain || performance.now() > until) return result
      await this.wait(pollMs)
    }
  }

  /** What the engine asks for an update: with the record last read where the whole of it is replaced, and with its version. */
  async updateRequest(rid: string, patch: NativeRecord): Promise<UpdateRequest> {
    const { write, conditionalWrites } = this.capabilities
    const request = { rid, patch, idempotencyKey: randomUUID() }
    if (write === 'patch' && !conditionalWrites) return request
    const { native, version } = await this.readLive(rid)
    return {
      ...request,
      ...(write === 'put' ? { base: native } : {}),
      ...(conditionalWrites && version !== undefined ? { ifVersion: version } : {}),
    }
  }

  /** Removes a record through the connector, under its current version where preconditions are honoured. */
  async remove(
    rid: string,
    mode: 'delete' | 'archive',
  ): Promise<{ result: WriteResult; ifVersion?: string }> {
    const remove = this.resource.remove?.bind(this.resource) ?? unproved('nothing can be removed')
    const read = this.capabilities.conditionalWrites ? await this.resource.read(rid, this.context) : undefined
    const version = read?.kind === 'live' ? read.version : undefined
    const more = version === undefined ? {} : { ifVersion: version }
    return { result: await remove({ rid, mode, ...more }, this.context), ...more }
  }

  /** Whether the connector itself can delete. */
  get canDelete(): boolean {
    return ['delete', 'both'].includes(this.capabilities.remove)
  }

  /** Reads a record that has to be there, within the declared lag. */
  async readLive(rid: string): Promise<Extract<ReadResult, { kind: 'live' }>> {
    const result = await this.readUntil(rid, (one) => one.kind === 'live')
    hold(result.kind === 'live', `a record that is there reads as ${wordsOf(result)}`)
    return result
  }

  /** Reads until something holds or the declared lag (and a grace) is over; gives the last answer. */
  readUntil(rid: string, holds: (result: ReadResult) => boolean): Promise<ReadResult> {
    const { lagMs } = this.capabilities.read
    const look = (): Promise<ReadResult> => this.resource.read(rid, this.context)
    return this.patience.until({ what: 'a change in a read', lagMs, look, holds })
  }

  /** Lists to the end, or at most so many records; `meanwhile` happens after the first page. Never throws for the list's own sake. */
  async list(
    max = this.#target.listMax ?? Number.POSITIVE_INFINITY,
    meanwhile?: () => Promise<void>,
  ): Promise<ListRun> {
    const records: ListedRecord[] = []
    const pages = this.resource.list(this.context)
    try {
      for (;;) {
        const page = await pages.next()
        if (page.done === true) return { records, end: page.value, failed: false }
        if (records.length === 0) await meanwhile?.()
        records.push(...page.value)
        if (records.length < max) continue
        await pages.return({ complete: false })
        return { records, failed: false }
      }
    } catch {
      return { records, failed: true }
    }
  }

  /** Ids of records that are there: the first of the list, or new ones. */
  async someRids(count: number): Promise<string[]> {
    if (this.#target.template !== undefined) return (await this.insertMany(count)).map(({ rid }) => rid)
    const { records } = await this.list(count)
    if (records.length === 0) unproved('the system has no record that could be looked at')
    return records.slice(0, count).map(({ rid }) => rid)
  }

  /** Follows the change feed from a cursor to its end. */
  async drain(cursor?: string): Promise<{ changed: ChangedRecord[]; cursor: string }> {
    const changes = this.resource.changes?.bind(this.resource) ?? unproved('there is no change feed')
    const changed: ChangedRecord[] = []
    let at = cursor
    for (let pages = 0; pages < pagesMax; pages += 1) {
      const page = await changes(at, this.context)
      if (page.kind !== 'page') refute(`the change feed answered ${wordsOf(page)}`)
      changed.push(...page.changed)
      at = page.cursor
      if (!page.more) return { changed, cursor: at }
    }
    const words = `the change feed did not come to an end within ${pagesMax} pages`
    return this.door === undefined ? unproved(words) : refute(words)
  }

  /** An id of the same form as another, of a record that never existed. */
  strangerTo(rid: string): string {
    return this.door?.stranger?.() ?? strangersId(rid)
  }

  /** Records made through the connector or the door are removed at the end, as far as they can be. */
  remember(rid: string): void {
    this.#target.onMade?.(rid)
    this.#made.push(rid)
  }

  /** Removes what was made and gives ids that are still there. */
  async clean(): Promise<string[]> {
    this.#target.counterpart?.faults?.clear()
    const left: string[] = []
    for (const rid of new Set(this.#made)) if (!(await this.#cleaned(rid))) left.push(rid)
    // The next probe may look at whatever is there, and what goes away while it looks is not the system's fault.
    if (this.#made.length > 0 && this.door === undefined)
      await this.wait(Math.min(this.capabilities.read.lagMs, this.patience.maxMs))
    await this.system.close()
    return left
  }

  async #cleaned(rid: string): Promise<boolean> {
    try {
      if (this.door?.remove !== undefined) await this.door.remove(rid)
      else if (this.canDelete) return ['ok', 'gone'].includes((await this.remove(rid, 'delete')).result.kind)
      else return false
      return true
    } catch {
      // Often it is gone already, which is what some probes are about.
      return this.door !== undefined
    }
  }
}

/** Short numbers get a number that is far away; of other ids the digits change, except in the first places, which often say what it is. */
export function strangersId(rid: string): string {
  const short = /^(\D{0,4})(\d{1,6})$/.exec(rid)
  if (short !== null) return `${short[1] ?? ''}99${(short[2] ?? '').padStart(6, '0')}`
  const tail = rid.slice(3)
  const changed = tail.replace(/\d/g, (digit) => String((Number(digit) + 5) % 10))
  return rid.slice(0, 3) + (changed === tail ? [...tail].reverse().join('') : changed)
}

/** A result in words: its kind, and what failed. */
export function wordsOf(
  result:
    | { readonly kind: string; readonly failure?: { readonly code: string; readonly message: string } }
    | undefined,
): string {
  if (result === undefined) return 'nothing'
  return result.failure === undefined
    ? `"${result.kind}"`
    : `"${result.kind}" (${result.failure.code}: ${result.failure.message})`
}

/** A path as people write it. */
export function pathText(path: NativePath): string {
  return path.join('.')
}
