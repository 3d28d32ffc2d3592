/**
 * The connector contract: what adapts one kind of system to the engine.
 *
 * A connector never syncs. It observes, lists, writes and verifies, and it *declares* what its system can and can't do
 * ({@link RemoteCapabilities}), because every guarantee of the engine rests on that declaration. Failures that the engine has to reason
 * about are values, not exceptions; anything thrown is taken as an unknown outcome.
 */
import type { ErrorCode } from '../../model/error-codes.ts'
import type { LookupQuestion } from '../../model/lookup.ts'
import type { NativeRecord } from '../../model/values.ts'
import type { RemoteCapabilities } from './capabilities.ts'
import type { ResourceDescription, SystemUsage } from './description.ts'
import type { SameId } from './responses/same-id.ts'

/** Passed to every call. */
export interface CallContext {
  /** Ends the call. */
  readonly signal: AbortSignal
  /** Lane of the rate limiter. */
  readonly priority: 'hand' | 'webhook' | 'batch'
  /** Monotonic milliseconds (the engine's clock) after which a *write* must not leave any more; the call answers `not-sent`. */
  readonly startBefore?: number
  /** Ids of the passes that the call is made for; several for a batch. {@link callOptions} hands them on to an API client. @default none */
  readonly passIds?: readonly string[]
}

/** What is known of a failed call, without secrets or record values. */
export interface CallFailure {
  /** A row of the error code table. */
  readonly code: ErrorCode
  /** One sentence for a person, without secrets or record values. */
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

/** A call that tells nothing: neither a deletion nor a change, and no reason to believe that a write took no effect. */
export interface UnknownResult {
  /** Marks the variant. */
  readonly kind: 'unknown'
  /** Why nothing is known. */
  readonly failure: CallFailure
}

/** What one record looks like now. */
export type ReadResult =
  /** The record is there. */
  | {
      readonly kind: 'live'
      /** The id that the response carries, never the one that was asked for: the kit compares the two. */
      readonly nativeId: string
      /** The record as the API gave it. */
      readonly native: NativeRecord
      /** Version of this state, where the resource has versions. */
      readonly version?: string
      /** When it last changed by the system's own clock, in epoch ms. */
      readonly changedAt?: number
      /** False: the record is there, but the resource's own filter (`where`) leaves it out. @default true */
      readonly inScope?: boolean
    }
  /**
   * The API's own "does not exist"; `mergedInto` when it names the survivor of a merge. `goneSurvivor` is set by the kit, not by connectors: the
   * survivor, where that one is gone too.
   */
  | {
      readonly kind: 'gone'
      /** Id of the survivor, where the system says that the record was merged into it. */
      readonly mergedInto?: string
      /** Set by the kit: the survivor, where that one is gone too. */
      readonly goneSurvivor?: string
    }
  /** No information: not a deletion, not a change. */
  | UnknownResult

/** What came of one write. */
export type WriteResult =
  /**
   * `accepted`: the system took the write and may apply it later (HTTP 202). Without it the write has been applied. `nativeId` is the id that the
   * answer carries, where it carries one.
   */
  | {
      readonly kind: 'ok'
      /** Id of the record, as the response carries it. */
      readonly nativeId: string
      /** The record as it is now, where the response carries it. */
      readonly native?: NativeRecord
      /** Version of the written state, where the response carries it. */
      readonly version?: string
      /** The system took the write and may apply it later. */
      readonly accepted?: true
    }
  /** 412/409 on the version: somebody changed it. */
  | { readonly kind: 'stale' }
  /** The data was refused: not retried until the value, the remote or the mapping changes. */
  | {
      readonly kind: 'rejected'
      /** What went wrong. */
      readonly failure: CallFailure
      /** Native names of the refused fields, where the API names them. */
      readonly fields?: readonly string[]
      /** The API says that another record holds a value that must be unique. @default judged by its words */
      readonly taken?: true
    }
  /** The record does not exist any more. */
  | {
      readonly kind: 'gone'
      /** Id of the survivor, where the system says that the record was merged into it. */
      readonly mergedInto?: string
      /** Set by the kit: the survivor, where that one is gone too. */
      readonly goneSurvivor?: string
    }
  /** Provably never took effect (429, refused connection, deadline passed before sending, 401/403). */
  | {
      readonly kind: 'not-sent'
      /** What went wrong. */
      readonly failure: CallFailure
    }
  /** It may have taken effect. `others`: records that the response was about instead; they are looked at as well. */
  | {
      readonly kind: 'unknown'
      /** What went wrong. */
      readonly failure: CallFailure
      /** Records that the response was about instead; they are looked at as well. */
      readonly others?: readonly string[]
    }

/** Makes one record. */
export interface CreateRequest {
  /** Native record, as the lens wrote it. */
  readonly body: NativeRecord
  /** Record id; put where the manifest says (marker, upsert key, client id). */
  readonly recordId: string
  /** The same for every attempt of one create. */
  readonly idempotencyKey: string
}

/** Changes one record. */
export interface UpdateRequest {
  /** Id of the record. */
  readonly nativeId: string
  /** Native patch, as the lens wrote it. */
  readonly patch: NativeRecord
  /** Native record last read, for systems that replace whole objects. */
  readonly base?: NativeRecord
  /** Version that the change is made on; the write is refused under any other. @default unconditional */
  readonly ifVersion?: string
  /** The same for every attempt of one update. */
  readonly idempotencyKey: string
}

/** Deletes or archives one record. */
export interface RemoveRequest {
  /** Id of the record. */
  readonly nativeId: string
  /** What becomes of the record. */
  readonly mode: 'delete' | 'archive'
  /** Version that the removal is based on; it is refused under any other. @default unconditional */
  readonly ifVersion?: string
}

/** Takes an archived record back. */
export interface RestoreRequest {
  /** Id of the record. */
  readonly nativeId: string
}

/** Looks a record up by our marker or by native field values. */
export type FindRequest =
  /** By our own marker in the record. */
  | {
      readonly by: 'marker'
      /** Record id that the marker holds. */
      readonly recordId: string
    }
  /** By native values. */
  | {
      readonly by: 'values'
      /** Native values that a record has to have, by property. */
      readonly values: NativeRecord
    }

/** What came of a search. */
export type FindResult =
  /** The search was answered; there may be no hit. */
  | {
      readonly kind: 'found'
      /** Ids of the records that were found. */
      readonly nativeIds: readonly string[]
      /** The list may be cut off. */
      readonly capped: boolean
      /** Records came back that don't have the values: the filter may have been ignored, so that finding none proves nothing. */
      readonly unfiltered?: boolean
      /** This search told texts apart that the declared equality takes for one: finding none proves nothing for a wider match rule. */
      readonly narrow?: boolean
    }
  | UnknownResult

/** One record of a listing. */
export interface ListedRecord {
  /** Id of the record. */
  readonly nativeId: string
  /** The record as the list gave it. */
  readonly native: NativeRecord
  /** Version of this state, where the resource has versions. */
  readonly version?: string
  /** When it last changed by the system's own clock, in epoch ms. */
  readonly changedAt?: number
}

/** Pages of a full listing; the generator's return value says whether it may count as evidence of absence. */
export interface ListEnd {
  /** The list proves that what is not in it does not exist. */
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
  /** Entries of the list that could not be read; the others were handed on. @default none */
  readonly unreadable?: number
}

/** A record of which a feed or a webhook says that it changed. */
export interface ChangedRecord {
  /** Id of the record. */
  readonly nativeId: string
  /** Version of the new state, where the feed tells it. */
  readonly version?: string
  /** The feed says that it was deleted. @default false */
  readonly deleted?: boolean
}

/** A changed record, and the resource it belongs to. */
export interface ChangeOfResource extends ChangedRecord {
  /** Name of the resource. */
  readonly resource: string
}

/** One page of a change feed. */
export interface ChangesPage {
  /** What changed, in the order of the feed. */
  readonly changed: readonly ChangedRecord[]
  /** Opaque to the engine; committed in one transaction with the dirty marks of this page. */
  readonly cursor: string
  /** There is another page. */
  readonly more: boolean
  /** Entries of the page without an id: nothing can be looked at for them. In words, without values. @default none */
  readonly unreadable?: string
}

/** A change feed answers this when the cursor is no longer valid: the engine runs a full listing instead of starting at "now". */
export type ChangesResult =
  /** A page of changes. */
  | ({ readonly kind: 'page' } & ChangesPage)
  /** The cursor is no longer valid: a full listing has to take its place. */
  | { readonly kind: 'expired' }
  | UnknownResult

/** One resource of one bound system. */
export interface Resource {
  /** Name, as the definition has it. */
  readonly name: string
  /** What the resource can do. */
  readonly capabilities: RemoteCapabilities
  /** Reads one record by its id. */
  read(nativeId: string, context: CallContext): Promise<ReadResult>
  /** Same order as asked. Present when `capabilities.read.batch > 1`. */
  readMany?(nativeIds: readonly string[], context: CallContext): Promise<readonly ReadResult[]>
  /** Lists every record, page by page. */
  list(context: CallContext): AsyncGenerator<readonly ListedRecord[], ListEnd>
  /** Changes after the cursor; undefined = from the beginning of what the feed offers. */
  changes?(cursor: string | undefined, context: CallContext): Promise<ChangesResult>
  /** Searches for a record by its marker or by values. Present when `capabilities.search` is. */
  find?(request: FindRequest, context: CallContext): Promise<FindResult>
  /** Several searches in one call, same order. Present when `capabilities.search.batch > 1`. */
  findMany?(requests: readonly FindRequest[], context: CallContext): Promise<readonly FindResult[]>
  /** Makes a record. Present unless `capabilities.create` is `unsupported`. */
  create?(request: CreateRequest, context: CallContext): Promise<WriteResult>
  /** Changes a record. */
  update?(request: UpdateRequest, context: CallContext): Promise<WriteResult>
  /** Deletes or archives a record. Present unless `capabilities.remove` is `none`. */
  remove?(request: RemoveRequest, context: CallContext): Promise<WriteResult>
  /** Undoes `remove` with the mode `archive`; on a record that is not archived it changes nothing. Absent where that can't be done. */
  restore?(request: RestoreRequest, context: CallContext): Promise<WriteResult>
  /**
   * Several creates in one call, one result each in the same order: one refused record never takes its neighbours along, and a call that
   * broke off answers `unknown` for each of them. Present when `capabilities.writeBatch > 1`, as is {@link updateMany}.
   */
  createMany?(requests: readonly CreateRequest[], context: CallContext): Promise<readonly WriteResult[]>
  /** Several updates in one call; see {@link createMany}. */
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
  /** The bytes of the body, unparsed. */
  readonly body: Uint8Array
  /** Epoch ms, for the timestamp tolerance. */
  readonly receivedAt: number
}

/** The body of a response to a delivery, for senders that look into it. */
export interface WebhookReply {
  /** Media type of the body. */
  readonly contentType: string
  /** The body as text. */
  readonly body: string
}

/** What became of a webhook delivery. */
export type WebhookResult =
  /** The signature is right, and the delivery says what changed. */
  | {
      readonly kind: 'accepted'
      /** Id of the delivery, by which copies are recognised. */
      readonly deliveryId: string
      /** Records that the delivery names. */
      readonly changed: readonly ChangeOfResource[]
      /** What the sender wants to hear once the delivery is committed. @default an empty response */
      readonly response?: WebhookReply
    }
  /** `reason` goes to counters and debug logs, never to the sender. */
  | {
      readonly kind: 'refused'
      /** Why, for counters and debug logs; never shown to the sender. */
      readonly reason: string
    }

/** What a system knows about a question of a rule. */
export type LookupResult =
  /** JSON, as rules see it. */
  | {
      readonly kind: 'found'
      /** The value. */
      readonly value: unknown
    }
  /** The system was asked and knows no response. */
  | { readonly kind: 'nothing' }
  /** The question itself is refused: asking it again does not help. */
  | {
      readonly kind: 'refused'
      /** What went wrong. */
      readonly failure: CallFailure
    }
  /** No information: ask again later. */
  | UnknownResult

/** What a system tells over a connection that it keeps open. Both are cheap, never throw, and may be called as often as one likes. */
export interface SystemListener {
  /** These records changed; they are looked at. */
  changed(records: readonly ChangeOfResource[]): void
  /** Something changed in a resource, or anywhere: its feed is read now. */
  touched(resource?: string): void
}

/** One bound system: a connector plus address, credentials and limits. */
export interface ConnectedSystem {
  /** Name of the system in the definition. */
  readonly name: string
  /** Name of its connector. */
  readonly connector: string
  /** One resource by its name. @throws CONNECTOR_RESOURCE_UNKNOWN */
  resource(name: string): Resource
  /** Identity of the account behind the credentials; compared before deletions are believed. */
  fingerprint(context: CallContext): Promise<
    /** The system has told. */
    | {
        readonly kind: 'known'
        /** The value. */
        readonly value: string
      }
    | UnknownResult
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
    /** The system has told. */
    | {
        readonly kind: 'known'
        /** What the system says about its resources. */
        readonly resources: readonly ResourceDescription[]
      }
    | UnknownResult
  >
  /** Quotas as the system itself reports them, from the responses of the last calls or from a call of its own. */
  usage?(context: CallContext): Promise<
    /** The system has told. */
    | {
        readonly kind: 'known'
        /** What the system says about its allowances. */
        readonly quotas: readonly SystemUsage[]
      }
    | UnknownResult
  >
  /** Returns a question of a rule. Present where the connector is one of lookups; such a system has no resources. */
  lookup?(question: LookupQuestion, context: CallContext): Promise<LookupResult>
  /** Closes connections and timers. May be called again. */
  close(): Promise<void>
}
