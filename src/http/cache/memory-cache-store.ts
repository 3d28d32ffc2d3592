/** Cached answers in memory, bounded in bytes: what was used longest ago goes first. */
import type { CachedAnswer, CacheStore } from './cache-store.ts'

/** What an entry costs beside its body: policy, headers, key. */
const overheadBytes = 2_048

/** Keeps cached answers in memory. Several clients may share one: answers stay apart by credential. */
export class MemoryCacheStore implements CacheStore {
  readonly #bytesMax: number
  readonly #entries = new Map<string, { readonly answers: readonly CachedAnswer[]; readonly bytes: number }>()
  #bytes = 0

  /** @param bytesMax bytes of all bodies with an allowance for the rest @default 52428800 (50 MiB) */
  constructor(bytesMax: number = 50 * 1024 * 1024) {
    this.#bytesMax = bytesMax
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#bytes
  }

  get(key: string): readonly CachedAnswer[] {
    const entry = this.#entries.get(key)
    if (entry === undefined) return []
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.answers
  }

  set(key: string, answers: readonly CachedAnswer[]): void {
    this.delete(key)
    const bytes = answers.reduce((sum, answer) => sum + answer.bytes.byteLength + overheadBytes, 0)
    // One answer that fills the store would drive everything else out.
    if (bytes > this.#bytesMax / 2) return
    this.#entries.set(key, { answers, bytes })
    this.#bytes += bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#bytesMax) break
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
  }
}
