/**
 * The system itself: tables in memory with their whole history, and the handles of a person at its keyboard.
 *
 * What the outside sees may be older than what is (read and search lag); the person always sees what is.
 */
import type { NativeRecord } from '../../model/values.ts'
import { mergeNative } from '../kit/native.ts'
import type { MemoryResourceConfig } from './config.ts'

/** What one record looked like from a time on; without `native` it did not exist any more. */
export interface MemoryState {
  /** Since when, in epoch ms. */
  readonly at: number
  /** Grows with every change of the resource. */
  readonly version: number
  /** The record; absent once it was deleted. */
  readonly native?: NativeRecord
}

/** A record as it is or was. */
export interface MemoryRecord extends MemoryState {
  /** Id of the record. */
  readonly nativeId: string
}

/** One entry of the log of changes. */
export interface MemoryChange {
  /** Id of the record. */
  readonly nativeId: string
  /** Version that the change made. */
  readonly version: number
  /** It was deleted. */
  readonly deleted: boolean
}

/** The time that the system lives in; virtual in a simulation. */
export interface MemoryClock {
  /** Epoch ms. */
  now(): number
  /** Milliseconds that never go back. */
  monotonic(): number
}

/** One resource: ids, histories, and a log of changes. */
export class MemoryTable {
  /** The section that the table was made from, with its defaults. */
  readonly config: MemoryResourceConfig
  readonly #clock: MemoryClock
  readonly #histories = new Map<string, MemoryState[]>()
  /** Ids in the order of their changes, for the feed. */
  readonly #log: {
    readonly nativeId: string
    readonly at: number
    readonly version: number
    readonly deleted: boolean
  }[] = []
  #lastId = 0

  /** Makes the table and the records that its section names. */
  constructor(config: MemoryResourceConfig, clock: MemoryClock) {
    this.config = config
    this.#clock = clock
    for (const record of config.records) this.put(String(record.id ?? this.nextId()), record)
  }

  /** A new id; ids are never used twice. */
  nextId(): string {
    do this.#lastId += 1
    while (this.#histories.has(String(this.#lastId)))
    return String(this.#lastId)
  }

  /** Makes or replaces a record. */
  put(nativeId: string, native: NativeRecord): MemoryRecord {
    return this.#append(nativeId, { ...native, id: nativeId })
  }

  /** Changes properties of a record; undefined when there is none. */
  patch(nativeId: string, patch: NativeRecord): MemoryRecord | undefined {
    const before = this.current(nativeId)?.native
    if (before === undefined) return undefined
    const merges = this.config.capabilities.nested === 'merge'
    return this.#append(nativeId, {
      ...(merges ? mergeNative(before, patch) : { ...before, ...patch }),
      id: nativeId,
    })
  }

  /** Deletes a record; false when there is none. */
  remove(nativeId: string): boolean {
    if (this.current(nativeId)?.native === undefined) return false
    this.#append(nativeId, undefined)
    return true
  }

  /** The record as it is now; undefined when there never was one. */
  current(nativeId: string): MemoryRecord | undefined {
    const state = this.#histories.get(nativeId)?.at(-1)
    return state === undefined ? undefined : { nativeId, ...state }
  }

  /** What there was `ageMs` ago; undefined when the record did not exist yet. */
  past(nativeId: string, ageMs: number): MemoryRecord | undefined {
    const until = this.#clock.now() - ageMs
    const state = this.#histories.get(nativeId)?.findLast(({ at }) => at <= until)
    return state === undefined ? undefined : { nativeId, ...state }
  }

  /** Every state of a record, oldest first. */
  history(nativeId: string): readonly MemoryState[] {
    return this.#histories.get(nativeId) ?? []
  }

  /** Living records in the order of their making, as they were `ageMs` ago. */
  *living(ageMs = 0): Generator<MemoryRecord & Required<Pick<MemoryState, 'native'>>> {
    for (const nativeId of this.#histories.keys()) {
      const record = ageMs > 0 ? this.past(nativeId, ageMs) : this.current(nativeId)
      if (record?.native !== undefined) yield { ...record, native: record.native }
    }
  }

  /** Changes after a position of the log. */
  changesAfter(position: number, limit: number): readonly MemoryChange[] {
    return this.#log.slice(position, position + limit)
  }

  /** Number of changes so far: the position at the end of the log. */
  get logLength(): number {
    return this.#log.length
  }

  #append(nativeId: string, native: NativeRecord | undefined): MemoryRecord {
    const state: MemoryState = {
      at: this.#clock.now(),
      version: this.#log.length + 1,
      ...(native === undefined ? {} : { native: Object.freeze({ ...native }) }),
    }
    const history = this.#histories.get(nativeId)
    if (history === undefined) this.#histories.set(nativeId, [state])
    else history.push(state)
    this.#log.push({ nativeId, at: state.at, version: state.version, deleted: native === undefined })
    return { nativeId, ...state }
  }
}

/** A call about to be answered. */
export interface MemoryCall {
  /** Resource that is called. */
  readonly resource: string
  /** What is asked of it. */
  readonly operation: 'read' | 'list' | 'changes' | 'find' | 'create' | 'update' | 'remove' | 'restore'
  /** Record that the call is about. Absent for lists, feeds, searches and creates. */
  readonly nativeId?: string
}

/**
 * What goes wrong with a call.
 *
 * `unreachable`: nothing arrives, and that is known · `drop`: nothing arrives, and that is not known ·
 * `lose-response`: it is carried out, and the response is lost · `throttle`: refused, come back after `afterMs`
 */
export type MemoryFault =
  /** Nothing comes back. */
  | { readonly kind: 'unreachable' | 'drop' | 'lose-response' }
  /** It is refused for now. */
  | {
      readonly kind: 'throttle'
      /** When to come back, in milliseconds from now. */
      readonly afterMs: number
    }

/** A system in memory with the handles of a test: what there is, what a person does, what goes wrong. */
export class MemoryCounterpart {
  /** The resources, by name. */
  readonly tables: ReadonlyMap<string, MemoryTable>
  /** Asked before each call. @default nothing goes wrong */
  fault: (call: MemoryCall) => MemoryFault | undefined = () => undefined
  /** Identity of the account that answers. */
  account: string

  /** Makes the resources with their first records. */
  constructor(
    account: string,
    resources: Readonly<Record<string, MemoryResourceConfig>>,
    clock: MemoryClock,
  ) {
    this.account = account
    this.tables = new Map(
      Object.entries(resources).map(([name, config]) => [name, new MemoryTable(config, clock)]),
    )
  }
}
