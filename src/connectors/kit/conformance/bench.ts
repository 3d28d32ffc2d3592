/**
 * Provides a probe with the connected resource, its own records, and any handles outside the connector.
 *
 * With a counterpart, records are created and deleted through its back door, like those of other users.
 * Without one they are created through the connector itself and removed again at the end.
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

/** Used for a user's own system in place of a counterpart: bodies that it accepts. */
export type RecordTemplate = Pick<CounterpartResource, 'body' | 'patch' | 'texts'>

/** A write that a probe made. */
export interface WriteOfProbe {
  /** The connector's result. */
  readonly result: WriteResult
  /** Version that it was made under, if the resource has versions. */
  readonly ifVersion?: string
}

/** A change feed that was read to its end. */
export interface DrainedFeed {
  /** Everything that changed, in the order of the feed. */
  readonly changed: readonly ChangedRecord[]
  /** The cursor after it. */
  readonly cursor: string
}

/** The clock of a probe. */
export interface ProbeClock {
  /** Epoch ms. */
  now(): number
  /** Milliseconds that never go back. */
  monotonic(): number
}

/** Where probes run. */
export interface ProbeTarget extends WaiterOptions {
  /** Binds the system anew: whatever one probe broke must not affect the next. */
  connect(): ConnectedSystem
  /** Name of the probed resource. */
  readonly resource: string
  /** The engine's clock, the same that the connector was given. */
  readonly clock: ProbeClock
  /** How to create records; when absent, nothing may be created or changed. */
  readonly template?: RecordTemplate
  /** The remote side, if the probe may act on it. Absent for a user's own system. */
  readonly counterpart?: Counterpart
  /** The resource on the remote side. */
  readonly door?: CounterpartResource
  /**
   * Number of records after which a listing is abandoned: a user's own system may have millions. @default no
   * bound
   */
  readonly listMax?: number
  /** Called with each record that a probe created through the connector, before it is used. */
  readonly onMade?: (nativeId: string) => void
}

/** A record that a probe created. */
export interface MadeRecord {
  /** Id that the system assigned to the record. */
  readonly nativeId: string
  /** The body that was sent to create it. */
  readonly body: NativeRecord
}

/** A listing that was read to its end or to where it failed. */
export interface ListRun {
  /** Records in the order of the list. */
  readonly records: readonly ListedRecord[]
  /** Undefined when the listing threw or was abandoned early. */
  readonly end?: ListEnd
  /** Whether the listing ended with an error. */
  readonly failed: boolean
}

/** Longest duration of a probe, excluding its waits, in milliseconds. */
const probeMaxMs = 300_000
const dayMs = 86_400_000
const pollMs = 20
const pagesMax = 1_000

/** See the top of the file. */
export class ProbeBench {
  /** The connected system. */
  readonly system: ConnectedSystem
  /** The probed resource. */
  readonly resource: Resource
  /** Context for the probe's calls. */
  readonly context: CallContext
  /** Waits for the lags that the system declares. */
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

  /** The capabilities that the resource declares. */
  get capabilities(): Resource['capabilities'] {
    return this.resource.capabilities
  }

  /** Time as the connector sees it. */
  get clock(): ProbeTarget['clock'] {
    return this.#target.clock
  }

  /** The remote side, if the probe may act on it. */
  get counterpart(): Counterpart | undefined {
    return this.#target.counterpart
  }

  /** The back door; undefined for a user's own system. */
  get door(): CounterpartResource | undefined {
    return this.#target.door
  }

  /** @throws IsthmusError CONNECTOR_PROBE_SKIPPED when no faults can be injected */
  get faults(): CounterpartFaults {
    return this.#target.counterpart?.faults ?? skip('nothing can be put between the connector and the system')
  }

  /** @throws IsthmusError CONNECTOR_PROBE_SKIPPED when no records may be created */
  get template(): RecordTemplate {
    return this.#target.template ?? skip('no record may be created')
  }

  /** Returns a different value each time, also across runs. */
  seed(): number {
    ProbeBench.#seed += 1
    return ProbeBench.#seed
  }

  /** Waits for the given time. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, ms)
    })
  }

  /** Builds the engine's request for a new record. */
  createRequest(body: NativeRecord = this.template.body(this.seed())): CreateRequest {
    return { body, recordId: randomUUID(), idempotencyKey: randomUUID() }
  }

  /** Creates a record through the connector. @throws IsthmusError CONNECTOR_PROBE_FAILED when that fails */
  async create(request: CreateRequest = this.createRequest()): Promise<MadeRecord & WriteOfProbe> {
    const create = this.resource.create?.bind(this.resource) ?? skip('nothing can be created')
    const result = await create(request, this.context)
    check(result.kind === 'ok', `a create answered ${wordsOf(result)}`)
    this.remember(result.nativeId)
    return { nativeId: result.nativeId, body: request.body, result }
  }

  /** Creates a record, through the back door if there is one. */
  async insert(): Promise<MadeRecord> {
    const body = this.template.body(this.seed())
    if (this.door === undefined) return await this.create(this.createRequest(body))
    const nativeId = await this.door.insert(body)
    this.remember(nativeId)
    return { nativeId, body }
  }

  /** Creates several records in the same way. */
  async insertMany(count: number): Promise<MadeRecord[]> {
    const made: MadeRecord[] = []
    for (let index = 0; index < count; index += 1) made.push(await this.insert())
    return made
  }

  /** Changes a record as another user would, through the back door if there is one. */
  async change(nativeId: string): Promise<NativeRecord> {
    const patch = this.template.patch(this.seed())
    if (this.door === undefined) await this.update(nativeId, patch)
    else await this.door.change(nativeId, patch)
    return patch
  }

  /**
   * Deletes a record as another user would. @throws IsthmusError CONNECTOR_PROBE_SKIPPED when it can't be
   * deleted
   */
  async vanish(nativeId: string): Promise<void> {
    if (this.door?.remove !== undefined) return await this.door.remove(nativeId)
    if (!this.canDelete) skip('no record can be deleted')
    const { result } = await this.remove(nativeId, 'delete')
    check(result.kind === 'ok', `a delete answered ${wordsOf(result)}`)
  }

  /**
   * Updates a record through the connector, as the engine does: under the current version if preconditions
   * are honoured.
   */
  async update(nativeId: string, patch: NativeRecord): Promise<Extract<WriteResult, { kind: 'ok' }>> {
    const result = await this.tryUpdate(nativeId, patch)
    check(result.kind === 'ok', `an update answered ${wordsOf(result)}`)
    return result
  }

  /** Does the same but returns any result. `ifVersion` replaces the current version. */
  async tryUpdate(nativeId: string, patch: NativeRecord, ifVersion?: string): Promise<WriteResult> {
    const update = this.resource.update?.bind(this.resource) ?? skip('nothing can be changed')
    const until = performance.now() + Math.min(this.capabilities.read.lagMs, this.waiter.maxMs) + graceMs
    for (;;) {
      const request = await this.updateRequest(nativeId, patch)
      const more = ifVersion === undefined ? {} : { ifVersion }
      const result = await update({ ...request, ...more }, this.context)
      // When reads lag, the version just read may be outdated: the engine reads again, and so does a probe.
      const looksAgain =
        result.kind === 'stale' && ifVersion === undefined && this.capabilities.read.lagMs > 0
      if (!looksAgain || performance.now() > until) return result
      await this.wait(pollMs)
    }
  }

  /**
   * Builds the engine's request for an update: with the record last read if it is replaced entirely, and with
   * its version.
   */
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

  /** Removes a record through the connector, under its current version if preconditions are honoured. */
  async remove(nativeId: string, mode: 'delete' | 'archive'): Promise<WriteOfProbe> {
    const remove = this.resource.remove?.bind(this.resource) ?? skip('nothing can be removed')
    const read = this.capabilities.conditionalWrites
      ? await this.resource.read(nativeId, this.context)
      : undefined
    const version = read?.kind === 'live' ? read.version : undefined
    const more = version === undefined ? {} : { ifVersion: version }
    return { result: await remove({ nativeId, mode, ...more }, this.context), ...more }
  }

  /** Returns whether the connector itself can delete. */
  get canDelete(): boolean {
    return ['delete', 'both'].includes(this.capabilities.remove)
  }

  /** Reads a record that must exist, within the declared lag. */
  async readLive(nativeId: string): Promise<Extract<ReadResult, { kind: 'live' }>> {
    const result = await this.readUntil(nativeId, (one) => one.kind === 'live')
    check(result.kind === 'live', `an existing record reads as ${wordsOf(result)}`)
    return result
  }

  /**
   * Reads until the condition holds or the declared lag (plus a grace period) is over; returns the last
   * response.
   */
  readUntil(nativeId: string, holds: (result: ReadResult) => boolean): Promise<ReadResult> {
    const { lagMs } = this.capabilities.read
    const observe = (): Promise<ReadResult> => this.resource.read(nativeId, this.context)
    return this.waiter.until({ what: 'a change in a read', lagMs, observe, holds })
  }

  /**
   * Lists to the end, or up to the given number of records; `meanwhile` runs after the first page. Never
   * throws because of the list itself.
   */
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

  /** Returns ids of existing records: the first of the list, or new ones. */
  async someNativeIds(count: number): Promise<string[]> {
    if (this.#target.template !== undefined)
      return (await this.insertMany(count)).map(({ nativeId }) => nativeId)
    const { records } = await this.list(count)
    if (records.length === 0) skip('the system has no record to read')
    return records.slice(0, count).map(({ nativeId }) => nativeId)
  }

  /** Reads the change feed from a cursor to its end. */
  async drain(cursor?: string): Promise<DrainedFeed> {
    const changes = this.resource.changes?.bind(this.resource) ?? skip('there is no change feed')
    const changed: ChangedRecord[] = []
    let at = cursor
    for (let pages = 0; pages < pagesMax; pages += 1) {
      const page = await changes(at, this.context)
      if (page.kind !== 'page') fail(`the change feed returned ${wordsOf(page)}`)
      changed.push(...page.changed)
      at = page.cursor
      if (!page.more) return { changed, cursor: at }
    }
    const words = `the change feed did not end within ${pagesMax} pages`
    return this.door === undefined ? skip(words) : fail(words)
  }

  /** Returns an id in the same format as another, of a record that never existed. */
  strangerTo(nativeId: string): string {
    return this.door?.stranger?.() ?? strangersId(nativeId)
  }

  /**
   * Marks a record that was created through the connector or the door; such records are removed at the end if
   * possible.
   */
  remember(nativeId: string): void {
    this.#target.onMade?.(nativeId)
    this.#made.push(nativeId)
  }

  /** Removes the created records and returns the ids that still exist. */
  async clean(): Promise<string[]> {
    this.#target.counterpart?.faults?.clear()
    const left: string[] = []
    for (const nativeId of new Set(this.#made)) if (!(await this.#cleaned(nativeId))) left.push(nativeId)
    // The next probe may read any existing record, and one that disappears during its reads is not the
    // system's fault.
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
      // The record is often gone already, which is the purpose of some probes.
      return this.door !== undefined
    }
  }
}

/**
 * Replaces a short number by a distant one; in other ids changes the digits, except in the first positions,
 * which often identify the type.
 */
export function strangersId(nativeId: string): string {
  const short = /^(\D{0,4})(\d{1,6})$/.exec(nativeId)
  if (short !== null) return `${short[1] ?? ''}99${(short[2] ?? '').padStart(6, '0')}`
  const tail = nativeId.slice(3)
  const changed = tail.replace(/\d/g, (digit) => String((Number(digit) + 5) % 10))
  return nativeId.slice(0, 3) + (changed === tail ? [...tail].reverse().join('') : changed)
}

/** Describes a result: its kind, and what failed. */
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

/** Returns a path in text form. */
export function pathText(path: NativePath): string {
  return path.join('.')
}
