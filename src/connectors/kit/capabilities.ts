/** What a connector declares about a resource: every guarantee of the engine rests on it. */
import type { SearchEquality } from '../../model/equality.ts'

/** What a resource of a system can do. A probe kit checks the declaration. All times in milliseconds. */
export interface RemoteCapabilities {
  /** How records are read by id. */
  readonly read: {
    /** A read by id may show a state this much older than now; 0 = read-your-writes. */
    readonly lagMs: number
    /** Records per `readMany` call; 1 = no batch read. */
    readonly batch: number
  }
  /**
   * A read of a record that was merged into another one responds with the surviving record. Without this a response about another record is a
   * failure, unless the record itself names the id asked for (`mergedIdsOf` of the resource). @default false
   */
  readonly redirects?: boolean
  /** Lookup by marker or natural key; undefined = none. */
  readonly search?: {
    /** The index may show a state this much older than now. */
    readonly lagMs: number
    /** A silent cap. */
    readonly maxResults?: number
    /**
     * Which texts the search takes for equal. A record is only created without a counterpart when a search at least as wide as the match
     * rule has found none, so this must not promise more than the system keeps.
     *
     * @default 'exact'
     */
    readonly equality?: SearchEquality
    /** Searches per `findMany` call; 1 = one at a time. @default 1 */
    readonly batch?: number
  }
  /** `ordered`: versions of ONE record are comparable (as integers, else as strings) · `opaque`: only equal or not · `none`. */
  readonly version: 'ordered' | 'opaque' | 'none'
  /** A version precondition is really honoured. */
  readonly conditionalWrites: boolean
  /** `patch`: only named properties change · `put`: the whole object is replaced. */
  readonly write: 'patch' | 'put'
  /** What a patch does to a nested object it names: replace it whole or merge into it. */
  readonly nested: 'replace' | 'merge'
  /** What the response to a write carries. */
  readonly writeReturns: 'body+version' | 'body' | 'nothing'
  /** Strongest identity offered for creates; see the guide on creates without duplicates. `unsupported`: no creates. */
  readonly create:
    | 'clientId'
    | 'upsertKey'
    | 'idempotencyKey'
    | 'marker'
    | 'naturalKey'
    | 'none'
    | 'unsupported'
  /** Where in a native record the resource itself keeps our record id. @default nowhere */
  readonly marker?: readonly (string | number)[]
  /** What an idempotency key is good for. @default keys are not honoured */
  readonly idempotency?: {
    /** How long a key is remembered, in milliseconds. */
    readonly ttlMs: number
    /** A stored 5xx comes back for the same key. */
    readonly replaysErrors: boolean
  }
  /** Longest time after our timeout during which a request may still take effect. */
  readonly inflightMs: number
  /** How the resource is listed. */
  readonly list: {
    /** `none`: the resource can't be listed · `offset`: never evidence of absence · `keyset`: may be. */
    readonly paging: 'none' | 'offset' | 'keyset'
    /** Records per page. */
    readonly pageSize: number
  }
  /** What the change feed is like. */
  readonly changes: {
    /** What the feed is ordered by: a sequence, a timestamp with an id, a timestamp alone · `none`: there is no feed. */
    readonly cursor: 'seq' | 'ts+id' | 'ts' | 'none'
    /** Changes may become visible this long after their timestamp. */
    readonly commitLagMs: number
  }
  /** How a deletion shows: in the feed, as a record that says so, only by reading the id, or not at all. */
  readonly deletes: 'feed' | 'tombstone' | 'byId' | 'none'
  /** What `remove` can do. */
  readonly remove: 'delete' | 'archive' | 'both' | 'none'
  /** Records per call of `createMany` and `updateMany`; 1 = one at a time. @default 1 */
  readonly writeBatch?: number
}
