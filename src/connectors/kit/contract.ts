/**
 * The connector contract: what adapts one kind of system to the engine.
 *
 * A connector never syncs. It observes, lists, writes and verifies, and it *declares* what its system can and can't do
 * ({@link RemoteCapabilities}), because every guarantee of the engine rests on that declaration. Failures that the engine has to reason
 * about are values, not exceptions; anything thrown is taken as an unknown outcome.
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
import type { SameId } from './responses/same-id.ts'
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
