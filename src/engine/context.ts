/**
 * What the parts of the engine share: the context of a running engine, the state of one pass, and the seams between the parts.
 *
 * A **pass** is one claim of one record: recover, observe, merge, decide, send, settle. Parts never write to the store on their own when they
 * can help it: they put their changes into the pass (`pass.ts`: `updateMember`, `updateRecord`, `addRows`, `addNeed`), and the next commit
 * of the pass carries all of them. Which commit ends the pass, and when the record is due again, is decided in `finish.ts` alone.
 */
import type {
  CallContext,
  CallFailure,
  ConnectedSystem,
  FindRequest,
  FindResult,
  ReadResult,
  WriteResult,
} from '../connectors/kit/contract.ts'
import type { DomainEvent, EmitEvent } from '../model/events.ts'
import type { Entity, FieldProblem, Integration } from '../model/integration.ts'
import type { ObservedValues, PlannedWrite } from '../model/merge/contract.ts'
import type { CreateEvidence, Intent, IntentOperation, Member, SyncRecord } from '../model/state.ts'
import type { CanonicalDocument, NativeRecord } from '../model/values.ts'
import type {
  AttachRequest,
  AttachResult,
  ClaimedRecord,
  CreateCheck,
  Decision,
  DecisionResult,
  GuardReservation,
  IntentUpdate,
  JournalEntry,
  MatchHit,
  MatchKey,
  MatchRequest,
  MemberUpdate,
  PassRows,
  RecordUpdate,
  ReferenceQuery,
  ReferenceResponse,
  Settlement,
  SettlementResult,
  Store,
} from '../store/contract.ts'
import type { PlaceLooks } from './intake/place-looks.ts'
import type { LensBook } from './observe/lens-book.ts'
import type { Clock, Random } from './ports.ts'
import type { Timeouts } from './protect/timeouts.ts'
import type { AnsweredCreates } from './write/answered-creates.ts'

/** Bounds of one engine. Times in milliseconds. */
export interface EngineSettings {
  /** Records worked on at the same time. @default 256 */
  readonly inFlight: number
  /** Life of a claim. @default 60000, longer where a system's time-outs ask for it */
  readonly leaseMs: number
  /** Kept free at the end of a lease. @default 2000 */
  readonly leaseMarginMs: number
  /** Longest wait between two looks into the queue. @default 500 */
  readonly pollMs: number
  /** Between two calls of the reaper. @default 500 */
  readonly reapMs: number
  /** A send starts at most this long after its intent was committed. @default 2000 */
  readonly startWindowMs: number
  /** Observe–merge–write rounds in one pass before it backs off. @default 3 */
  readonly rounds: number
  /** Claims without a finish after which a record's lanes are quarantined. @default 8 */
  readonly crashLimit: number
  /** First and longest back-off. @default 500 and 300000 */
  readonly backoffBaseMs: number
  /** Longest back-off, in milliseconds. @default 300000 */
  readonly backoffMaxMs: number
  /** A reference may wait this long for its target before a person is told. @default 600000 */
  readonly missingReferenceMs: number
  /** Items in one group commit. @default 256 */
  readonly batchMax: number
  /** Items waiting for a group commit; beyond it callers are refused. @default 8192 */
  readonly queueMax: number
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

/** What a read by id showed in this pass. */
export type Observation =
  | {
      readonly kind: 'live'
      readonly nativeId: string
      readonly native: NativeRecord
      /** Canonical, normalised for the system, references translated. */
      readonly observed: ObservedValues
      /** Fields that it could not read, and why. */
      readonly problems: readonly FieldProblem[]
      /** Fields that refer to a record which is not known yet. */
      readonly missing: ReadonlySet<string>
      readonly inScope: boolean
      /** Not older than what is absorbed already. Only admissible observations are merged. */
      readonly admissible: boolean
      /** Record id that the native record carries (marker or upsert key). */
      readonly marker?: string
      /** When the response was there (epoch ms): the seen state was present by then. */
      readonly seenAt: number
    }
  /** `goneSurvivor`: the record that it was merged into, where that one is gone as well. */
  | {
      readonly kind: 'gone'
      readonly at: number
      readonly mergedInto?: string
      readonly goneSurvivor?: string
    }
  /** No information. `shut`: the call was not made. */
  | { readonly kind: 'unknown'; readonly failure: CallFailure | 'shut' }

/** A reason to come back. The pass ends clean only without any. */
export interface Need {
  /** Epoch ms. */
  readonly at: number
  /** Constant words for events and logs. */
  readonly why: string
  /** Systems that must be looked at then; others need no look. */
  readonly look?: readonly string[]
}

/** Changes of a pass that no commit has carried yet. */
export interface PassDraft {
  record: RecordUpdate
  members: Map<string, MemberUpdate>
  resolved: IntentUpdate[]
  rows: { -readonly [Key in keyof PassRows]-?: NonNullable<PassRows[Key]>[number][] }
  matchKeys: readonly MatchKey[] | undefined
  /** Told once the commit is durable. */
  events: DomainEvent[]
}

/** What a refused write was based on. */
export interface RefusedState {
  readonly version: string | undefined
  /** Canonical values of the look before it. */
  readonly values: string | undefined
}

/** One pass over one claimed record. Working copies hold what the drafts will make of them. */
export interface Pass {
  readonly context: EngineContext
  readonly claim: ClaimedRecord
  readonly entity: Entity
  record: SyncRecord
  readonly members: Map<string, Member>
  /** Open intents, by system. */
  readonly intents: Map<string, Intent>
  readonly observations: Map<string, Observation>
  /** Native id by system and record id, for the references of this record; undefined = no counterpart there. */
  readonly references: Map<string, string | undefined>
  readonly needs: Need[]
  /** Systems whose wanted look took place in this pass. */
  readonly observedSystems: Set<string>
  /** Systems that had moved on when they were written to (412), and were not looked at since. */
  readonly stale: Set<string>
  /** Permits of the guard that no write of this pass has used so far, by system. */
  readonly permits: Map<string, 'create' | 'update'>
  /** What the last write that was refused in this way was based on, by system. */
  readonly refusedStates: Map<string, RefusedState>
  draft: PassDraft
  /** Monotonic ms: nothing may be sent or committed after it. */
  readonly deadline: number
  /** Aborts when the worker loses its session. */
  readonly signal: AbortSignal
  /** Epoch ms of the claim. */
  readonly startedAt: number
}

/**
 * How a part leaves a pass.
 *
 * - `go-on`: the record is active in the pass's working copy; the pass continues with what was seen so far
 * - `finish`: nothing more to do now; changes and needs are in the pass, `finish.ts` commits them
 * - `over`: the record's row is no longer ours or no longer there (attached, merged, fenced): nothing may be committed
 */
export type StepResult = 'go-on' | 'finish' | 'over'

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
  listedAt(context: EngineContext, entity: Entity): Promise<number | undefined>
}

/** Reads a member by id and keeps the observation in the pass. Never throws. (`observe.ts`) */
export type ObserveMember = (pass: Pass, system: string) => Promise<Observation>

/**
 * Commits the drafts and the intents of these writes in one decision, sends them, and puts the outcomes into the pass. Returns outcomes by
 * system, or why nothing was sent. (`dispatch.ts`)
 */
export type CarryOut = (
  pass: Pass,
  writes: readonly OutgoingWrite[],
) => Promise<
  /** `again`: a system had moved on (412), so the record has to be looked at once more in this pass. */
  | { readonly kind: 'sent'; readonly outcomes: ReadonlyMap<string, SendOutcome>; readonly again: boolean }
  | Exclude<DecisionResult, { readonly kind: 'ok' }>
>

/** The parts of the intake side that a pass calls. */
export interface PassParts {
  /** The record is a candidate: match it, promote it, park it. Its only member may be read already (`pass.observations`). (`candidate.ts`) */
  resolveCandidate(pass: Pass): Promise<StepResult>
  /** A read by id said `gone`: suspect the member, or follow the merge. Called once per gone member. (`detect.ts`) */
  handleGone(pass: Pass, system: string): Promise<StepResult>
  /** The record is `deleting`, or a member is `suspect` and was looked at or is due. (`detect.ts`) */
  continueDeletion(pass: Pass): Promise<StepResult>
  /**
   * A create was refused because another record shares an exact key in that system. `go-on`: the create is off for this pass.
   * (`candidate.ts`)
   */
  handleRematch(pass: Pass, system: string, recordId: string): Promise<StepResult>
  /**
   * May this write happen now? On a refusal the part has put the hold and the closed lane into the pass. A lane released by a person passes
   * once. (`guard.ts`)
   */
  allowChange(
    pass: Pass,
    change: { readonly system: string; readonly operation: IntentOperation },
  ): Promise<boolean>
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

/** Everything that all passes of one engine share. */
export interface EngineContext {
  readonly integration: Integration
  /** Epoch under which this engine claims and decides. @default whatever is bound */
  readonly binding?: number
  /** Lens sets of the bound definition and of earlier ones. @default none: no base is ever taken anew */
  readonly lenses?: LensBook
  readonly store: BatchedStore
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  readonly gates: ReadonlyMap<string, SystemGate>
  readonly read: ReadById
  readonly find: Find
  readonly looks: PlaceLooks
  readonly writer: Writer
  readonly answeredCreates: AnsweredCreates
  readonly firstLoads: FirstLoads
  /** All records of this system were listed once, or can't be listed: what has no counterpart by now is new. A true answer is remembered. */
  readonly baselineDone: (system: string, entity: string) => Promise<boolean>
  readonly timeouts: Timeouts
  readonly clock: Clock
  readonly random: Random
  readonly emit: EmitEvent
  readonly settings: EngineSettings
  readonly parts: PassParts
  /** Something was marked: wakes this process's worker at once and other processes soon. */
  readonly wake: () => void
}

/** A journal line of this pass. */
export type PassJournal = Omit<JournalEntry, 'recordId' | 'actor'>
