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
import { apart } from './joined.ts'
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

  async forReading(recordIds: Iterable<string>, session?: Session): Promise<FieldCodec> {
    const { found, missing } = this.#cached(recordIds)
    if (missing.length > 0) await this.#load(found, missing, session)
    return this.#codec(found)
  }

  async forRecords(recordIds: Iterable<string>, session?: Session): Promise<FieldCodec> {
    const cached = this.#cached(recordIds)
    const { found } = cached
    let { missing } = cached
    for (let round = 1; missing.length > 0; round += 1) {
      await this.#load(found, missing, session)
      missing = missing.filter((id) => !found.has(id))
      if (missing.length > 0) await this.#create(found, missing, session)
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

  #cached(recordIds: Iterable<string>): {
    readonly found: Map<string, KeyObject>
    readonly missing: string[]
  } {
    const found = new Map<string, KeyObject>()
    const missing: string[] = []
    for (const id of new Set(recordIds)) {
      const key = this.#cache.get(id)
      if (key === undefined) missing.push(id)
      else found.set(id, key)
    }
    return { found, missing }
  }

  /** Adds the keys that exist. */
  async #load(found: Map<string, KeyObject>, ids: readonly string[], given?: Session): Promise<void> {
    // On its own: a key that a larger transaction has not committed yet must not be kept.
    const rows =
      given === undefined
        ? await apart(() => readRecordKeys(this.#database.session('loading the keys of records'), ids))
        : await readRecordKeys(given, ids)
    if (rows.some((row) => !this.#keys.wrapping.has(row.wrapped_by))) await this.#refresh()
    for (const row of rows) {
      const key = this.#unwrap(row)
      if (key === undefined) continue
      found.set(row.record_id, key)
      this.#cache.set(row.record_id, key)
    }
  }

  /** Adds new keys for records that have none. Another process may be faster, and its key is loaded then. */
  async #create(found: Map<string, KeyObject>, ids: readonly string[], given?: Session): Promise<void> {
    const made = ids.map((id) => ({ id, ...newRecordKey(this.#keys, id) }))
    const rows = made.map(({ id, wrappedBy, wrapped }) => ({ record_id: id, wrapped_by: wrappedBy, wrapped }))
    const stored =
      given === undefined
        ? await apart(() => insertRecordKeys(this.#database.session('storing keys of records'), rows))
        : await insertRecordKeys(given, rows)
    for (const { id, key } of made) {
      if (!stored.has(id)) continue
      found.set(id, key)
      // A key of a transaction that may still be rolled back must not be used by another one.
      if (given === undefined) this.#cache.set(id, key)
    }
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
