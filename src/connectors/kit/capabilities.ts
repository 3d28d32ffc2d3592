/**
 * The capabilities that a connector declares for a resource. Every guarantee of the engine depends on them.
 */
import type { SearchEquality } from '../../model/equality.ts'

/**
 * What a resource of a system can do. The conformance probes verify the declaration. All times are in
 * milliseconds.
 */
export interface RemoteCapabilities {
  /** How records are read by id. */
  readonly read: {
    /** Maximum age of the state that a read by id may return; 0 = read-your-writes. */
    readonly lagMs: number
    /** Records per `readMany` call; 1 = no batch read. */
    readonly batch: number
  }
  /**
   * A read of a record that was merged into another one returns the surviving record. Without this, a
   * response about another record is a failure, unless the record itself names the requested id
   * (`mergedIdsOf` of the resource). @default false
   */
  readonly redirects?: boolean
  /** Search by marker or natural key; undefined = none. */
  readonly search?: {
    /** Maximum age of the state that the index may return. */
    readonly lagMs: number
    /** Number of hits after which the system silently stops. */
    readonly maxResults?: number
    /**
     * Which texts the search treats as equal. A record is only created without a counterpart when a search at
     * least as wide as the match rule has found none, so this must not promise more than the system delivers.
     *
     * @default 'exact'
     */
    readonly equality?: SearchEquality
    /** Searches per `findMany` call; 1 = one at a time. @default 1 */
    readonly batch?: number
  }
  /**
   * `ordered`: versions of ONE record can be ordered (as integers, else as strings) · `opaque`: only equality
   * · `none`.
   */
  readonly version: 'ordered' | 'opaque' | 'none'
  /** Whether the system honours version preconditions. */
  readonly conditionalWrites: boolean
  /** `patch`: only named properties change · `put`: the whole object is replaced. */
  readonly write: 'patch' | 'put'
  /** How a patch treats a nested object that it names: replaces it entirely or merges into it. */
  readonly nested: 'replace' | 'merge'
  /** What the response to a write contains. */
  readonly writeReturns: 'body+version' | 'body' | 'nothing'
  /**
   * Strongest identity guarantee for creates; see the guide on creates without duplicates. `unsupported`: no
   * creates.
   */
  readonly create:
    | 'clientId'
    | 'upsertKey'
    | 'idempotencyKey'
    | 'marker'
    | 'naturalKey'
    | 'none'
    | 'unsupported'
  /** Path in a native record where the resource stores our record id. @default nowhere */
  readonly marker?: readonly (string | number)[]
  /** How idempotency keys are honoured. @default keys are not honoured */
  readonly idempotency?: {
    /** How long a key is remembered, in milliseconds. */
    readonly ttlMs: number
    /** Whether a stored 5xx is replayed for the same key. */
    readonly replaysErrors: boolean
  }
  /** Longest time after our timeout during which a request may still take effect. */
  readonly inflightMs: number
  /** How the resource is listed. */
  readonly list: {
    /**
     * `none`: the resource can't be listed · `offset`: never evidence of absence · `keyset`: may be evidence
     * of absence.
     */
    readonly paging: 'none' | 'offset' | 'keyset'
    /** Records per page. */
    readonly pageSize: number
  }
  /** Properties of the change feed. */
  readonly changes: {
    /**
     * The order of the feed: by a sequence, a timestamp with an id, or a timestamp alone · `none`: there is
     * no feed.
     */
    readonly cursor: 'seq' | 'ts+id' | 'ts' | 'none'
    /** Changes may become visible this long after their timestamp. */
    readonly commitLagMs: number
  }
  /**
   * How a deletion becomes visible: in the feed, as a record marked as deleted, only by reading the id, or
   * not at all.
   */
  readonly deletes: 'feed' | 'tombstone' | 'byId' | 'none'
  /** Operations that `remove` supports. */
  readonly remove: 'delete' | 'archive' | 'both' | 'none'
  /** Records per call of `createMany` and `updateMany`; 1 = one at a time. @default 1 */
  readonly writeBatch?: number
}
