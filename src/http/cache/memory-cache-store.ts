/** Cached responses in memory, bounded in bytes: the least recently used ones are removed first. */
import type { CachedResponse, CacheStore } from './cache-store.ts'

/** Memory of an entry in addition to its body: policy, headers, key. */
const overheadBytes = 2_048

/** Keeps cached responses in memory. Several clients may share one: responses are separated by credential. */
export class MemoryCacheStore implements CacheStore {
  readonly #bytesMax: number
  readonly #entries = new Map<
    string,
    { readonly responses: readonly CachedResponse[]; readonly bytes: number }
  >()
  #bytes = 0

  /** @param bytesMax bytes of all bodies, plus an allowance per entry @default 52428800 (50 MiB) */
  constructor(bytesMax: number = 50 * 1024 * 1024) {
    this.#bytesMax = bytesMax
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#bytes
  }

  get(key: string): readonly CachedResponse[] {
    const entry = this.#entries.get(key)
    if (entry === undefined) return []
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.responses
  }

  set(key: string, responses: readonly CachedResponse[]): void {
    this.delete(key)
    const bytes = responses.reduce((sum, response) => sum + response.bytes.byteLength + overheadBytes, 0)
    // One response that fills the store would evict all others.
    if (bytes > this.#bytesMax / 2) return
    this.#entries.set(key, { responses, bytes })
    this.#bytes += bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#bytesMax) break
      this.delete(oldest)
    }
  }

  /** Removes one response. */
  delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
  }
}
