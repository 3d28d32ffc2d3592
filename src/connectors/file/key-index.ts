/**
 * Where each record is in its file: 32 bytes per record, regardless of the length of the keys.
 *
 * An open-addressing hash table over 64 bits of the key's hash. With a million keys, two collide in one of
 * thirty million files. Lookups compare the record's key, so a collision is detected and causes a search
 * through the file, never a wrong record.
 */
import { createHash } from 'node:crypto'
import { UsageError } from '../../model/errors.ts'

const emptySlot = -1

/** See the top of the file. */
export class KeyIndex {
  readonly #recordsMax: number
  #mask = 1023
  #hashes = new BigUint64Array(1024)
  #offsets = new Float64Array(1024).fill(emptySlot)
  #size = 0

  constructor(recordsMax: number) {
    this.#recordsMax = recordsMax
  }

  get size(): number {
    return this.#size
  }

  /** Offset of the record's first byte. */
  get(key: string): number | undefined {
    const offset = this.#offsets[this.#slotOf(hashOf(key))]
    return offset === undefined || offset === emptySlot ? undefined : offset
  }

  /**
   * Stores an offset. Returns false when the key already had one, which is then discarded. @throws UsageError
   * FILE_TOO_MANY_RECORDS
   */
  set(key: string, offset: number): boolean {
    const hash = hashOf(key)
    const slot = this.#slotOf(hash)
    const isNew = this.#offsets[slot] === emptySlot
    this.#hashes[slot] = hash
    this.#offsets[slot] = offset
    if (!isNew) return false
    this.#size += 1
    if (this.#size > this.#recordsMax) {
      throw new UsageError(
        'FILE_TOO_MANY_RECORDS',
        `There are more than ${this.#recordsMax} records; raise recordsMax if that is expected.`,
      )
    }
    if (this.#size * 2 > this.#mask) this.#grow()
    return true
  }

  /** Offsets of all records, in no order. */
  *offsets(): Generator<number> {
    for (const offset of this.#offsets) if (offset !== emptySlot) yield offset
  }

  #slotOf(hash: bigint): number {
    let slot = Number(hash & BigInt(this.#mask))
    while (this.#offsets[slot] !== emptySlot && this.#hashes[slot] !== hash) slot = (slot + 1) & this.#mask
    return slot
  }

  #grow(): void {
    const [hashes, offsets] = [this.#hashes, this.#offsets]
    this.#mask = this.#mask * 2 + 1
    this.#hashes = new BigUint64Array(this.#mask + 1)
    this.#offsets = new Float64Array(this.#mask + 1).fill(emptySlot)
    for (const [index, offset] of offsets.entries()) {
      if (offset === emptySlot) continue
      const hash = hashes[index] ?? 0n
      const slot = this.#slotOf(hash)
      this.#hashes[slot] = hash
      this.#offsets[slot] = offset
    }
  }
}

function hashOf(key: string): bigint {
  return createHash('sha1').update(key).digest().readBigUInt64LE(0)
}
