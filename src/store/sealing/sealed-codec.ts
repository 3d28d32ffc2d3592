/** The codec of a sealed store: every document under the key of its record, or of its kind. */
import { createHmac, type KeyObject } from 'node:crypto'
import { IsthmusError } from '../../model/errors.ts'
import type { FieldCodec, FieldPlace, HashPurpose } from '../codec-contract.ts'
import { seal, unseal } from './envelope.ts'

/** First byte of a document that is not sealed; see `clear-codec.ts`. */
const clearVersion = 1
/** First byte of a document under the key of its record. */
const recordVersion = 2
/** First byte of a document under a stored key, whose id follows. */
const storedVersion = 3

const recordHeader = Uint8Array.of(recordVersion)
const storedHeaderBytes = 5

/** A key of the database, unwrapped. */
export interface StoredKey {
  readonly id: number
  readonly key: KeyObject
}

/** The keys that a codec works with. */
export interface CodecKeys {
  /** Seals documents that belong to no record. */
  readonly shared: StoredKey
  /** Unwrapped stored keys by id, for reading what earlier keys sealed. */
  readonly stored: ReadonlyMap<number, KeyObject>
  /** Keys of records by id. */
  readonly records: ReadonlyMap<string, KeyObject>
  readonly hashes: Readonly<Record<HashPurpose, KeyObject>>
  /** True while a database that was not sealed is converted: its documents are still read. */
  readonly readsClear: boolean
}

/** Creates the codec for one operation. The keys of all records whose documents it meets must be given. */
export function createSealedCodec(keys: CodecKeys): FieldCodec {
  const sharedHeader = storedHeader(keys.shared.id)
  return {
    isSealed: true,
    encode(plain, place) {
      const { recordId } = place
      if (recordId === undefined) return seal(keys.shared.key, plain, placeText(place), sharedHeader)
      const key = keys.records.get(recordId)
      if (key === undefined) {
        throw new IsthmusError('STORE_KEY_MISSING', `the key of record ${recordId} was not loaded`)
      }
      return seal(key, plain, placeText(place), recordHeader)
    },
    decode(bytes, place) {
      const version = bytes[0]
      if (version === clearVersion && keys.readsClear) return bytes.subarray(1)
      const headerBytes = version === storedVersion ? storedHeaderBytes : recordHeader.length
      const key = keyOf(keys, bytes, place)
      const plain = unseal(key, bytes, placeText(place), headerBytes)
      if (plain === undefined) {
        throw unreadable(place, 'it was changed, moved here from another place, or sealed with another key')
      }
      return plain
    },
    mac(plain, purpose) {
      return createHmac('sha256', keys.hashes[purpose]).update(plain).digest()
    },
  }
}

function keyOf(keys: CodecKeys, bytes: Uint8Array, place: FieldPlace): KeyObject {
  if (bytes[0] === recordVersion) {
    const key = place.recordId === undefined ? undefined : keys.records.get(place.recordId)
    if (key !== undefined) return key
    throw unreadable(place, 'the key of its record was erased')
  }
  if (bytes[0] === storedVersion && bytes.length > storedHeaderBytes) {
    const id = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1)
    const key = keys.stored.get(id)
    if (key !== undefined) return key
    throw unreadable(place, `key ${id} was retired, or this process has not loaded it yet`)
  }
  throw unreadable(place, 'it is not a sealed document')
}

function unreadable(place: FieldPlace, why: string): IsthmusError {
  const { table, column, rowId } = place
  return new IsthmusError('STORE_DOCUMENT_UNREADABLE', `${table}.${column} of ${rowId} can't be read: ${why}`)
}

function storedHeader(id: number): Uint8Array {
  const header = Buffer.alloc(storedHeaderBytes)
  header[0] = storedVersion
  header.writeUInt32BE(id, 1)
  return header
}

/** Tables and columns have no NUL in their names, so the parts can't run into each other. */
function placeText({ table, column, rowId }: FieldPlace): string {
  return `${table}\u0000${column}\u0000${rowId}`
}
