/**
 * The store contract: all durable state, batch first. `postgres/` is the production store, `memory/` the reference for simulation; one conformance
 * suite (`test/conformance/store.ts`) verifies both.
 *
 * Rules for every implementation:
 * - one integration per store; another integration's id is refused at {@link Store.bind}
 * - each method is one transaction; a batch commits as a whole, and items that are fenced or refused are reported individually
 * - all times are epoch milliseconds of the store's own clock
 * - a worker's write takes effect only under the lease it was claimed with ({@link Lease}); otherwise the result of the item is `fenced`
 * - documents go through the {@link FieldCodec} and are bytes at rest; keyed hashes beside them are used for comparisons
 */

import type { ErrorCode } from '../model/error-codes.ts'
import type { Lane } from '../model/lane.ts'
import type { MatchKey } from '../model/matching/contract.ts'
import type { ConflictDraft } from '../model/merge/contract.ts'
import type {
  AgreedFields,
  CreateEvidence,
  Intent,
  IntentState,
  Member,
  MemberFields,
  MemberState,
  RecordState,
  SyncRecord,
} from '../model/state.ts'
import type { UnreadableRow } from '../model/unreadable-row.ts'
import type { AdminStore } from './admin-contract.ts'
import type { BindingStore } from './binding-contract.ts'
import type { OpenMatters } from './duplicates-contract.ts'
import type { FactStore } from './fact-contract.ts'
import type { PlaceNote, SystemNote } from './health-contract.ts'
import type { PruneRequest, PruneResult } from './prune-contract.ts'
import type { ReferenceQuery, ReferenceResponse } from './reference-contract.ts'
import type { GuardedChange, GuardReservation, RunStore } from './run-contract.ts'
import type { ReleasedValue, ValueWaitDraft, ValueWaitStore } from './value-wait-contract.ts'

/** Encodes field documents to bytes and back, bound to their location, so that bytes moved elsewhere can't be decoded. */
export interface FieldCodec {
  encode(plain: Uint8Array, place: FieldPlace): Uint8Array
  decode(bytes: Uint8Array, place: FieldPlace): Uint8Array
  /** Keyed hash for equality without decoding; 32 bytes. */
  mac(plain: Uint8Array): Uint8Array
}

export interface FieldPlace {
  readonly table: string
  readonly column: string
  readonly rowId: string
}

/** The fence: a worker's right to one record. */
export interface Lease {
  readonly recordId: string
  readonly worker: number
  readonly epoch: number
  /** Epoch of the binding under which it was claimed; undefined: whatever is bound. */
  readonly binding?: number
}

/** A live worker. Its liveness is a session lock: a killed process loses it at once, and {@link Store.reap} releases its records. */
export interface WorkerSession {
  readonly id: number
  /** Aborts when the session is lost (connection gone): stop and register again; results under this id are fenced. */
  readonly lost: AbortSignal
  close(): Promise<void>
}

/** "Read this record": from a webhook, a poll, a full run or a person. */
export interface Mark {
  readonly system: string
  readonly entity: string
  readonly nativeId: string
  /** No change when it equals the member's absorbed version. */
  readonly version?: string
  /** The record has to be read even if the version is known (deletion events, manual requests). */
  readonly force?: boolean
}

export interface DeliveryRow {
  readonly system: string
  readonly deliveryId: string
  readonly body: Uint8Array
}

export interface CursorWrite {
  readonly system: string
  readonly entity: string
  readonly position: string
}

export interface IntakeRequest {
  /** Stored once per (system, deliveryId); a duplicate's marks are dropped. */
  readonly delivery?: DeliveryRow
  readonly marks: readonly Mark[]
  /** Committed together with the marks, never before. */
  readonly cursor?: CursorWrite
}

export interface IntakeResult {
  readonly duplicate: boolean
  /** Known records made dirty. */
  readonly marked: number
  /** Unknown records added as candidates. */
  readonly discovered: number
}

/** A record with all the data that a pass requires. */
export interface ClaimedRecord {
  readonly lease: Lease
  readonly record: SyncRecord
  readonly members: readonly Member[]
  /** Intents in state `open`. */
  readonly openIntents: readonly Intent[]
  /** An earlier claim could not read it, and the failure that says so is still open. */
  readonly wasUnreadable?: true
}

/** A record that was claimed like the others and that can't be passed on: one of its rows can't be read. It has to be given back. */
export interface UnreadableRecord extends UnreadableRow {
  readonly lease: Lease
  readonly entity: string
  /** The system whose row it is; a system of the record when it is the row of the record itself. */
  readonly system: string
  /** Number of claims since it was last readable that failed like this one, from its open failure. */
  readonly times: number
}

export interface ClaimResult {
  readonly now: number
  readonly leaseMs: number
  readonly records: readonly ClaimedRecord[]
  /** @default none */
  readonly unreadable?: readonly UnreadableRecord[]
  /** Another definition is bound now: this process must stop. */
  readonly superseded?: true
}

/** New values of a member; missing keys are unchanged, `null` clears. */
export interface MemberUpdate {
  readonly system: string
  readonly state?: MemberState
  readonly nativeId?: string | null
  readonly fields?: MemberFields
  readonly floor?: string | null
  readonly absorbedVersion?: string | null
  readonly asof?: number
  readonly settleAt?: number | null
  readonly lane?: Lane
  readonly laneAttempts?: number
  readonly goneSince?: number | null
  readonly goneConfirmedAt?: number | null
  readonly reappearedAt?: number | null
  readonly createWantedAt?: number | null
  /** Number of the lens set that the fields were read through. */
  readonly lens?: number
  readonly evidence?: CreateEvidence | null
}

/** Conditions for a create when its intent is committed. */
export interface CreateCheck {
  readonly system: string
  /** No candidate of that system discovered before this may be unread (epoch ms). */
  readonly readUpTo: number
  /** Evidence that the system has no counterpart: still for the record's keys, and not too old. @default none is required */
  readonly evidence?: {
    readonly keys: string
    readonly takenAt: number
    readonly goodUntil: number
    /** Native ids that must have been read since `takenAt`. @default none */
    readonly nativeIds?: readonly string[]
  }
}

export interface RecordUpdate {
  readonly state?: RecordState
  readonly rev?: number
  readonly fields?: AgreedFields
  readonly tombstoneRev?: number
  readonly releasedRev?: number
  readonly merging?: readonly string[]
}

export interface IntentUpdate {
  readonly id: string
  readonly state: IntentState
  readonly outcome?: string
  /** A resend of the same bytes under the same intent. */
  readonly notAfter?: number
}

/** One line of the append-only, hash-chained journal. `body` holds values and goes through the codec. */
export interface JournalEntry {
  readonly kind:
    | 'decision'
    | 'intent'
    | 'outcome'
    | 'discovery'
    | 'match'
    | 'conflict'
    | 'hold'
    | 'delete'
    | 'tombstone'
    | 'person'
    | 'run'
    | 'definition'
  readonly recordId?: string
  readonly actor: string
  readonly body: unknown
}

/** A hold: something waits for a person while everything else continues. One open hold per (record, system, field, kind). */
export interface HoldDraft {
  readonly id: string
  readonly recordId: string
  readonly entity: string
  readonly system?: string
  readonly field?: string
  readonly kind: 'guard' | 'rule' | 'oscillation' | 'update-delete' | 'delete-guard' | 'delete-waits'
  readonly reason: string
}

/** A failure (dead letter): upserted by (record, system); `signature` groups equal ones. */
export interface FailureDraft {
  readonly recordId: string
  readonly entity: string
  readonly system: string
  readonly operation: string
  readonly code: ErrorCode
  readonly message: string
  readonly signature: string
  readonly replay: 'safe' | 'unsafe' | 'after-check'
  /** Pass in which it failed: names its log lines and its calls. @default none */
  readonly passId?: string
}

/**
 * Waits until the target record has a counterpart in the system; then the waiting record becomes dirty and a lane that was `waiting` there opens. An
 * unknown native id is waited for until it belongs to a record that is more than a candidate. A field may wait for several targets; targets of the
 * same kind (native ids, or records) that a commit no longer names are dropped.
 */
export interface DependencyDraft {
  readonly recordId: string
  readonly system: string
  readonly field: string
  /** Either a known record … */
  readonly targetRecordId?: string
  /** … or a native id that is not known yet. */
  readonly target?: { readonly system: string; readonly entity: string; readonly nativeId: string }
}

/** Side rows that any commit of a pass may add. */
export interface PassRows {
  /**
   * A draft with a new id is a new conflict. One with an existing id adds its candidates to the stored ones, and closes the conflict when it has a
   * winner; a conflict that a person has decided meanwhile is unchanged.
   */
  readonly conflicts?: readonly ConflictDraft[]
  readonly holds?: readonly HoldDraft[]
  readonly failures?: readonly FailureDraft[]
  /** Lanes whose open failure is resolved; with a `code` only if it has that one. */
  readonly clearedFailures?: readonly {
    readonly recordId: string
    readonly system: string
    readonly code?: ErrorCode
  }[]
  /** Holds without a remaining reason; without `system` and `field` all of that kind are closed. */
  readonly clearedHolds?: readonly {
    readonly recordId: string
    readonly kind: HoldDraft['kind']
    readonly system?: string
    readonly field?: string
  }[]
  readonly dependencies?: readonly DependencyDraft[]
  readonly valueWaits?: readonly ValueWaitDraft[]
  /** Waits that are over for another reason than a release. */
  readonly clearedValueWaits?: readonly {
    readonly recordId: string
    readonly system: string
    readonly field: string
  }[]
  /** Ends the waits for these values, whoever waits. */
  readonly releasedValues?: readonly ReleasedValue[]
  readonly marks?: readonly Mark[]
  readonly journal?: readonly JournalEntry[]
}

/** A change that the guard had counted and that had no effect: it no longer counts. */
export type UnmadeChange = Pick<GuardedChange, 'system' | 'operation'>

/** T1 + T2: the decision of a pass and the intents of its writes, in one commit. */
export interface Decision extends PassRows {
  readonly lease: Lease
  readonly record?: RecordUpdate
  readonly members?: readonly MemberUpdate[]
  /** Intents to open. */
  readonly intents?: readonly Intent[]
  /** Earlier intents that this pass resolved. */
  readonly resolved?: readonly IntentUpdate[]
  readonly unmade?: readonly UnmadeChange[]
  /** Match keys of the record, replaced as a whole when given. */
  readonly matchKeys?: readonly MatchKey[]
  /** For each create among the intents; refused too when another record of that system shares an exact key. */
  readonly createChecks?: readonly CreateCheck[]
  /** Changes among the intents that the guard counts. */
  readonly guarded?: readonly GuardedChange[]
}

/**
 * - `ok` · `fenced`: the lease is over, or another definition is bound since the claim; nothing was written
 * - `create-waits`: an unread candidate could be the counterpart; nothing was written
 * - `duplicate`: the record has an open duplicate, so that nothing is created for it; nothing was written
 * - `no-evidence`: the evidence for a create is for other match keys, or too old; nothing was written
 * - `rematch`: another record of that system shares a match key, or holds the native id this decision claims; nothing was written
 * - `guarded`: a change exceeds the bound of the mass-change guard; nothing was written, and nothing was counted
 */
export type DecisionResult =
  | { readonly kind: 'ok' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'create-waits'; readonly system: string }
  | { readonly kind: 'duplicate'; readonly system: string; readonly recordId: string }
  | { readonly kind: 'no-evidence'; readonly system: string }
  | { readonly kind: 'guarded'; readonly system: string; readonly operation: GuardedChange['operation'] }
  | { readonly kind: 'rematch'; readonly system: string; readonly recordId: string }

/** T3 + T4: outcomes of the sends, and the finish of the pass. */
export interface Settlement extends PassRows {
  readonly lease: Lease
  readonly record?: RecordUpdate
  readonly members?: readonly MemberUpdate[]
  readonly resolved?: readonly IntentUpdate[]
  readonly unmade?: readonly UnmadeChange[]
  /**
   * How the pass ends. `clean` clears the dirty mark only if `dirtySeq` still is `seq` (compare-and-clear), otherwise the record is due at once.
   * `again` keeps it dirty and due at `at`, or at once if it was marked since the claim; `look` narrows the systems still to be read (default: all
   * that the claim named). `keep` keeps the claim (another round follows).
   */
  readonly finish:
    | { readonly kind: 'clean'; readonly seq: number }
    | { readonly kind: 'again'; readonly at: number; readonly look?: readonly string[] }
    | { readonly kind: 'keep' }
}

/** `taken`: the native id belongs to another active record; nothing of this item was written. A candidate that holds it is absorbed. */
export type SettlementResult =
  | { readonly kind: 'ok' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'taken'; readonly system: string; readonly recordId: string }

export type { MatchKey } from '../model/matching/contract.ts'
export type { Binding, BindRequest, Bound } from './binding-contract.ts'
export type { Fact } from './fact-contract.ts'
export type { StoredLensSet } from './lens-sets.ts'
export type { PruneRequest, PruneResult } from './prune-contract.ts'
export type { ReferenceQuery, ReferenceResponse } from './reference-contract.ts'
export type { GuardedChange, GuardReservation, RunComparison, RunRow, StagedRecord } from './run-contract.ts'
export type { ReleasedValue, ValueWait } from './value-wait-contract.ts'

export interface MatchRequest {
  readonly lease: Lease
  readonly entity: string
  /** The system whose unmatched record is being matched. */
  readonly system: string
  readonly keys: readonly MatchKey[]
}

/** A record that shares a key. */
export interface MatchHit {
  readonly recordId: string
  readonly state: RecordState
  readonly rule: number
  readonly kind: 'exact' | 'block'
  /** Systems in which it already has a counterpart. */
  readonly linked: readonly string[]
  /** Systems in which a create of it is open. */
  readonly creating: readonly string[]
  readonly fields: AgreedFields
  /** A person decided that the two are distinct. */
  readonly keptApart: boolean
  /** A worker is processing it: an unmatched one may be about to become a record of its own. */
  readonly busy: boolean
}

export interface AttachRequest {
  /** Lease on the candidate. */
  readonly lease: Lease
  readonly system: string
  readonly targetRecordId: string
  readonly rule: string
  readonly journal: readonly JournalEntry[]
}

/** `refused`: the target has a counterpart there now, or is creating one, or is gone. */
export type AttachResult =
  | { readonly kind: 'ok' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'refused'; readonly reason: string }

export interface AliasRequest {
  readonly lease: Lease
  readonly system: string
  readonly survivorNativeId: string
  readonly journal: readonly JournalEntry[]
}

/**
 * - `ok`: the loser is a tombstone that points to the survivor's record, which got the counterparts that it lacked
 * - `duplicate`: both have a counterpart in another system too. The loser continues there without the merged system, until a person decides
 * - `relinked`: the survivor is known as part of the very same record, which now has it as its counterpart
 * - `creating`: the survivor is about to get a counterpart that the loser has; nothing was written
 * - `unknown-survivor`: it is not known yet; nothing was written
 */
export type AliasResult = 'ok' | 'duplicate' | 'relinked' | 'creating' | 'fenced' | 'unknown-survivor'

export interface Store extends BindingStore, FactStore, RunStore, ValueWaitStore {
  /** Creates or upgrades the schema; refuses a newer one than it knows. */
  migrate(): Promise<void>
  now(): Promise<number>
  close(): Promise<void>

  registerWorker(): Promise<WorkerSession>
  /** Releases the records of dead workers and of expired leases, with a higher epoch. Returns their number. */
  reap(): Promise<number>

  intake(batch: readonly IntakeRequest[]): Promise<readonly IntakeResult[]>
  /** Marks by record id; `systems` empty = all of them. */
  markRecords(
    marks: readonly { readonly recordId: string; readonly systems: readonly string[] }[],
  ): Promise<number>
  cursor(system: string, entity: string): Promise<string | undefined>
  clearCursor(system: string, entity: string): Promise<void>

  claim(request: {
    readonly worker: number
    readonly limit: number
    readonly leaseMs: number
    /** Epoch of this process's {@link Binding}: nothing is claimed once another is bound. @default whatever is bound */
    readonly binding?: number
  }): Promise<ClaimResult>
  /** When the next dirty record falls due; undefined = nothing is waiting. */
  nextDue(): Promise<number | undefined>
  /**
   * Makes dirty records due that wait because calls to a system failed: spread over `spreadMs`, at most `limit`. Returns their number; fewer than the
   * limit means that no more are waiting. Lanes that wait for anything else are unchanged.
   */
  resumeWaiting(request: {
    readonly system: string
    readonly limit: number
    readonly spreadMs: number
  }): Promise<number>
  decide(batch: readonly Decision[]): Promise<readonly DecisionResult[]>
  settle(batch: readonly Settlement[]): Promise<readonly SettlementResult[]>

  /** Keyed hash of a record's match keys, as stored in the evidence for a create; the order of the keys does not matter. */
  hashKeys(entity: string, keys: readonly MatchKey[]): string
  /** Registers the keys of the record and finds others that share one, atomically against concurrent calls with the same keys. */
  match(batch: readonly MatchRequest[]): Promise<readonly (readonly MatchHit[] | 'fenced')[]>
  attach(batch: readonly AttachRequest[]): Promise<readonly AttachResult[]>
  /** A remote merge: one native record of this system was merged into another one. */
  aliasMember(request: AliasRequest): Promise<AliasResult>
  /** Returns what is undecided about a record, before a deletion of it is confirmed. `before`: candidates discovered later don't count. */
  openMatters(query: {
    readonly recordId: string
    readonly system: string
    readonly entity: string
    readonly before: number
  }): Promise<OpenMatters>
  /** Review entry for a candidate: possible counterparts with scores in thousandths. */
  requestReview(request: {
    readonly lease: Lease
    readonly candidates: readonly {
      readonly recordId: string
      readonly score: number
      readonly why: string
    }[]
    readonly journal: readonly JournalEntry[]
  }): Promise<'ok' | 'fenced'>
  resolveReferences(queries: readonly ReferenceQuery[]): Promise<readonly ReferenceResponse[]>

  /** True when open creates at this system were begun before `before`: an unmatched record discovered since could be one of them. */
  openCreatesBefore(system: string, entity: string, before: number): Promise<boolean>
  /** True when a record that was discovered at this system before `before` has not been read yet: it could be a counterpart of any other. */
  unreadCandidateBefore(system: string, entity: string, before: number): Promise<boolean>
  reserveChanges(reservations: readonly GuardReservation[]): Promise<readonly boolean[]>
  /** Returns some linked, healthy native ids of this system, for sentinel reads; never `except`. */
  sentinels(system: string, entity: string, count: number, except: string): Promise<readonly string[]>
  fingerprint(system: string): Promise<string | undefined>
  saveFingerprint(system: string, value: string): Promise<void>
  /** Stores the account that the system responded as last. Another account than the remembered one is trusted only once a person accepts it. */
  noteFingerprint(system: string, seen: string): Promise<void>

  /** Takes or renews the schedule ownership for `ttlMs`; one owner at a time. */
  ownSchedule(owner: string, ttlMs: number): Promise<boolean>
  /** When a job, by its key, was last done (epoch ms). */
  lastScheduled(key: string): Promise<number | undefined>
  saveScheduled(key: string, at: number): Promise<void>

  /** Records an observation of a place for the status. */
  notePlace(note: PlaceNote): Promise<void>
  noteSystem(note: SystemNote): Promise<void>

  /**
   * Removes data whose retention period has ended. Never removed: open intents, open conflicts, holds and failures, records (including tombstones),
   * and the evidence of the first load. The rest of the journal stays a valid chain.
   */
  prune(request: PruneRequest): Promise<PruneResult>

  /** Called when another process marked something (LISTEN/NOTIFY, debounced); returns an unsubscribe function. */
  onWake(listener: () => void): () => void
  /** Notifies other processes; debounced by the implementation. */
  wake(): void

  readonly admin: AdminStore
}
