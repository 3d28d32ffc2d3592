/** Secrets of access tokens: 256 random bits, so that a plain hash of one reveals nothing. */
import { createHash, randomBytes } from 'node:crypto'

const prefix = 'isth_'
const randomLength = 32
const form = /^isth_[A-Za-z0-9_-]{43}$/

/** Makes a secret. */
export function createSecret(): string {
  return `${prefix}${randomBytes(randomLength).toString('base64url')}`
}

/** True for a text that can be a secret; others need no query. */
export function isSecret(text: string): boolean {
  return form.test(text)
}

/** The form in which a secret is stored. */
export function hashSecret(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest()
}
