/** The key outside the database, without which nothing in it can be read. */
import { createHmac, type KeyObject } from 'node:crypto'
import { IsthmusError } from '../../model/errors.ts'
import { keyBytes, prepareKey, seal, unseal } from './envelope.ts'

/**
 * Wraps the few keys that are stored in the database. It is used when a process starts and when keys are
 * rotated, never for a document, so that it may be a call to a key management service.
 */
export interface MasterKey {
  /** Identifies the key without revealing it; stored beside everything that it wraps. At most 200 characters. */
  readonly id: string
  /** Where people configured it, for messages, such as the name of a variable or a file. */
  readonly source: string
  /** @throws IsthmusError STORE_KEY_UNAVAILABLE */
  wrap(key: Uint8Array): Promise<Uint8Array>
  /** @throws IsthmusError STORE_KEY_UNAVAILABLE · STORE_KEY_WRONG */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>
}

const header = Uint8Array.of(1)
const place = 'isthmus sealing key'

/**
 * A master key of this process's own memory.
 *
 * @param bytes 32 random bytes
 */
export function localMasterKey(bytes: Uint8Array, source: string): MasterKey {
  if (bytes.length !== keyBytes) {
    throw new IsthmusError(
      'STORE_KEY_WRONG',
      `${source} holds ${bytes.length} bytes, a master key has ${keyBytes}`,
    )
  }
  const key: KeyObject = prepareKey(bytes)
  return {
    id: `local:${createHmac('sha256', key).update('isthmus key id').digest('hex').slice(0, 16)}`,
    source,
    wrap: async (plain) => seal(key, plain, place, header),
    unwrap: async (wrapped) => {
      const plain = unseal(key, wrapped, place, header.length)
      if (plain !== undefined) return plain
      throw new IsthmusError(
        'STORE_KEY_WRONG',
        `a stored key can't be unwrapped with the master key of ${source}`,
      )
    },
  }
}
