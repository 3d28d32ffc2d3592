/**
 * What the engine asks of the world besides stores and connectors, and what its steps ask of each other. Clock and chance are injected, so that
 * a simulation runs the same engine on virtual time; the rest is composed once in `engine.ts`.
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
  /** Never goes back; for deadlines of this process. */
  monotonic(): number
  /** Resolves after `ms`, or early when the signal aborts (it never rejects). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Runs `task` in a later turn, before any timer: the moment at which a group commit closes. */
  defer(task: () => void): void
}

export interface Random {
  /** [0, 1) */
  next(): number
  /** A new record or intent id: UUID v7. */
  uuid(): string
}

/** Store calls for one record at a time; many of them share one statement. Whatever is not here goes through `direct`. */
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
  /** False from the failures that close it until a probe has been answered. */
  readonly isOpen: boolean
  /** Undefined while calls may go, if only as a probe; else the time (epoch ms) at which the next one may be tried. */
  closedUntil(): number | undefined
  /**
   * Runs a call when there is room. Returns `shut` without calling when the gate is closed, or when there was no room within `waitMs`.
   * A result whose failure has scope `system` counts against the gate, any other response for it; `no-news`: no call was made after all.
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

/** A read by id with the times that make it evidence (epoch ms). `shut`: the gate is closed or the system too busy. */
export type TimedRead =
  | { readonly result: ReadResult; readonly startedAt: number; readonly seenAt: number }
  | 'shut'

/** Reads one native record; reads of the same resource share a call where the system can do that. Never rejects. (`reader.ts`) */
export type ReadById = (request: {
  readonly system: string
  readonly resource: string
  readonly nativeId: string
  readonly signal: AbortSignal
  /** @default 'webhook' */
  readonly priority?: CallContext['priority']
}) => Promise<TimedRead>

/** Searches a resource; searches of several records share a call where the system can do that. Never rejects. (`finder.ts`) */
export type Find = (request: {
  readonly system: string
  readonly resource: string
  readonly request: FindRequest
  readonly signal: AbortSignal
  readonly priority: CallContext['priority']
}) => Promise<FindResult | 'shut'>

/** One remote write that is ready to go. */
export interface OutgoingWrite {
  readonly intent: Intent
  /** The fields it is about; undefined for archives and deletes. */
  readonly planned?: PlannedWrite
  /** Canonical values of everything in the body, for the own-write memory. */
  readonly body?: CanonicalDocument
  /** Native record last read: what systems that replace whole objects are completed from. */
  readonly base?: NativeRecord
  /** Update only: when the look began that it is based on (epoch ms). */
  readonly lookedAt?: number
  /** Create only: what must hold when its intent is committed. */
  readonly check?: CreateCheck
  /** Create only: what shows that there is no counterpart. */
  readonly evidence?: CreateEvidence
}

/** What became of one write: the connector's response, or why there is none. */
export type SendOutcome = WriteResult | { readonly kind: 'unsent'; readonly reason: 'late' | 'shut' }

/** One write handed to the lane of its kind. */
export interface WriteAsk {
  readonly write: OutgoingWrite
  /** Monotonic ms: it must not leave after this. */
  readonly startBefore: number
  readonly priority: CallContext['priority']
  /** Aborts with the pass: a write that has not left yet stays here then. */
  readonly signal: AbortSignal
  /** Called right before the call that carries it. */
  readonly sent: () => void
}

/** Sends writes, those of one kind together where the system takes several in a call. (`batch.ts`) */
export interface Writer {
  /** Never rejects. */
  write(ask: WriteAsk): Promise<SendOutcome>
  /** How long a write to this system would wait for its turn in a batch now. */
  expectedWaitMs(system: string): number
}

/** When the first load of an entity had listed all its systems (epoch ms); undefined while it goes on. (`first-loads.ts`) */
export interface FirstLoads {
  listedAt(entity: Entity): Promise<number | undefined>
}

/** A look that is over. */
export interface Look {
  /** Before the first request of it left. */
  readonly takenAt: number
  /** Its candidates were discovered before this; undefined for the look of another process. */
  readonly endedAt?: number
}

export type LookResponse =
  | { readonly kind: 'seen'; readonly look: Look }
  /** `retryAt`: no look is taken before (epoch ms). */
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly retryAt: number }

export interface PlaceLooks {
  /** The newest look at the place, by this process or another. */
  newest(place: Place, kind: LookKind): Promise<Look | undefined>
  /** The look that is being taken, if it began at `since` (epoch ms) or later; else one that begins after the call. Never rejects. */
  next(place: Place, kind: LookKind, since: number): Promise<LookResponse>
  /** When the next look can begin, at the earliest (epoch ms). */
  nextAt(place: Place, kind: LookKind): number
  /** Ends the looks that are going on; there are no more. */
  stop(): void
}

/** `feed`: the change feed was read to its end · `list`: a list that counts as complete */
export type LookKind = 'feed' | 'list'

/** Time limits for calls. */
export interface Timeouts {
  /**
   * Runs a call with a signal that aborts after `ms`, or when `parent` aborts. A call that does not stop then is left behind, and
   * `onTimeout` answers for it: nobody waits longer than the limit. Rejects only when the call rejects in time.
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

export interface LensBook {
  /** The set of the bound definition; undefined when it has none here. */
  current(place: LensPlace): StoredLensSet | undefined
  /** The set before the current one; undefined when there was none. */
  previous(place: LensPlace): StoredLensSet | undefined
  /** Lenses by field that a member was read through; `lens` as the member names it. Undefined: no other than the current ones. */
  readThrough(place: LensPlace, lens: number | undefined): LensSet['fields'] | undefined
}

/** Native ids of creates that were answered and not committed yet. (`answered-creates.ts`) */
export interface AnsweredCreates {
  keep(intentId: string, nativeId: string): void
  nativeIdOf(intentId: string): string | undefined
  /** Its outcome is durable. */
  forget(intentId: string): void
}
