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
import { check, fail, skip } from './verdict.ts'
import { graceMs, Waiter, type WaiterOptions } from './waiter.ts'

/** What a person's own system has instead of a counterpart: bodies that it accepts. */
export type RecordTemplate = Pick<CounterpartResource, 'body' | 'patch' | 'texts'>

/** A write that a probe made. */
export interface WriteOfProbe {
  /** What the connector made of it. */
  readonly result: WriteResult
  /** Version that it was made under, where the resource has versions. */
  readonly ifVersion?: string
}

/** A change feed that was read to its end. */
export interface DrainedFeed {
  /** Everything that changed, in the order of the feed. */
  readonly changed: readonly ChangedRecord[]
  /** The cursor after it. */
  readonly cursor: string
}

/** The time of a probe. */
export interface ProbeClock {
  /** Epoch ms. */
  now(): number
  /** Milliseconds that never go back. */
  monotonic(): number
}

/** Where probes run. */
export interface ProbeTarget extends WaiterOptions {
  /** Binds the system anew: what a probe broke must not follow it into the next. */
  connect(): ConnectedSystem
  /** Name of the resource that is probed. */
  readonly resource: string
  /** The engine's clock, the same that the connector was given. */
  readonly clock: ProbeClock
  /** How to make records; absent: nothing may be created or changed. */
  readonly template?: RecordTemplate
  /** The other side, where the probe may act on it. Absent for a system of one's own. */
  readonly counterpart?: Counterpart
  /** The resource at the other side. */
  readonly door?: CounterpartResource
  /** Records after which a listing is left: a person's own system may have millions. @default no bound */
  readonly listMax?: number
  /** Called with each record that a probe made through the connector, before it is used. */
  readonly onMade?: (nativeId: string) => void
}

/** A record that a probe made. */
export interface MadeRecord {
  /** Id that the system gave the record. */
  readonly nativeId: string
  /** What was sent to make it. */
  readonly body: NativeRecord
}

/** A listing to its end, or to where it broke off. */
export interface ListRun {
  /** Records in the order of the list. */
  readonly records: readonly ListedRecord[]
  /** Undefined when it threw or was left early. */
  readonly end?: ListEnd
  /** The list broke off with an error. */
  readonly failed: boolean
}

/** Longest a probe takes beside its waits, milliseconds. */
const probeMaxMs = 300_000
const dayMs = 86_400_000
const pollMs = 20
const pagesMax = 1_000

/** See the top of the file. */
export class ProbeBench {
  /** The connected system. */
  readonly system: ConnectedSystem
  /** The resource that is probed. */
  readonly resource: Resource
  /** Context that calls are made with. */
  readonly context: CallContext
  /** Waits for what the system declares as its lag. */
  readonly waiter: Waiter
  readonly #target: ProbeTarget
  readonly #made: string[] = []
  static #seed = Math.floor(Date.now() / 1_000) % 1_000_000

  constructor(target: ProbeTarget) {
    this.#target = target
    this.waiter = new Waiter(target)
    const longestMs = probeMaxMs + Math.min(dayMs, Number.isFinite(this.waiter.maxMs) ? this.waiter.maxMs : 0)
    this.context = { signal: AbortSignal.timeout(longestMs), priority: 'batch' }
    this.system = target.connect()
    this.resource = this.system.resource(target.resource)
  }

  /** What the resource declares. */
  get capabilities(): Resource['capabilities'] {
    return this.resource.capabilities
  }

  /** Time as the connector sees it. */
  get clock(): ProbeTarget['clock'] {
    return this.#target.clock
  }

  /** The other side, if the probe may act on it. */
  get counterpart(): Counterpart | undefined {
    return this.#target.counterpart
  }

  /** The back door; undefined at a person's own system. */
  get door(): CounterpartResource | undefined {
    return this.#target.door
  }

  /** @throws IsthmusError CONNECTOR_PROBE_SKIPPED when nothing can be made to go wrong */
  get faults(): CounterpartFaults {
    return this.#target.counterpart?.faults ?? skip('nothing can be put between the connector and the system')
  }

  /** @throws IsthmusError CONNECTOR_PROBE_SKIPPED when no records may be made */
  get template(): RecordTemplate {
    return this.#target.template ?? skip('no record may be made')
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

  /** Creates through the connector. @throws IsthmusError CONNECTOR_PROBE_FAILED when that fails */
  async create(request: CreateRequest = this.createRequest()): Promise<MadeRecord & WriteOfProbe> {
    const create = this.resource.create?.bind(this.resource) ?? skip('nothing can be created')
    const result = await create(request, this.context)
    check(result.kind === 'ok', `a create answered ${wordsOf(result)}`)
    this.remember(result.nativeId)
    return { nativeId: result.nativeId, body: request.body, result }
  }

  /** A record that is there: through the back door where there is one. */
  async insert(): Promise<MadeRecord> {
    const body = this.template.body(this.seed())
    if (this.door === undefined) return await this.create(this.createRequest(body))
    const nativeId = await this.door.insert(body)
    this.remember(nativeId)
    return { nativeId, body }
  }

  /** Several of them. */
  async insertMany(count: number): Promise<MadeRecord[]> {
    const made: MadeRecord[] = []
    for (let index = 0; index < count; index += 1) made.push(await this.insert())
    return made
  }

  /** Somebody changes a record: through the back door where there is one. */
  async change(nativeId: string): Promise<NativeRecord> {
    const patch = this.template.patch(this.seed())
    if (this.door === undefined) await this.update(nativeId, patch)
    else await this.door.change(nativeId, patch)
    return patch
  }

  /** Somebody deletes a record. @throws IsthmusError CONNECTOR_PROBE_SKIPPED when nobody can */
  async vanish(nativeId: string): Promise<void> {
    if (this.door?.remove !== undefined) return await this.door.remove(nativeId)
    if (!this.canDelete) skip('no record can be deleted')
    const { result } = await this.remove(nativeId, 'delete')
    check(result.kind === 'ok', `a delete answered ${wordsOf(result)}`)
  }

  /** Changes a record through the connector, as the engine does: under the current version where preconditions are honoured. */
  async update(nativeId: string, patch: NativeRecord): Promise<Extract<WriteResult, { kind: 'ok' }>> {
    const result = await this.tryUpdate(nativeId, patch)
    check(result.kind === 'ok', `an update answered ${wordsOf(result)}`)
    return result
  }

  /** The same, whatever comes of it. `ifVersion` stands in for the current version. */
  async tryUpdate(nativeId: string, patch: NativeRecord, ifVersion?: string): Promise<WriteResult> {
    const update = this.resource.update?.bind(this.resource) ?? skip('nothing can be changed')
    const until = performance.now() + Math.min(this.capabilities.read.lagMs, this.waiter.maxMs) + graceMs
    for (;;) {
      const request = await this.updateRequest(nativeId, patch)
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
  async updateRequest(nativeId: string, patch: NativeRecord): Promise<UpdateRequest> {
    const { write, conditionalWrites } = this.capabilities
    const request = { nativeId, patch, idempotencyKey: randomUUID() }
    if (write === 'patch' && !conditionalWrites) return request
    const { native, version } = await this.readLive(nativeId)
    return {
      ...request,
      ...(write === 'put' ? { base: native } : {}),
      ...(conditionalWrites && version !== undefined ? { ifVersion: version } : {}),
    }
  }

  /** Removes a record through the connector, under its current version where preconditions are honoured. */
  async remove(nativeId: string, mode: 'delete' | 'archive'): Promise<WriteOfProbe> {
    const remove = this.resource.remove?.bind(this.resource) ?? skip('nothing can be removed')
    const read = this.capabilities.conditionalWrites
      ? await this.resource.read(nativeId, this.context)
      : undefined
    const version = read?.kind === 'live' ? read.version : undefined
    const more = version === undefined ? {} : { ifVersion: version }
    return { result: await remove({ nativeId, mode, ...more }, this.context), ...more }
  }

  /** Whether the connector itself can delete. */
  get canDelete(): boolean {
    return ['delete', 'both'].includes(this.capabilities.remove)
  }

  /** Reads a record that has to be there, within the declared lag. */
  async readLive(nativeId: string): Promise<Extract<ReadResult, { kind: 'live' }>> {
    const result = await this.readUntil(nativeId, (one) => one.kind === 'live')
    check(result.kind === 'live', `a record that is there reads as ${wordsOf(result)}`)
    return result
  }

  /** Reads until something holds or the declared lag (and a grace) is over; gives the last response. */
  readUntil(nativeId: string, holds: (result: ReadResult) => boolean): Promise<ReadResult> {
    const { lagMs } = this.capabilities.read
    const observe = (): Promise<ReadResult> => this.resource.read(nativeId, this.context)
    return this.waiter.until({ what: 'a change in a read', lagMs, observe, holds })
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
  async someNativeIds(count: number): Promise<string[]> {
    if (this.#target.template !== undefined)
      return (await this.insertMany(count)).map(({ nativeId }) => nativeId)
    const { records } = await this.list(count)
    if (records.length === 0) skip('the system has no record that could be looked at')
    return records.slice(0, count).map(({ nativeId }) => nativeId)
  }

  /** Follows the change feed from a cursor to its end. */
  async drain(cursor?: string): Promise<DrainedFeed> {
    const changes = this.resource.changes?.bind(this.resource) ?? skip('there is no change feed')
    const changed: ChangedRecord[] = []
    let at = cursor
    for (let pages = 0; pages < pagesMax; pages += 1) {
      const page = await changes(at, this.context)
      if (page.kind !== 'page') fail(`the change feed answered ${wordsOf(page)}`)
      changed.push(...page.changed)
      at = page.cursor
      if (!page.more) return { changed, cursor: at }
    }
    const words = `the change feed did not come to an end within ${pagesMax} pages`
    return this.door === undefined ? skip(words) : fail(words)
  }

  /** An id of the same form as another, of a record that never existed. */
  strangerTo(nativeId: string): string {
    return this.door?.stranger?.() ?? strangersId(nativeId)
  }

  /** Records made through the connector or the door are removed at the end, as far as they can be. */
  remember(nativeId: string): void {
    this.#target.onMade?.(nativeId)
    this.#made.push(nativeId)
  }

  /** Removes what was made and gives ids that are still there. */
  async clean(): Promise<string[]> {
    this.#target.counterpart?.faults?.clear()
    const left: string[] = []
    for (const nativeId of new Set(this.#made)) if (!(await this.#cleaned(nativeId))) left.push(nativeId)
    // The next probe may look at whatever is there, and what goes away while it looks is not the system's fault.
    if (this.#made.length > 0 && this.door === undefined)
      await this.wait(Math.min(this.capabilities.read.lagMs, this.waiter.maxMs))
    await this.system.close()
    return left
  }

  async #cleaned(nativeId: string): Promise<boolean> {
    try {
      if (this.door?.remove !== undefined) await this.door.remove(nativeId)
      else if (this.canDelete)
        return ['ok', 'gone'].includes((await this.remove(nativeId, 'delete')).result.kind)
      else return false
      return true
    } catch {
      // Often it is gone already, which is what some probes are about.
      return this.door !== undefined
    }
  }
}

/** Short numbers get a number that is far away; of other ids the digits change, except in the first places, which often say what it is. */
export function strangersId(nativeId: string): string {
  const short = /^(\D{0,4})(\d{1,6})$/.exec(nativeId)
  if (short !== null) return `${short[1] ?? ''}99${(short[2] ?? '').padStart(6, '0')}`
  const tail = nativeId.slice(3)
  const changed = tail.replace(/\d/g, (digit) => String((Number(digit) + 5) % 10))
  return nativeId.slice(0, 3) + (changed === tail ? [...tail].reverse().join('') : changed)
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
