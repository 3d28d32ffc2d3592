/**
 * The store contract: all durable state, batch first. `postgres/` is the production store, `memory/` the
 * reference for simulation; one conformance suite (`test/conformance/store.ts`) verifies both.
 *
 * Rules for every implementation:
 * - one integration per store; another integration's id is refused at {@link Store.bind}
 * - each method is one transaction; a batch commits as a whole, and items that are fenced or refused are
 *   reported individually
 * - all times are epoch milliseconds of the store's own clock
 * - a worker's write takes effect only under the lease it was claimed with ({@link Lease}); otherwise the
 *   result of the item is `fenced`
 * - documents go through the {@link FieldCodec} and are bytes at rest; keyed hashes beside them are used for
 *   comparisons
 *
 * {@link Store} is here. Its parts, which this file re-exports, are in `*-contract.ts`: `claim` (leases and
 * claims), `intake` (deliveries and marks), `pass` (the commits of a pass), `match` (counterparts), `run`,
 * `binding`, `fact`, `health`, `value-wait`, `codec`; and what people see and decide: `admin`, `duplicates`.
 */
import type { Cause } from '../model/cause.ts'
import type { MatchKey } from '../model/matching/contract.ts'
import type { AdminStore } from './admin-contract.ts'
import type { BindingStore } from './binding-contract.ts'
import type { ClaimResult, Lease, WorkerSession } from './claim-contract.ts'
import type { OpenMatters } from './duplicates-contract.ts'
import type { FactStore } from './fact-contract.ts'
import type { PlaceNote, SystemNote } from './health-contract.ts'
import type { IntakeRequest, IntakeResult } from './intake-contract.ts'
import type {
  AliasRequest,
  AliasResult,
  AttachRequest,
  AttachResult,
  MatchHit,
  MatchRequest,
} from './match-contract.ts'
import type {
  Decision,
  DecisionResult,
  JournalEntry,
  Settlement,
  SettlementResult,
  Unstorable,
} from './pass-contract.ts'
import type { GuardReservation, RunStore } from './run-contract.ts'
import type { ValueWaitStore } from './value-wait-contract.ts'

export type { MatchKey } from '../model/matching/contract.ts'
export type { Binding, BindRequest, Bound } from './binding-contract.ts'
export type {
  ClaimedRecord,
  ClaimResult,
  Lease,
  QueueAtRest,
  UnreadableRecord,
  WorkerSession,
} from './claim-contract.ts'
export type { FieldCodec, FieldPlace, HashPurpose } from './codec-contract.ts'
export type { Fact } from './fact-contract.ts'
export type { CursorWrite, DeliveryRow, IntakeRequest, IntakeResult, Mark } from './intake-contract.ts'
export type { StoredLensSet } from './lens-sets.ts'
export type {
  AliasRequest,
  AliasResult,
  AttachRequest,
  AttachResult,
  MatchHit,
  MatchRequest,
} from './match-contract.ts'
export type {
  CreateCheck,
  Decision,
  DecisionResult,
  DependencyDraft,
  FailureDraft,
  HoldDraft,
  IntentUpdate,
  JournalEntry,
  MemberUpdate,
  PassRows,
  RecordUpdate,
  Settlement,
  SettlementResult,
  UnmadeChange,
  Unstorable,
} from './pass-contract.ts'
export type { GuardedChange, GuardReservation, RunComparison, RunRow, StagedRecord } from './run-contract.ts'
export type { ReleasedValue, ValueWait } from './value-wait-contract.ts'

/** All durable state; the rules above hold for each method. */
export interface Store extends BindingStore, FactStore, RunStore, ValueWaitStore {
  /** Creates or upgrades the schema; refuses a newer one than it knows. */
  migrate(): Promise<void>
  now(): Promise<number>
  close(): Promise<void>

  registerWorker(): Promise<WorkerSession>
  /**
   * Releases the records of dead workers and of expired leases, with a higher epoch. Returns their number.
   */
  reap(): Promise<number>

  intake(batch: readonly IntakeRequest[]): Promise<readonly IntakeResult[]>
  /** Marks by record id; `systems` empty = all of them. */
  markRecords(
    marks: readonly {
      readonly recordId: string
      readonly systems: readonly string[]
      /** @default engine */
      readonly cause?: Cause
    }[],
  ): Promise<number>
  cursor(system: string, entity: string): Promise<string | undefined>
  clearCursor(system: string, entity: string): Promise<void>

  claim(request: {
    readonly worker: number
    readonly limit: number
    readonly leaseMs: number
    /**
     * Epoch of this process's {@link Binding}: nothing is claimed once another is bound. @default whatever is
     * bound
     */
    readonly binding?: number
  }): Promise<ClaimResult>
  /** When the next dirty record falls due; undefined = nothing is waiting. */
  nextDue(): Promise<number | undefined>
  /**
   * Makes dirty records due that wait because calls to a system failed: spread over `spreadMs`, at most
   * `limit`. Returns their number; fewer than the limit means that no more are waiting. Lanes that wait for
   * anything else are unchanged.
   */
  resumeWaiting(request: {
    readonly system: string
    readonly limit: number
    readonly spreadMs: number
  }): Promise<number>
  decide(batch: readonly Decision[]): Promise<readonly (DecisionResult | Unstorable)[]>
  settle(batch: readonly Settlement[]): Promise<readonly (SettlementResult | Unstorable)[]>

  /**
   * Keyed hash of a record's match keys, as stored in the evidence for a create; the order of the keys does
   * not matter.
   */
  hashKeys(entity: string, keys: readonly MatchKey[]): string
  /**
   * Registers the keys of the record and finds others that share one, atomically against concurrent calls
   * with the same keys.
   */
  match(batch: readonly MatchRequest[]): Promise<readonly (readonly MatchHit[] | 'fenced' | Unstorable)[]>
  attach(batch: readonly AttachRequest[]): Promise<readonly (AttachResult | Unstorable)[]>
  /** A remote merge: one native record of this system was merged into another one. */
  aliasMember(request: AliasRequest): Promise<AliasResult>
  /**
   * Returns what is undecided about a record, before a deletion of it is confirmed. `before`: candidates
   * discovered later don't count.
   */
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

  /**
   * True when open creates at this system were begun before `before`: an unmatched record discovered since
   * could be one of them.
   */
  openCreatesBefore(system: string, entity: string, before: number): Promise<boolean>
  /**
   * True when a record that was discovered at this system before `before` has not been read yet: it could be
   * a counterpart of any other.
   */
  unreadCandidateBefore(system: string, entity: string, before: number): Promise<boolean>
  reserveChanges(reservations: readonly GuardReservation[]): Promise<readonly boolean[]>
  /** Returns some linked, healthy native ids of this system, for sentinel reads; never `except`. */
  sentinels(system: string, entity: string, count: number, except: string): Promise<readonly string[]>
  fingerprint(system: string): Promise<string | undefined>
  saveFingerprint(system: string, value: string): Promise<void>
  /**
   * Stores the account that the system responded as last. Another account than the remembered one is trusted
   * only once a person accepts it.
   */
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
   * Removes data whose retention period has ended. Never removed: open intents, open conflicts, holds and
   * failures, records (including tombstones), and the evidence of the first load. The rest of the journal
   * stays a valid chain.
   */
  prune(request: PruneRequest): Promise<PruneResult>

  /**
   * Called when another process marked something or registered a worker (LISTEN/NOTIFY, debounced), and
   * whenever such calls may have been lost; returns an unsubscribe function.
   */
  onWake(listener: () => void): () => void
  /** Notifies other processes; debounced by the implementation. */
  wake(): void

  readonly admin: AdminStore
}

export interface ReferenceQuery {
  readonly system: string
  readonly entity: string
  /** Native → record … */
  readonly nativeId?: string
  /** … or record → native. */
  readonly recordId?: string
}

/** In the order of the queries; undefined = unknown. Merged records return their survivor. */
export type ReferenceResponse = { readonly recordId: string; readonly nativeId: string } | undefined

/** Retention periods: data older than these times (epoch ms) may be removed. */
export interface PruneRequest {
  /** Journal lines, settled intents, decided conflicts, closed holds, finished runs. */
  readonly historyBefore: number
  /** Resolved failures. */
  readonly deadLettersBefore: number
  /** Webhook deliveries: a repeated delivery that arrives later is not recognised any more. */
  readonly deliveriesBefore: number
  /**
   * Runs begun before this and never finished: their process died. The records they had listed are dropped.
   */
  readonly runsDeadBefore: number
  /** Rows of each kind removed in one call. */
  readonly limit: number
}

/** Rows removed, by kind; a kind at its limit may have more. */
export interface PruneResult {
  readonly journal: number
  readonly intents: number
  readonly conflicts: number
  readonly holds: number
  readonly failures: number
  readonly deliveries: number
  readonly runs: number
  readonly guardCounts: number
  /** Keys of deliveries and records that are gone; 0 in a store that is not sealed. */
  readonly keys: number
  readonly deadRuns: number
}
