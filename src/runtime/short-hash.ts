import { createHash } from 'node:crypto'

/** 128 bits distinguish definitions reliably and are short enough for tables and messages. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
