/** Real randomness for jitter and ids. */
import { randomFillSync } from 'node:crypto'
import type { Clock, Random } from '../engine/ports.ts'

/**
 * Number of random bytes requested from the system at once: one call per id would dominate the cost of
 * generating it.
 */
const POOL_BYTES = 4096
const BYTES_PER_ID = 10

/**
 * Creates the process's source of randomness.
 *
 * Ids are UUID v7 (RFC 9562): the first 48 bits are the clock's milliseconds, so that ids generated at about
 * the same time are adjacent in an index.
 */
export function createRandom(clock: Pick<Clock, 'now'>): Random {
  const pool = new Uint8Array(POOL_BYTES)
  let used = POOL_BYTES
  return {
    next: () => Math.random(),
    uuid: () => {
      if (used + BYTES_PER_ID > POOL_BYTES) {
        randomFillSync(pool)
        used = 0
      }
      const bytes = pool.subarray(used, used + BYTES_PER_ID)
      used += BYTES_PER_ID
      return formatUuidV7(clock.now(), bytes)
    },
  }
}

/** Ten random bytes and a time as a UUID v7. */
function formatUuidV7(now: number, random: Uint8Array): string {
  const time = Math.max(0, Math.floor(now)).toString(16).padStart(12, '0')
  const hex = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const variant = (8 + (Number.parseInt(hex.slice(3, 4), 16) & 3)).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`
}
