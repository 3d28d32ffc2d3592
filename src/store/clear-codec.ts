/** The codec without encryption: a version byte before the plain bytes, and a keyed hash beside them. */
import { createHmac, createSecretKey } from 'node:crypto'
import { IsthmusError } from '../model/errors.ts'
import type { FieldCodec } from './contract.ts'

/**
 * First byte of every document; an encrypting codec uses other numbers, so that both can coexist in one
 * table.
 */
const clearVersion = 1

/**
 * Stores documents unencrypted.
 *
 * @param macKey secret of the keyed hashes, at least 16 bytes. After changing it every full run sees every
 *   record as changed once.
 */
export function createClearCodec(macKey: Uint8Array): FieldCodec {
  // Made once: creating the key for each hash took five times as long (14 µs instead of 3).
  const key = createSecretKey(macKey)
  return {
    isSealed: false,
    encode(plain) {
      const bytes = new Uint8Array(plain.length + 1)
      bytes[0] = clearVersion
      bytes.set(plain, 1)
      return bytes
    },
    decode(bytes, place) {
      if (bytes[0] !== clearVersion) {
        throw new IsthmusError(
          'STORE_DOCUMENT_UNREADABLE',
          `${place.table}.${place.column} of ${place.rowId} is not a clear document of version ${clearVersion}`,
        )
      }
      return bytes.subarray(1)
    },
    // One key for all purposes: the hashes of existing databases must stay comparable.
    mac(plain) {
      return createHmac('sha256', key).update(plain).digest()
    },
  }
}
