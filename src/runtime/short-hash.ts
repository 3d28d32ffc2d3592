import { createHash } from 'node:crypto'

/** 128 bits tell definitions apart for good and stay short in tables and messages. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
