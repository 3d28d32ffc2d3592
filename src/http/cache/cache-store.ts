/** Storage for cached responses. */

/** A cached response: plain data, so that any store can keep it. */
export interface CachedResponse {
  /** The request headers that the response's `vary` names: distinguishes the variants of one address. */
  readonly variant: string
  /** HTTP status. */
  readonly status: number
  /** Body, decompressed. */
  readonly bytes: Uint8Array
  /** Header fields and the data that freshness is calculated from. JSON. */
  readonly policy: object
}

/**
 * Stores responses by key. A key contains the address and a fingerprint of the caller, never a secret. A
 * store may drop any entry at any time; a failing store is treated as empty.
 */
export interface CacheStore {
  /** Returns all variants stored under the key. */
  get(key: string): Promise<readonly CachedResponse[]> | readonly CachedResponse[]
  /** Replaces all variants of the key. */
  set(key: string, responses: readonly CachedResponse[]): Promise<void> | void
  /** Removes one response. */
  delete(key: string): Promise<void> | void
}
