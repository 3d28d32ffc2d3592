/**
 * The connector contract: what adapts one kind of system to the engine.
 *
 * A connector never syncs. It observes, lists, writes and verifies, and it *declares* what its system can and can't do
 * ({@link RemoteCapabilities}), because every guarantee of the engine rests on that declaration. Failures that the engine has to reason
 * about are values, not exceptions; anything thrown is taken as an unknown outcome.
 */
import type { SearchEquality } from '../../model/create-evidence.ts'
import type { LookupQuestion } from '../../model/lookup.ts'
import type { NativeRecord } from '../../model/values.ts'
import type { ResourceDescription, SystemUsage } from './description.ts'
import type { SameId } from './responses/same-id.ts'

/** What a resource of a system can do. A probe kit checks the declaration. All times in milliseconds. */
export interface RemoteCapabilities {
  readonly read: {
    /** A read by id may show a state this much older than now; 0 = read-your-writes. */
    readonly lagMs: number
    /** Records per `readMany` call; 1 = no batch read. */
    readonly batch: number
  }
  /**
   * A read of a record that was merged into another one responds with the surviving record. Without this a response about another record is a
   * failure, unless the record itself names the id asked for ({@link Resource.mergedIdsOf}). @default false
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
  readonly idempotency?: {
    readonly ttlMs: number
    /** A stored 5xx comes back for the same key. */
    readonly replaysErrors: boolean
  }
  /** Longest time after our timeout during which a request may still take effect. */
  readonly inflightMs: number
  readonly list: {
    /** `none`: the resource can't be listed · `offset`: never evidence of absence · `keyset`: may be. */
    readonly paging: 'none' | 'offset' | 'keyset'
    readonly pageSize: number
  }
  readonly changes: {
    readonly cursor: 'seq' | 'ts+id' | 'ts' | 'none'
    /** Changes may become visible this long after their timestamp. */
    readonly commitLagMs: number
  }
  readonly deletes: 'feed' | 'tombstone' | 'byId' | 'none'
  readonly remove: 'delete' | 'archive' | 'both' | 'none'
  /** Records per call of `createMany` and `updateMany`; 1 = one at a time. @default 1 */
  readonly writeBatch?: number
}

/** Passed to every call. */
export interface CallContext {
  readonly signal: AbortSignal
  /** Lane of the rate limiter. */
  readonly priority: 'hand' | 'webhook' | 'batch'
  /** Monotonic milliseconds (the engine's clock) after which a *write* must not leave any more; the call answers `not-sent`. */
  readonly startBefore?: number
}

/** What is known of a failed call, without secrets or record values. */
export interface CallFailure {
  readonly code: string
  readonly message: string
  /** What the system itself said about it, in one line. It may quote what was sent, so it is shown only where no record was. */
  readonly said?: string
  /** The system said when to come back. */
  readonly retryAfterMs?: number
  /** The whole system is concerned (credential dead, unreachable, throttled), not this record. */
  readonly scope: 'system' | 'record'
  /**
   * The system itself answered about this record with an error whose effect is not known: nothing of the call is on its way any more, and
   * trying again meets the same response sooner or later. @default false: silence, a proxy, a server that failed
   */
  readonly answered?: true
  /**
   * What kind of failure of the system it is, as far as that changes when it is called again.
   *
   * - `unreachable`: no connection, no response in time, or a gateway's response: worth a cheap probe every few seconds
   * - `credential`: the credential was refused: never repeated just to find out, since that may lock the account
   *
   * @default neither
   */
  readonly kind?: 'unreachable' | 'credential'
}

/** What one record looks like now. */
export type ReadResult =
  | {
      readonly kind: 'live'
      /** The id that the response carries, never the one that was asked for: the kit compares the two. */
      readonly nativeId: string
      readonly native: NativeRecord
      readonly version?: string
      readonly changedAt?: number
      /** False: the record is there, but the resource's own filter (`where`) leaves it out. @default true */
      readonly inScope?: boolean
    }
  /**
   * The API's own "does not exist"; `mergedInto` when it names the survivor of a merge. `goneSurvivor` is set by the kit, not by connectors: the
   * survivor, where that one is gone too.
   */
  | { readonly kind: 'gone'; readonly mergedInto?: string; readonly goneSurvivor?: string }
  /** No information: not a deletion, not a change. */
  | { readonly kind: 'unknown'; readonly failure: CallFailure }

export type WriteResult =
  /**
   * `accepted`: the system took the write and may apply it later (HTTP 202). Without it the write has been applied. `nativeId` is the id that the
   * answer carries, where it carries one.
   */
  | {
      readonly kind: 'ok'
      readonly nativeId: string
      readonly native?: NativeRecord
      readonly version?: string
      readonly accepted?: true
    }
  /** 412/409 on the version: somebody changed it. */
  | { readonly kind: 'stale' }
  /** The data was refused: not retried until the value, the remote or the mapping changes. */
  | { readonly kind: 'rejected'; readonly failure: CallFailure; readonly fields?: readonly string[] }
  | { readonly kind: 'gone'; readonly mergedInto?: string; readonly goneSurvivor?: string }
  /** Provably never took effect (429, refused connection, deadline passed before sending, 401/403). */
  | { readonly kind: 'not-sent'; readonly failure: CallFailure }
  /** It may have taken effect. `others`: records that the response was about instead; they are looked at as well. */
  | { readonly kind: 'unknown'; readonly failure: CallFailure; readonly others?: readonly string[] }

export interface CreateRequest {
  readonly body: NativeRecord
  /** Record id; put where the manifest says (marker, upsert key, client id). */
  readonly recordId: string
  readonly idempotencyKey: string
}

export interface UpdateRequest {
  readonly nativeId: string
  /** Native patch, as the lens wrote it. */
  readonly patch: NativeRecord
  /** Native record last read, for systems that replace whole objects. */
  readonly base?: NativeRecord
  readonly ifVersion?: string
  readonly idempotencyKey: string
}

export interface RemoveRequest {
  readonly nativeId: string
  readonly mode: 'delete' | 'archive'
  readonly ifVersion?: string
}

/** Takes an archived record back. */
export interface RestoreRequest {
  readonly nativeId: string
}

/** Looks a record up by our marker or by native field values. */
export type FindRequest =
  | { readonly by: 'marker'; readonly recordId: string }
  | { readonly by: 'values'; readonly values: NativeRecord }

export type FindResult =
  | {
      readonly kind: 'found'
      readonly nativeIds: readonly string[]
      /** The list may be cut off. */
      readonly capped: boolean
      /** Records came back that don't have the values: the filter may have been ignored, so that finding none proves nothing. */
      readonly unfiltered?: boolean
      /** This search told texts apart that the declared equality takes for one: finding none proves nothing for a wider match rule. */
      readonly narrow?: boolean
    }
  | { readonly kind: 'unknown'; readonly failure: CallFailure }

/** One record of a listing. */
export interface ListedRecord {
  readonly nativeId: string
  readonly native: NativeRecord
  readonly version?: string
  readonly changedAt?: number
}

/** Pages of a full listing; the generator's return value says whether it may count as evidence of absence. */
export interface ListEnd {
  readonly complete: boolean
  /**
   * The list came to its last page without an error or a cap, even if its paging may have skipped something.
   *
   * @default `complete`
   */
  readonly ended?: boolean
  /** Why it is not complete, in words. */
  readonly reason?: string
  /** What the system said the count is, if it says. */
  readonly expected?: number
}

export interface ChangedRecord {
  readonly nativeId: string
  readonly version?: string
  readonly deleted?: boolean
}

export interface ChangesPage {
  readonly changed: readonly ChangedRecord[]
  /** Opaque to the engine; committed in one transaction with the dirty marks of this page. */
  readonly cursor: string
  readonly more: boolean
}

/** A change feed answers this when the cursor is no longer valid: the engine runs a full listing instead of starting at "now". */
export type ChangesResult =
  | ({ readonly kind: 'page' } & ChangesPage)
  | { readonly kind: 'expired' }
  | { readonly kind: 'unknown'; readonly failure: CallFailure }

/** One resource of one bound system. */
export interface Resource {
  readonly name: string
  readonly capabilities: RemoteCapabilities
  read(nativeId: string, context: CallContext): Promise<ReadResult>
  /** Same order as asked. Present when `capabilities.read.batch > 1`. */
  readMany?(nativeIds: readonly string[], context: CallContext): Promise<readonly ReadResult[]>
  list(context: CallContext): AsyncGenerator<readonly ListedRecord[], ListEnd>
  /** Changes after the cursor; undefined = from the beginning of what the feed offers. */
  changes?(cursor: string | undefined, context: CallContext): Promise<ChangesResult>
  find?(request: FindRequest, context: CallContext): Promise<FindResult>
  /** Several searches in one call, same order. Present when `capabilities.search.batch > 1`. */
  findMany?(requests: readonly FindRequest[], context: CallContext): Promise<readonly FindResult[]>
  create?(request: CreateRequest, context: CallContext): Promise<WriteResult>
  update?(request: UpdateRequest, context: CallContext): Promise<WriteResult>
  remove?(request: RemoveRequest, context: CallContext): Promise<WriteResult>
  /** Undoes `remove` with the mode `archive`; on a record that is not archived it changes nothing. Absent where that can't be done. */
  restore?(request: RestoreRequest, context: CallContext): Promise<WriteResult>
  /**
   * Several creates in one call, one result each in the same order: one refused record never takes its neighbours along, and a call that
   * broke off answers `unknown` for each of them. Present when `capabilities.writeBatch > 1`, as is {@link updateMany}.
   */
  createMany?(requests: readonly CreateRequest[], context: CallContext): Promise<readonly WriteResult[]>
  updateMany?(requests: readonly UpdateRequest[], context: CallContext): Promise<readonly WriteResult[]>
  /** Record id found in a native record (marker or upsert key), if any. */
  markerOf?(native: NativeRecord): string | undefined
  /** Whether two ids name the same record in this system. @default `sameText` of `answers/same-id.ts` */
  readonly sameId?: SameId
  /** The id that a native record carries. Absent where records don't carry theirs; then only reported ids are checked. */
  readonly idOf?: (native: NativeRecord) => string | undefined
  /** Ids of records that were merged into this one, where the record names them. */
  readonly mergedIdsOf?: (native: NativeRecord) => readonly string[]
}

/** A webhook delivery as it came in: raw bytes, so that signatures can be checked. */
export interface WebhookDelivery {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Query parameters of the address it was sent to, for systems that let a secret be set nowhere else. */
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
  /** Epoch ms, for the timestamp tolerance. */
  readonly receivedAt: number
}

/** The body of a response to a delivery, for senders that look into it. */
export interface WebhookReply {
  readonly contentType: string
  readonly body: string
}

export type WebhookResult =
  | {
      readonly kind: 'accepted'
      readonly deliveryId: string
      readonly changed: readonly (ChangedRecord & { readonly resource: string })[]
      /** What the sender wants to hear once the delivery is committed. @default an empty response */
      readonly response?: WebhookReply
    }
  /** `reason` goes to counters and debug logs, never to the sender. */
  | { readonly kind: 'refused'; readonly reason: string }

/** What a system knows about a question of a rule. */
export type LookupResult =
  /** JSON, as rules see it. */
  | { readonly kind: 'found'; readonly value: unknown }
  /** The system was asked and knows no response. */
  | { readonly kind: 'nothing' }
  /** The question itself is refused: asking it again does not help. */
  | { readonly kind: 'refused'; readonly failure: CallFailure }
  /** No information: ask again later. */
  | { readonly kind: 'unknown'; readonly failure: CallFailure }

/** What a system tells over a connection that it keeps open. Both are cheap, never throw, and may be called as often as one likes. */
export interface SystemListener {
  /** These records changed; they are looked at. */
  changed(records: readonly (ChangedRecord & { readonly resource: string })[]): void
  /** Something changed in a resource, or anywhere: its feed is read now. */
  touched(resource?: string): void
}

/** One bound system: a connector plus address, credentials and limits. */
export interface ConnectedSystem {
  readonly name: string
  readonly connector: string
  resource(name: string): Resource
  /** Identity of the account behind the credentials; compared before deletions are believed. */
  fingerprint(
    context: CallContext,
  ): Promise<
    | { readonly kind: 'known'; readonly value: string }
    | { readonly kind: 'unknown'; readonly failure: CallFailure }
  >
  /** Undefined when the system has no webhooks configured. */
  webhook?(delivery: WebhookDelivery): Promise<WebhookResult>
  /**
   * Listens for changes that the system itself announces, until the signal aborts; rejects when the connection is lost. Announcements may
   * get lost like webhooks: polls and full runs are what nothing escapes. Undefined for systems that announce nothing.
   */
  subscribe?(listener: SystemListener, signal: AbortSignal): Promise<void>
  /**
   * The live schema of the named resources, or of all that the system offers. The feed of drift detection, of mapping proposals and of
   * lossy-mapping checks. Undefined for systems that can't tell.
   */
  describe?(
    resources: readonly string[] | undefined,
    context: CallContext,
  ): Promise<
    | { readonly kind: 'known'; readonly resources: readonly ResourceDescription[] }
    | { readonly kind: 'unknown'; readonly failure: CallFailure }
  >
  /** Quotas as the system itself reports them, from the responses of the last calls or from a call of its own. */
  usage?(
    context: CallContext,
  ): Promise<
    | { readonly kind: 'known'; readonly quotas: readonly SystemUsage[] }
    | { readonly kind: 'unknown'; readonly failure: CallFailure }
  >
  /** Returns a question of a rule. Present where the connector is one of lookups; such a system has no resources. */
  lookup?(question: LookupQuestion, context: CallContext): Promise<LookupResult>
  close(): Promise<void>
}
