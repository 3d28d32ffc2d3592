/** Where cached responses are kept. */

/** A cached response: plain data, so that a store may put it anywhere. */
export interface CachedResponse {
  /** What the response's `vary` picked of the request: tells the variants of one address apart. */
  readonly variant: string
  /** HTTP status. */
  readonly status: number
  /** Body, decompressed. */
  readonly bytes: Uint8Array
  /** Header fields and what freshness is reckoned from. JSON. */
  readonly policy: object
}

/**
 * Keeps answers by key. A key holds the address and a fingerprint of whoever asked, never a secret. A store may forget anything at any
 * time; one that fails is treated as empty.
 */
export interface CacheStore {
  /** All variants kept under the key. */
  get(key: string): Promise<readonly CachedResponse[]> | readonly CachedResponse[]
  /** Replaces all variants of the key. */
  set(key: string, responses: readonly CachedResponse[]): Promise<void> | void
  /** Forgets one response. */
  delete(key: string): Promise<void> | void
}
