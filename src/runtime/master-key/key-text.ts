/** A master key as text, in a variable or a file: 32 bytes as base64 or hex. */
import { randomBytes } from 'node:crypto'

const bytesOfKey = 32

/** A new random key as base64. */
export function newKeyText(): string {
  return textOfKey(randomBytes(bytesOfKey))
}

/** A key as base64. */
export function textOfKey(key: Uint8Array): string {
  return Buffer.from(key).toString('base64')
}

/** Returns the bytes; undefined when the text is not a key. */
export function keyOfText(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/=_-]+$/.test(text)) return undefined
  const encoding = /^[0-9a-fA-F]{64}$/.test(text) ? 'hex' : 'base64'
  const bytes = Buffer.from(text, encoding)
  return bytes.length === bytesOfKey ? new Uint8Array(bytes) : undefined
}
