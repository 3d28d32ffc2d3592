/**
 * Authenticated encryption of stored bytes: AES-256-GCM (NIST SP 800-38D) with a random nonce, bound to the
 * place where the bytes are stored.
 *
 * A sealed document is `version (1) | key id (4, only of version 3) | nonce (12) | ciphertext | tag (16)`.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomBytes,
  randomFillSync,
} from 'node:crypto'

/** Bytes of a key. */
export const keyBytes = 32

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** Nonces are drawn in blocks: one call of the random generator for each cost as much as the encryption. */
const nonces = Buffer.allocUnsafe(nonceBytes * 512)
let nextNonce = nonces.length

/** A new random key. */
export function newKey(): Uint8Array {
  return randomBytes(keyBytes)
}

/**
 * A key prepared for use. Preparing costs about as much as sealing a document, and sealing with the bare
 * bytes would do it each time.
 */
export function prepareKey(bytes: Uint8Array): KeyObject {
  return createSecretKey(bytes)
}

/** Encrypts; the result starts with `header`, which is authenticated as well. */
export function seal(key: KeyObject, plain: Uint8Array, place: string, header: Uint8Array): Uint8Array {
  const nonce = takeNonce()
  const cipher = createCipheriv(algorithm, key, nonce)
  cipher.setAAD(associatedData(header, place))
  const start = header.length + nonceBytes
  const sealed = Buffer.allocUnsafe(start + plain.length + tagBytes)
  sealed.set(header)
  sealed.set(nonce, header.length)
  sealed.set(cipher.update(plain), start)
  cipher.final()
  sealed.set(cipher.getAuthTag(), start + plain.length)
  return sealed
}

/**
 * Decrypts what {@link seal} returned; undefined when the bytes, the place or the key are others than it was
 * sealed with.
 */
export function unseal(
  key: KeyObject,
  sealed: Uint8Array,
  place: string,
  headerBytes: number,
): Uint8Array | undefined {
  const start = headerBytes + nonceBytes
  const end = sealed.length - tagBytes
  if (end < start) return undefined
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(headerBytes, start), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(associatedData(sealed.subarray(0, headerBytes), place))
  decipher.setAuthTag(sealed.subarray(end))
  const plain = decipher.update(sealed.subarray(start, end))
  try {
    decipher.final()
    return plain
  } catch {
    return undefined // the only error of `final` is a tag that doesn't match
  }
}

function associatedData(header: Uint8Array, place: string): Uint8Array {
  return Buffer.concat([header, Buffer.from(place, 'utf8')])
}

/** A copy, since the block is filled again later. */
function takeNonce(): Uint8Array {
  if (nextNonce === nonces.length) {
    randomFillSync(nonces)
    nextNonce = 0
  }
  const nonce = Uint8Array.prototype.slice.call(nonces, nextNonce, nextNonce + nonceBytes)
  nextNonce += nonceBytes
  return nonce
}
