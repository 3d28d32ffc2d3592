/**
 * The state of one pass. A pass is one claim of one record: recover, observe, merge, decide, send, finish.
 * Its steps avoid writing to the store on their own: they put their changes into the pass (`pass.ts`), and
 * the next commit of the pass carries all of them.
 */
import type { CallContext, CallFailure } from '../../connectors/kit/contract.ts'
import type { DomainEvent } from '../../model/events.ts'
import type { Entity } from '../../model/integration.ts'
import type { FieldProblem } from '../../model/lens/contract.ts'
import type { LookupAnswer } from '../../model/lookup.ts'
import type { ObservedValues } from '../../model/merge/contract.ts'
import type { Intent, Member, SyncRecord } from '../../model/state.ts'
import type { NativeRecord } from '../../model/values.ts'
import type {
  ClaimedRecord,
  IntentUpdate,
  JournalEntry,
  MatchKey,
  MemberUpdate,
  PassRows,
  RecordUpdate,
  UnmadeChange,
} from '../../store/contract.ts'
import type { EngineContext } from '../context.ts'

/** The result of a read by id in this pass. */
export type Observation =
  | {
      readonly kind: 'live'
      readonly nativeId: string
      readonly native: NativeRecord
      /** Canonical, normalised for the system, references translated. */
      readonly observed: ObservedValues
      /** Fields that could not be read, and why. */
      readonly problems: readonly FieldProblem[]
      /** Fields that refer to a record which is not known yet. */
      readonly missing: ReadonlySet<string>
      readonly inScope: boolean
      /** Not older than what is already absorbed. Only admissible observations are merged. */
      readonly admissible: boolean
      /** Record id that the native record carries (marker or upsert key). */
      readonly marker?: string
      /** When the response arrived (epoch ms): the observed state existed by then. */
      readonly seenAt: number
    }
  /** `goneSurvivor`: the record that it was merged into, if that one is gone as well. */
  | {
      readonly kind: 'gone'
      readonly at: number
      readonly mergedInto?: string
      readonly goneSurvivor?: string
    }
  /** No information. `shut`: the call was not made. */
  | { readonly kind: 'unknown'; readonly failure: CallFailure | 'shut' }

/** A reason to make the record due again. The pass ends clean only when there is none. */
export interface Need {
  /** Epoch ms. */
  readonly at: number
  /** A constant string for events and logs. */
  readonly why: string
  /** Systems that must be read then; others need no read. */
  readonly toRead?: readonly string[]
}

/** A kind of side row. */
export type PassRowKind = keyof PassRows

/** One side row of a kind. */
export type PassRow<Kind extends PassRowKind> = NonNullable<PassRows[Kind]>[number]

/** Changes of a pass that no commit has carried yet. */
export interface PassDraft {
  record: RecordUpdate
  members: Map<string, MemberUpdate>
  resolved: IntentUpdate[]
  unmade: UnmadeChange[]
  rows: { [Kind in PassRowKind]: PassRow<Kind>[] }
  matchKeys: readonly MatchKey[] | undefined
  /** Emitted once the commit is durable. */
  events: DomainEvent[]
}

/** The state that a refused write was based on. */
export interface RefusedState {
  readonly version: string | undefined
  /** Canonical values of the read before it. */
  readonly values: string | undefined
}

/** One pass over one claimed record. The working copies already contain the drafted changes. */
export interface Pass {
  /**
   * `<record id>.<epoch of the claim>`: names the pass in its events, its calls and the failures that it
   * stores.
   */
  readonly id: string
  readonly context: EngineContext
  readonly claim: ClaimedRecord
  readonly entity: Entity
  record: SyncRecord
  readonly members: Map<string, Member>
  /** Open intents, by system. */
  readonly intents: Map<string, Intent>
  readonly observations: Map<string, Observation>
  /**
   * Native id by system and record id, for the references of this record; undefined = no counterpart there.
   */
  readonly references: Map<string, string | undefined>
  readonly needs: Need[]
  /** Systems whose requested read took place in this pass. */
  readonly observedSystems: Set<string>
  /**
   * Systems whose version had changed when they were written to (412), and which have not been read since.
   */
  readonly stale: Set<string>
  /** The state that the last write refused in this way was based on, by system. */
  readonly refusedStates: Map<string, RefusedState>
  /** Priority of this pass's calls in a system's limits, once it was determined. */
  priority?: Promise<CallContext['priority']>
  /** Temporary values that this pass writes, by system and field. */
  readonly temporaries: Map<string, Readonly<Record<string, string>>>
  /** Answers to the lookups of its rules, failed ones as well: within a pass no lookup is repeated. */
  readonly lookups: Map<string, LookupAnswer>
  draft: PassDraft
  /** Monotonic ms: nothing may be sent or committed after it. */
  readonly deadline: number
  /** Aborts when the worker loses its session. */
  readonly signal: AbortSignal
  /** Epoch ms of the claim. */
  readonly startedAt: number
}

/**
 * How a step leaves a pass.
 *
 * - `go-on`: the record is active in the pass's working copy; the pass continues with the observations so far
 * - `finish`: nothing more to do now; changes and needs are in the pass, `finish.ts` commits them
 * - `over`: the record's row no longer belongs to this pass or no longer exists (attached, merged, fenced):
 *   nothing may be committed
 */
export type StepResult = 'go-on' | 'finish' | 'over'

/** A journal line of this pass. */
export type PassJournal = Omit<JournalEntry, 'recordId' | 'actor'>
