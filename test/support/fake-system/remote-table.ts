/**
 * The data of a fake system: one table of native records with its complete, hidden history.
 *
 * The history is the oracle of the tests: who wrote what, when, and which version it was. It is never visible through the fake's own API. The HTTP
 * fakes and the systems of the simulation use the same table, so both are judged in the same way.
 */

export type Native = Readonly<Record<string, unknown>>

/** `user`: a user of the system · `engine`: through the API under test. */
export type Writer = 'user' | 'engine'

/** One state of one record. `body` undefined: deleted. */
export interface Version {
  readonly nativeId: string
  /** Counts the states of this record from 1. */
  readonly version: number
  /** Counts the changes of the whole table from 1. */
  readonly seq: number
  readonly at: number
  readonly by: Writer
  readonly body: Native | undefined
  /** Names the survivor when the record was merged. */
  readonly mergedInto?: string
  /** Free text of the writer: which intent, which worker. */
  readonly tag?: string
}

export interface CreateOptions {
  readonly nativeId?: string
  readonly tag?: string
  /** The record id that a create of the engine is for. */
  readonly recordId?: string
}

export interface RemoteTableOptions {
  readonly name: string
  readonly now: () => number
  /** The stored form of a value: truncation, rounding, a rewrite on each save. @default the value itself */
  readonly stores?: (field: string, value: unknown, by: Writer) => unknown
  /** Only the newest state is kept, for loads whose history would not fit. @default false */
  readonly forgetful?: boolean
  /** The n-th id that the system assigns, n from 1. @default `<name>-n` */
  readonly nextNativeId?: (n: number) => string
}

/** Called after each change, whoever made it; used for webhooks. */
export type ChangeListener = (version: Version) => void

export class RemoteTable {
  readonly name: string
  /** All changes in order of their sequence number (the newest only, when forgetful). */
  readonly changes: Version[] = []
  /** Native ids by the record id that the engine created them for: two are a duplicate. */
  readonly createdFor = new Map<string, string[]>()
  readonly #options: RemoteTableOptions
  readonly #rows = new Map<string, Version[]>()
  /** Every native id ever assigned, in the order of creation; a page continues after an index. */
  readonly #order: string[] = []
  readonly #listeners: ChangeListener[] = []
  #seq = 0
  #given = 0
  #live = 0

  constructor(options: RemoteTableOptions) {
    this.name = options.name
    this.#options = options
  }

  onChange(listener: ChangeListener): void {
    this.#listeners.push(listener)
  }

  /** Records that exist now. */
  get size(): number {
    return this.#live
  }

  get seq(): number {
    return this.#seq
  }

  has(nativeId: string): boolean {
    return this.current(nativeId)?.body !== undefined
  }

  /** Newest state; its body is undefined when the record was deleted. */
  current(nativeId: string): Version | undefined {
    return this.#rows.get(nativeId)?.at(-1)
  }

  /** The state that was current at a time (the oldest one, if it is younger than that); undefined before it existed. */
  at(nativeId: string, time: number): Version | undefined {
    const history = this.#rows.get(nativeId)
    if (history === undefined) return undefined
    let found: Version | undefined
    for (const version of history) {
      if (version.at > time) break
      found = version
    }
    return found
  }

  history(nativeId: string): readonly Version[] {
    return this.#rows.get(nativeId) ?? []
  }

  create(body: Native, by: Writer, options: CreateOptions = {}): Version {
    this.#given += 1
    const nativeId =
      options.nativeId ?? this.#options.nextNativeId?.(this.#given) ?? `${this.name}-${this.#given}`
    if (options.recordId !== undefined) {
      const made = this.createdFor.get(options.recordId) ?? []
      // A removed record that is created again under a client-assigned id has that id again.
      if (!made.includes(nativeId)) made.push(nativeId)
      this.createdFor.set(options.recordId, made)
    }
    if (!this.#rows.has(nativeId)) this.#order.push(nativeId)
    this.#live += 1
    return this.#append(nativeId, this.#stored(body, by), by, { ...(options.tag && { tag: options.tag }) })
  }

  /** Changes only the named properties. @throws RangeError when the record does not exist */
  patch(nativeId: string, change: Native, by: Writer, tag?: string): Version {
    const before = this.#living(nativeId)
    return this.#append(nativeId, { ...before, ...this.#stored(change, by) }, by, { ...(tag && { tag }) })
  }

  /** Replaces the whole record. @throws RangeError when the record does not exist */
  replace(nativeId: string, body: Native, by: Writer, tag?: string): Version {
    this.#living(nativeId)
    return this.#append(nativeId, this.#stored(body, by), by, { ...(tag && { tag }) })
  }

  /** @throws RangeError when the record does not exist */
  remove(nativeId: string, by: Writer, options: { tag?: string; mergedInto?: string } = {}): Version {
    this.#living(nativeId)
    this.#live -= 1
    return this.#append(nativeId, undefined, by, options)
  }

  /** Restores a removed record under its old id, unchanged. @throws RangeError when there is nothing to restore */
  restore(nativeId: string, by: Writer): Version {
    const body = this.history(nativeId).findLast((version) => version.body !== undefined)?.body
    if (body === undefined || this.has(nativeId))
      throw new RangeError(`${this.name}: there is no removed ${nativeId}`)
    this.#live += 1
    return this.#append(nativeId, body, by, {})
  }

  /** The system assigns another id to a record: the old one is gone, without a reference to the new one. */
  renumber(nativeId: string, by: Writer): Version {
    const body = this.#living(nativeId)
    this.remove(nativeId, by, { tag: 'renumbered' })
    return this.create(body, by, { tag: `renumbered ${nativeId}` })
  }

  /** Rids of all records there are now, in the order of creation. */
  *nativeIds(): Generator<string> {
    for (const nativeId of this.#order) if (this.has(nativeId)) yield nativeId
  }

  /** Up to `limit` living records after a position in the order of creation; `next` is the position to continue from. */
  page(position: number, limit: number): { readonly records: readonly Version[]; readonly next?: number } {
    const records: Version[] = []
    let index = position
    for (; index < this.#order.length && records.length < limit; index += 1) {
      const version = this.current(this.#order[index] ?? '')
      if (version?.body !== undefined) records.push(version)
    }
    return { records, ...(index < this.#order.length && { next: index }) }
  }

  #living(nativeId: string): Native {
    const body = this.current(nativeId)?.body
    if (body === undefined) throw new RangeError(`${this.name}: there is no ${nativeId}`)
    return body
  }

  #stored(body: Native, by: Writer): Native {
    const { stores } = this.#options
    if (stores === undefined) return body
    return Object.fromEntries(Object.entries(body).map(([field, value]) => [field, stores(field, value, by)]))
  }

  #append(
    nativeId: string,
    body: Native | undefined,
    by: Writer,
    more: { tag?: string; mergedInto?: string },
  ): Version {
    this.#seq += 1
    const history = this.#rows.get(nativeId) ?? []
    const version: Version = {
      nativeId,
      version: (history.at(-1)?.version ?? 0) + 1,
      seq: this.#seq,
      at: this.#options.now(),
      by,
      body,
      ...more,
    }
    if (this.#options.forgetful) history.length = 0
    history.push(version)
    this.#rows.set(nativeId, history)
    if (!this.#options.forgetful) this.changes.push(version)
    for (const listener of this.#listeners) listener(version)
    return version
  }
}
