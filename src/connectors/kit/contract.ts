/**
 * The connector contract: adapts one kind of system to the engine.
 *
 * A connector never syncs. It observes, lists, writes and verifies, and it *declares* what its system can and
 * can't do ({@link RemoteCapabilities}), because every guarantee of the engine depends on that declaration.
 * Failures that the engine has to reason about are values, not exceptions; anything thrown counts as an
 * unknown outcome.
 *
 * - `call-contract.ts`: the context of a call, and failures
 * - `read-contract.ts`, `write-contract.ts`: requests and results of the operations of a {@link Resource}
 * - `change-contract.ts`: feeds, webhooks and open connections
 * - this file: a resource, and a {@link ConnectedSystem} with its resources; it re-exports the others
 */
import type { LookupQuestion } from '../../model/lookup.ts'
import type { NativeRecord } from '../../model/values.ts'
import type { CallContext, UnknownResult } from './call-contract.ts'
import type { RemoteCapabilities } from './capabilities.ts'
import type { ChangesResult, SystemListener, WebhookDelivery, WebhookResult } from './change-contract.ts'
import type { ResourceDescription, SystemUsage } from './description.ts'
import type {
  FindRequest,
  FindResult,
  ListEnd,
  ListedRecord,
  LookupResult,
  ReadResult,
} from './read-contract.ts'
import type {
  CreateRequest,
  RemoveRequest,
  RestoreRequest,
  UpdateRequest,
  WriteResult,
} from './write-contract.ts'

export type { CallContext, CallFailure, UnknownResult } from './call-contract.ts'
export type {
  ChangedRecord,
  ChangeOfResource,
  ChangesPage,
  ChangesResult,
  SystemListener,
  WebhookDelivery,
  WebhookReply,
  WebhookResult,
} from './change-contract.ts'
export type {
  FindRequest,
  FindResult,
  ListEnd,
  ListedRecord,
  LookupResult,
  ReadResult,
} from './read-contract.ts'
export type {
  CreateRequest,
  RemoveRequest,
  RestoreRequest,
  UpdateRequest,
  WriteResult,
} from './write-contract.ts'

/** Whether two ids name the same record in one system. */
export type SameId = (one: string, other: string) => boolean

/** One resource of one bound system. */
export interface Resource {
  /** Name, as used in the definition. */
  readonly name: string
  /** What the resource can do. */
  readonly capabilities: RemoteCapabilities
  /** Reads one record by its id. */
  read(nativeId: string, context: CallContext): Promise<ReadResult>
  /** Reads several records; results in the order requested. Present when `capabilities.read.batch > 1`. */
  readMany?(nativeIds: readonly string[], context: CallContext): Promise<readonly ReadResult[]>
  /** Lists every record, page by page. */
  list(context: CallContext): AsyncGenerator<readonly ListedRecord[], ListEnd>
  /** Reads the changes after the cursor; undefined = from the beginning of what the feed offers. */
  changes?(cursor: string | undefined, context: CallContext): Promise<ChangesResult>
  /** Searches for a record by its marker or by values. Present when `capabilities.search` is. */
  find?(request: FindRequest, context: CallContext): Promise<FindResult>
  /**
   * Runs several searches in one call; results in the same order. Present when `capabilities.search.batch >
   * 1`.
   */
  findMany?(requests: readonly FindRequest[], context: CallContext): Promise<readonly FindResult[]>
  /** Creates a record. Present unless `capabilities.create` is `unsupported`. */
  create?(request: CreateRequest, context: CallContext): Promise<WriteResult>
  /** Updates a record. */
  update?(request: UpdateRequest, context: CallContext): Promise<WriteResult>
  /** Deletes or archives a record. Present unless `capabilities.remove` is `none`. */
  remove?(request: RemoveRequest, context: CallContext): Promise<WriteResult>
  /**
   * Undoes `remove` with the mode `archive`; has no effect on a record that is not archived. Absent when the
   * system can't do it.
   */
  restore?(request: RestoreRequest, context: CallContext): Promise<WriteResult>
  /**
   * Creates several records in one call, with one result each in the same order. A refused record never
   * affects the others, and a call that was interrupted returns `unknown` for each of them. Present when
   * `capabilities.writeBatch > 1`, as is {@link updateMany}.
   */
  createMany?(requests: readonly CreateRequest[], context: CallContext): Promise<readonly WriteResult[]>
  /** Updates several records in one call; see {@link createMany}. */
  updateMany?(requests: readonly UpdateRequest[], context: CallContext): Promise<readonly WriteResult[]>
  /** Returns the record id found in a native record (marker or upsert key), if any. */
  markerOf?(native: NativeRecord): string | undefined
  /** Whether two ids name the same record in this system. @default `sameText` of `responses/same-id.ts` */
  readonly sameId?: SameId
  /**
   * Returns the id that a native record contains. Absent when records don't contain it; then only reported
   * ids are checked.
   */
  readonly idOf?: (native: NativeRecord) => string | undefined
  /** Returns the ids of records that were merged into this one, if the record names them. */
  readonly mergedIdsOf?: (native: NativeRecord) => readonly string[]
}

/** One bound system: a connector plus address, credentials and limits. */
export interface ConnectedSystem {
  /** Name of the system in the definition. */
  readonly name: string
  /** Name of its connector. */
  readonly connector: string
  /** Returns a resource by its name. @throws CONNECTOR_RESOURCE_UNKNOWN */
  resource(name: string): Resource
  /**
   * Returns the identity of the account behind the credentials, which is compared before deletions are
   * believed.
   */
  fingerprint(context: CallContext): Promise<
    /** The system reported it. */
    | {
        readonly kind: 'known'
        /** The identity. */
        readonly value: string
      }
    | UnknownResult
  >
  /** Handles a webhook delivery. Undefined when the system has no webhooks configured. */
  webhook?(delivery: WebhookDelivery): Promise<WebhookResult>
  /**
   * Listens for changes that the system announces until the signal aborts; rejects when the connection is
   * lost. Announcements may be lost, as webhooks may; only polls and full runs miss nothing. Undefined when
   * the system announces nothing.
   */
  subscribe?(listener: SystemListener, signal: AbortSignal): Promise<void>
  /**
   * Returns the live schema of the named resources, or of all that the system offers. Used for drift
   * detection, mapping proposals and lossy-mapping checks. Undefined when the system does not report it.
   */
  describe?(
    resources: readonly string[] | undefined,
    context: CallContext,
  ): Promise<
    /** The system reported it. */
    | {
        readonly kind: 'known'
        /** The resources as the system describes them. */
        readonly resources: readonly ResourceDescription[]
      }
    | UnknownResult
  >
  /**
   * Returns quotas as the system reports them, from the responses of the last calls or from a separate call.
   */
  usage?(context: CallContext): Promise<
    /** The system reported it. */
    | {
        readonly kind: 'known'
        /** The quotas as the system reports them. */
        readonly quotas: readonly SystemUsage[]
      }
    | UnknownResult
  >
  /**
   * Answers a question of a rule. Present when the connector provides lookups; such a system has no
   * resources.
   */
  lookup?(question: LookupQuestion, context: CallContext): Promise<LookupResult>
  /** Closes connections and timers. May be called repeatedly. */
  close(): Promise<void>
}
