/**
 * Interfaces that the engine requires besides stores and connectors, and those that its steps require of each
 * other. Clock and randomness are injected, so that a simulation runs the same engine on virtual time; the
 * rest is composed once in `engine.ts`.
 */

import type {
  CallContext,
  CallFailure,
  FindRequest,
  FindResult,
  ReadResult,
  WriteResult,
} from '../connectors/kit/contract.ts'
import type { ErrorCode } from '../model/error-codes.ts'
import type { Entity } from '../model/integration.ts'
import type { LensSet } from '../model/lens/identity.ts'
import type { PlannedWrite } from '../model/merge/contract.ts'
import type { CreateEvidence, Intent } from '../model/state.ts'
import type { CanonicalDocument, NativeRecord } from '../model/values.ts'
import type {
  AttachRequest,
  AttachResult,
  CreateCheck,
  Decision,
  DecisionResult,
  GuardedChange,
  GuardReservation,
  MatchHit,
  MatchRequest,
  ReferenceQuery,
  ReferenceResponse,
  Settlement,
  SettlementResult,
  Store,
  StoredLensSet,
} from '../store/contract.ts'
import type { Place } from './place.ts'

/** Times in milliseconds. */
export interface Clock {
  /** Epoch time on the database's clock: the only wall clock the engine knows. */
  now(): number
  /** Never goes backwards; for deadlines of this process. */
  monotonic(): number
  /** Resolves after `ms`, or early when the signal aborts (it never rejects). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Runs `task` in a later turn, before any timer: the moment at which a group commit closes. */
  defer(task: () => void): void
}

/** Randomness of the engine; seeded in a simulation. */
export interface Random {
  /** [0, 1) */
  next(): number
  /** A new record or intent id: UUID v7. */
  uuid(): string
}

/**
 * Store calls for one record at a time; many of them share one statement. Everything else goes through
 * `direct`.
 */
export interface BatchedStore {
  readonly direct: Store
  decide(decision: Decision): Promise<DecisionResult>
  settle(settlement: Settlement): Promise<SettlementResult>
  match(request: MatchRequest): Promise<readonly MatchHit[] | 'fenced'>
  attach(request: AttachRequest): Promise<AttachResult>
  resolveReference(query: ReferenceQuery): Promise<ReferenceResponse>
  reserve(reservation: GuardReservation): Promise<boolean>
  /** Makes a record dirty by its id; `systems` empty = all. */
  markRecord(mark: { readonly recordId: string; readonly systems: readonly string[] }): Promise<void>
}

/** Admission to one system: how many calls at a time, and none while it is down. */
export interface SystemGate {
  readonly system: string
  /** False from the failures that close it until a probe has succeeded. */
  readonly isOpen: boolean
  /**
   * Undefined while calls may go, if only as a probe; otherwise the time (epoch ms) at which the next one may
   * be tried.
   */
  closedUntil(): number | undefined
  /**
   * Runs a call when there is capacity. Returns `shut` without calling when the gate is closed, or when there
   * was no capacity within `waitMs`. A result whose failure has scope `system` counts as a failure of the
   * system, any other response as a success; `no-news`: no call was made after all.
   */
  run<Result>(
    call: () => Promise<Result>,
    options: {
      readonly waitMs: number
      readonly failure: (result: Result) => CallFailure | 'no-news' | undefined
    },
  ): Promise<Result | 'shut'>
  /** How long a caller would wait now. */
  expectedWaitMs(): number
}

/**
 * A read by id with the times that make it evidence (epoch ms). `shut`: the gate is closed or the system too
 * busy.
 */
export type TimedRead =
  | { readonly result: ReadResult; readonly startedAt: number; readonly seenAt: number }
  | 'shut'

/**
 * Reads one native record; reads of the same resource share a call where the system supports it. Never
 * rejects. (`reader.ts`)
 */
export type ReadById = (request: {
  readonly system: string
  readonly resource: string
  readonly nativeId: string
  readonly signal: AbortSignal
  /** @default 'webhook' */
  readonly priority?: CallContext['priority']
  /** Pass that reads. @default none: the read serves no single record */
  readonly passId?: string
}) => Promise<TimedRead>

/**
 * Searches a resource; searches of several records share a call where the system supports it. Never rejects.
 * (`finder.ts`)
 */
export type Find = (request: {
  readonly system: string
  readonly resource: string
  readonly request: FindRequest
  readonly signal: AbortSignal
  readonly priority: CallContext['priority']
  readonly passId: string
}) => Promise<FindResult | 'shut'>

/** One remote write that is ready to go. */
export interface OutgoingWrite {
  readonly intent: Intent
  /** The fields that it carries; undefined for archives and deletes. */
  readonly planned?: PlannedWrite
  /** Canonical values of everything in the body, for the own-write memory. */
  readonly body?: CanonicalDocument
  /** Native record last read: systems that replace whole objects get their remaining properties from it. */
  readonly base?: NativeRecord
  /** Update only: when the read that it is based on began (epoch ms). */
  readonly readAt?: number
  /** Create only: what must hold when its intent is committed. */
  readonly check?: CreateCheck
  /** Create only: what shows that there is no counterpart. */
  readonly evidence?: CreateEvidence
  /** What the mass-change guard counts of it. */
  readonly guarded?: GuardedChange
}

/**
 * The outcome of one write: the connector's response, or why no call was made. `late`: its time passed before
 * the call could start · `shut`: the system accepts no calls · `stopped`: its pass was stopped
 */
export type SendOutcome =
  | WriteResult
  | { readonly kind: 'unsent'; readonly reason: 'late' | 'shut' | 'stopped' }

/** One write submitted for sending with others of its kind. */
export interface WriteAsk {
  readonly write: OutgoingWrite
  /** Monotonic ms: it must not be sent after this. */
  readonly startBefore: number
  readonly priority: CallContext['priority']
  readonly passId: string
  /** Aborts with the pass: a write that has not been sent yet is not sent then. */
  readonly signal: AbortSignal
  /** Called right before the call that carries it. */
  readonly sent: () => void
}

/** Sends writes, those of one kind together where the system takes several per call. (`batch.ts`) */
export interface Writer {
  /** Never rejects. */
  write(ask: WriteAsk): Promise<SendOutcome>
  /** How long a write to this system would wait for its turn in a batch now. */
  expectedWaitMs(system: string): number
}

/**
 * When the first load of an entity had listed all its systems (epoch ms); undefined while it is running.
 * (`first-loads.ts`)
 */
export interface FirstLoads {
  /** May be a second old while the first load is running. */
  listedAt(entity: Entity): Promise<number | undefined>
  /** As of now. */
  listedNow(entity: Entity): Promise<number | undefined>
}

/** A completed read of a whole place: its change feed or a complete list. */
export interface PlaceRead {
  /** Before its first request was sent. */
  readonly takenAt: number
  /** Its candidates were discovered before this; undefined for a read by another process. */
  readonly endedAt?: number
}

/** The outcome of a read of a whole place. */
export type PlaceReadResponse =
  | { readonly kind: 'seen'; readonly read: PlaceRead }
  /** `retryAt`: no such read is started before (epoch ms). */
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly retryAt: number }

/** Reads of whole places, shared by all passes that need evidence from them. (`place-reads.ts`) */
export interface PlaceReads {
  /** The newest read of the place, by this process or another. */
  newest(place: Place, kind: PlaceReadKind): Promise<PlaceRead | undefined>
  /**
   * The read that is running, if it began at `since` (epoch ms) or later; otherwise one that begins after the
   * call. Never rejects.
   */
  next(place: Place, kind: PlaceReadKind, since: number): Promise<PlaceReadResponse>
  /** The earliest time at which the next read can begin (epoch ms). */
  nextAt(place: Place, kind: PlaceReadKind): number
  /** Aborts the running reads and starts no more. */
  stop(): void
}

/** `feed`: the change feed was read to its end · `list`: a list that counts as complete */
export type PlaceReadKind = 'feed' | 'list'

/** Time limits for calls. */
export interface Timeouts {
  /**
   * Runs a call with a signal that aborts after `ms`, or when `parent` aborts. A call that does not stop then
   * is abandoned, and `onTimeout` provides its result: nothing waits longer than the limit. Rejects only when
   * the call rejects in time.
   */
  bound<Result>(
    ms: number,
    parent: AbortSignal,
    call: (signal: AbortSignal) => Promise<Result>,
    onTimeout: () => Result,
  ): Promise<Result>
}

/** Names a place. */
export interface LensPlace {
  readonly system: string
  readonly entity: string
}

/** The lens sets that members may have been read through. (`lens-book.ts`) */
export interface LensBook {
  /** The set of the bound definition; undefined when it has none here. */
  current(place: LensPlace): StoredLensSet | undefined
  /** The set before the current one; undefined when there was none. */
  previous(place: LensPlace): StoredLensSet | undefined
  /**
   * Lenses by field that a member was read through; `lens` as the member names it. Undefined: only the
   * current ones.
   */
  readThrough(place: LensPlace, lens: number | undefined): LensSet['fields'] | undefined
}

/** Native ids returned by creates whose outcome is not committed yet. (`answered-creates.ts`) */
export interface AnsweredCreates {
  keep(intentId: string, nativeId: string): void
  nativeIdOf(intentId: string): string | undefined
  /** Its outcome is durable. */
  forget(intentId: string): void
}
