/**
 * The system itself: tables in memory with their whole history, and the actions of its users.
 *
 * Responses may be older than the actual state (read and search lag); users always see the actual state.
 */
import type { NativeRecord } from '../../model/values.ts'
import { mergeNative } from '../kit/native.ts'
import type { MemoryResourceConfig } from './config.ts'

/** State of one record from a time on; without `native` it no longer existed. */
export interface MemoryState {
  /** Start of the state, in epoch ms. */
  readonly at: number
  /** Grows with every change of the resource. */
  readonly version: number
  /** The record; absent once it was deleted. */
  readonly native?: NativeRecord
}

/** A record in its current or an earlier state. */
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
  /** The record was deleted. */
  readonly deleted: boolean
}

/** The clock of the system; virtual in a simulation. */
export interface MemoryClock {
  /** Epoch ms. */
  now(): number
  /** Milliseconds that never decrease. */
  monotonic(): number
}

/** One resource: ids, histories, and a log of changes. */
export class MemoryTable {
  /** The section that the table was created from, with its defaults. */
  readonly config: MemoryResourceConfig
  readonly #clock: MemoryClock
  readonly #histories = new Map<string, MemoryState[]>()
  /** Ids in the order of their changes, for the change feed. */
  readonly #log: {
    readonly nativeId: string
    readonly at: number
    readonly version: number
    readonly deleted: boolean
  }[] = []
  #lastId = 0

  /** Creates the table and the records that its section names. */
  constructor(config: MemoryResourceConfig, clock: MemoryClock) {
    this.config = config
    this.#clock = clock
    for (const record of config.records) this.put(String(record.id ?? this.nextId()), record)
  }

  /** Returns a new id; ids are never reused. */
  nextId(): string {
    do this.#lastId += 1
    while (this.#histories.has(String(this.#lastId)))
    return String(this.#lastId)
  }

  /** Creates or replaces a record. */
  put(nativeId: string, native: NativeRecord): MemoryRecord {
    return this.#append(nativeId, { ...native, id: nativeId })
  }

  /** Changes properties of a record; returns undefined when it does not exist. */
  patch(nativeId: string, patch: NativeRecord): MemoryRecord | undefined {
    const before = this.current(nativeId)?.native
    if (before === undefined) return undefined
    const merges = this.config.capabilities.nested === 'merge'
    return this.#append(nativeId, {
      ...(merges ? mergeNative(before, patch) : { ...before, ...patch }),
      id: nativeId,
    })
  }

  /** Deletes a record; returns false when it does not exist. */
  remove(nativeId: string): boolean {
    if (this.current(nativeId)?.native === undefined) return false
    this.#append(nativeId, undefined)
    return true
  }

  /** Returns the current record; undefined when it never existed. */
  current(nativeId: string): MemoryRecord | undefined {
    const state = this.#histories.get(nativeId)?.at(-1)
    return state === undefined ? undefined : { nativeId, ...state }
  }

  /** Returns the state `ageMs` ago; undefined when the record did not exist yet. */
  past(nativeId: string, ageMs: number): MemoryRecord | undefined {
    const until = this.#clock.now() - ageMs
    const state = this.#histories.get(nativeId)?.findLast(({ at }) => at <= until)
    return state === undefined ? undefined : { nativeId, ...state }
  }

  /** Returns every state of a record, oldest first. */
  history(nativeId: string): readonly MemoryState[] {
    return this.#histories.get(nativeId) ?? []
  }

  /** Returns existing records in the order of their creation, as they were `ageMs` ago. */
  *living(ageMs = 0): Generator<MemoryRecord & Required<Pick<MemoryState, 'native'>>> {
    for (const nativeId of this.#histories.keys()) {
      const record = ageMs > 0 ? this.past(nativeId, ageMs) : this.current(nativeId)
      if (record?.native !== undefined) yield { ...record, native: record.native }
    }
  }

  /** Returns changes after a position of the log. */
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

/** A call before its response. */
export interface MemoryCall {
  /** Resource of the call. */
  readonly resource: string
  /** Operation of the call. */
  readonly operation: 'read' | 'list' | 'changes' | 'find' | 'create' | 'update' | 'remove' | 'restore'
  /** Record of the call. Absent for lists, feeds, searches and creates. */
  readonly nativeId?: string
}

/**
 * A fault of a call.
 *
 * `unreachable`: nothing arrives, and that is known · `drop`: nothing arrives, and that is not known ·
 * `lose-response`: it is carried out, and the response is lost · `throttle`: refused, retry after `afterMs`
 */
export type MemoryFault =
  /** No response is returned. */
  | { readonly kind: 'unreachable' | 'drop' | 'lose-response' }
  /** The call is refused for now. */
  | {
      readonly kind: 'throttle'
      /** Wait before a retry, in milliseconds from now. */
      readonly afterMs: number
    }

/** A system in memory with controls for tests: its contents, actions of users, and faults. */
export class MemoryCounterpart {
  /** The resources, by name. */
  readonly tables: ReadonlyMap<string, MemoryTable>
  /** Called before each call. @default no faults */
  fault: (call: MemoryCall) => MemoryFault | undefined = () => undefined
  /** Identity of the account that responds. */
  account: string

  /** Creates the resources with their first records. */
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
