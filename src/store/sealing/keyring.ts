/** The keys of one store in this process: unwrapped, in memory only. */
import { hkdfSync, type KeyObject } from 'node:crypto'
import { IsthmusError } from '../../model/errors.ts'
import type { HashPurpose } from '../codec-contract.ts'
import { keyBytes, newKey, prepareKey, seal, unseal } from './envelope.ts'
import type { StoredKey } from './sealed-codec.ts'

/** Unwrapped stored keys. */
export interface KeyringKeys {
  readonly wrapping: ReadonlyMap<number, KeyObject>
  readonly activeWrapping: number
  readonly shared: StoredKey
  readonly hashes: Readonly<Record<HashPurpose, KeyObject>>
  /** Keys that seal documents, by id: the shared one and those of the days. */
  readonly stored: ReadonlyMap<number, KeyObject>
  /** Ids of the keys of the days. */
  readonly days: ReadonlyMap<number, number>
}

/** A key of a record, wrapped for the database. */
export interface WrappedKey {
  readonly wrappedBy: number
  readonly wrapped: Uint8Array
}

const header = Uint8Array.of(1)

/** Wraps a key with a wrapping key; `place` says what the key is for, and is needed to unwrap it. */
export function wrapKey(wrapping: KeyObject, bytes: Uint8Array, place: string): Uint8Array {
  return seal(wrapping, bytes, place, header)
}

/** @throws IsthmusError STORE_KEY_WRONG */
export function unwrapKey(wrapping: KeyObject, wrapped: Uint8Array, place: string): Uint8Array {
  const bytes = unseal(wrapping, wrapped, place, header.length)
  if (bytes !== undefined) return bytes
  throw new IsthmusError('STORE_KEY_WRONG', `the key of ${place} in the database was changed or moved`)
}

/** What the key of a record is bound to. */
export function recordKeyPlace(recordId: string): string {
  return `record ${recordId}`
}

/** A new key for a record, and its wrapped form. */
export function newRecordKey(keys: KeyringKeys, recordId: string): WrappedKey & { readonly key: KeyObject } {
  const wrapping = keys.wrapping.get(keys.activeWrapping)
  if (wrapping === undefined)
    throw new IsthmusError('STORE_KEY_MISSING', 'the active wrapping key is not loaded')
  const bytes = newKey()
  const wrapped = wrapKey(wrapping, bytes, recordKeyPlace(recordId))
  return { key: prepareKey(bytes), wrappedBy: keys.activeWrapping, wrapped }
}

/** The keys of the keyed hashes, derived from their root by HKDF (RFC 5869). */
export function hashKeys(root: Uint8Array): KeyringKeys['hashes'] {
  const keyOf = (purpose: HashPurpose) =>
    prepareKey(new Uint8Array(hkdfSync('sha256', root, '', `isthmus hash of ${purpose}`, keyBytes)))
  return {
    values: keyOf('values'),
    'match-key': keyOf('match-key'),
    'unique-value': keyOf('unique-value'),
  }
}

/** Keys of records by id; the ones used longest ago are dropped beyond the limit. */
export class RecordKeyCache {
  readonly #keys = new Map<string, KeyObject>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  get(recordId: string): KeyObject | undefined {
    const key = this.#keys.get(recordId)
    if (key !== undefined) this.set(recordId, key)
    return key
  }

  set(recordId: string, key: KeyObject): void {
    this.#keys.delete(recordId)
    this.#keys.set(recordId, key)
    if (this.#keys.size <= this.#limit) return
    const [oldest] = this.#keys.keys()
    if (oldest !== undefined) this.#keys.delete(oldest)
  }

  delete(recordId: string): void {
    this.#keys.delete(recordId)
  }
}
