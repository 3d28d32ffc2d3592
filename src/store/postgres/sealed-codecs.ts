/** The codecs of a sealed store: loads and creates the keys that an operation needs. */
import type { KeyObject } from 'node:crypto'
import { IsthmusError } from '../../model/errors.ts'
import type { FieldCodec } from '../contract.ts'
import { newKey, prepareKey } from '../sealing/envelope.ts'
import {
  type KeyringKeys,
  newRecordKey,
  RecordKeyCache,
  recordKeyPlace,
  unwrapKey,
  wrapKey,
} from '../sealing/keyring.ts'
import { createSealedCodec } from '../sealing/sealed-codec.ts'
import type { Codecs } from './codecs.ts'
import type { Database, Session } from './database.ts'
import { insertRecordKeys, type RecordKeyRow, readRecordKeys } from './sql/record-keys.ts'
import { insertSealingKey } from './sql/sealing-keys.ts'

/** Keys of records in memory: about 20 MB. A pass that finds its key here needs no statement. */
const cachedKeysMax = 65_536
/** Another process may replace the wrapping key between two statements; it does so rarely. */
const roundsMax = 3
const dayMs = 86_400_000

const noKeys: ReadonlyMap<string, KeyObject> = new Map()

export interface SealedCodecsOptions {
  readonly database: Database
  readonly keys: KeyringKeys
  readonly readsClear: boolean
  /** Reads the stored keys again, after another process changed them. */
  readonly reload: () => Promise<KeyringKeys>
}

export class SealedCodecs implements Codecs {
  readonly #database: Database
  readonly #readsClear: boolean
  readonly #reload: () => Promise<KeyringKeys>
  readonly #cache = new RecordKeyCache(cachedKeysMax)
  #keys: KeyringKeys
  #shared: FieldCodec
  #reloading: Promise<void> | undefined

  constructor({ database, keys, readsClear, reload }: SealedCodecsOptions) {
    this.#database = database
    this.#readsClear = readsClear
    this.#reload = reload
    this.#keys = keys
    this.#shared = this.#codec(noKeys)
  }

  get shared(): FieldCodec {
    return this.#shared
  }

  async forRecords(recordIds: Iterable<string>, session?: Session): Promise<FieldCodec> {
    const found = new Map<string, KeyObject>()
    let missing: string[] = []
    for (const id of new Set(recordIds)) {
      const key = this.#cache.get(id)
      if (key === undefined) missing.push(id)
      else found.set(id, key)
    }
    for (let round = 1; missing.length > 0; round += 1) {
      const loaded = await this.#load(missing, session)
      for (const [id, key] of loaded) found.set(id, key)
      missing = missing.filter((id) => !found.has(id))
      if (missing.length === 0) break
      if (round === roundsMax) throw new IsthmusError('STORE_CONTENTION', 'the keys of records kept changing')
      await this.#refresh()
    }
    return this.#codec(found)
  }

  async forDeliveries(): Promise<FieldCodec> {
    const day = Math.floor(Date.now() / dayMs)
    if (!this.#keys.days.has(day)) await this.#addDay(day)
    const id = this.#keys.days.get(day)
    const key = id === undefined ? undefined : this.#keys.stored.get(id)
    if (id === undefined || key === undefined) {
      throw new IsthmusError('STORE_KEY_MISSING', `the key of day ${day} is not in the database`)
    }
    return this.#codec(noKeys, { id, key })
  }

  /** Keys that exist, and new ones for records that have none; some may be missing after a race. */
  async #load(ids: readonly string[], given?: Session): Promise<ReadonlyMap<string, KeyObject>> {
    const session = given ?? this.#database.session('loading the keys of records')
    const loaded = new Map<string, KeyObject>()
    const rows = await readRecordKeys(session, ids)
    if (rows.some((row) => !this.#keys.wrapping.has(row.wrapped_by))) await this.#refresh()
    for (const row of rows) {
      const key = this.#unwrap(row)
      if (key === undefined) continue
      loaded.set(row.record_id, key)
      this.#cache.set(row.record_id, key)
    }
    const known = new Set(rows.map((row) => row.record_id))
    const without = ids.filter((id) => !known.has(id))
    if (without.length === 0) return loaded
    for (const [id, key] of await this.#create(session, without)) {
      loaded.set(id, key)
      // A key of a transaction that may still be rolled back must not be used by another one.
      if (given === undefined) this.#cache.set(id, key)
    }
    return loaded
  }

  async #create(session: Session, ids: readonly string[]): Promise<ReadonlyMap<string, KeyObject>> {
    const made = ids.map((id) => ({ id, ...newRecordKey(this.#keys, id) }))
    const stored = await insertRecordKeys(
      session,
      made.map(({ id, wrappedBy, wrapped }) => ({ record_id: id, wrapped_by: wrappedBy, wrapped })),
    )
    return new Map(made.flatMap(({ id, key }) => (stored.has(id) ? [[id, key] as const] : [])))
  }

  #unwrap(row: RecordKeyRow): KeyObject | undefined {
    const wrapping = this.#keys.wrapping.get(row.wrapped_by)
    if (wrapping === undefined) return undefined
    return prepareKey(unwrapKey(wrapping, row.wrapped, recordKeyPlace(row.record_id)))
  }

  async #addDay(day: number): Promise<void> {
    const { wrapping, activeWrapping } = this.#keys
    const active = wrapping.get(activeWrapping)
    if (active !== undefined) {
      await insertSealingKey(this.#database.session('storing the key of a day'), {
        kind: 'day',
        day,
        wrapped: wrapKey(active, newKey(), `day ${day}`),
        wrappedBy: activeWrapping,
      })
    }
    // Of two processes one stored its key, and both use that one.
    await this.#refresh()
  }

  /** One reading at a time, which everybody who asks meanwhile shares. */
  #refresh(): Promise<void> {
    this.#reloading ??= this.#reload()
      .then((keys) => {
        this.#keys = keys
        this.#shared = this.#codec(noKeys)
      })
      .finally(() => {
        this.#reloading = undefined
      })
    return this.#reloading
  }

  #codec(records: ReadonlyMap<string, KeyObject>, shared = this.#keys.shared): FieldCodec {
    const { stored, hashes } = this.#keys
    return createSealedCodec({ shared, stored, records, hashes, readsClear: this.#readsClear })
  }
}
