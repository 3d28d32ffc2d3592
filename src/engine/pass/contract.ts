/**
 * The state of one pass. A pass is one claim of one record: recover, observe, merge, decide, send, finish. Its steps never write to the store on
 * their own when they can help it: they put their changes into the pass (`pass.ts`), and the next commit of the pass carries all of them.
 */
import type { CallContext, CallFailure } from '../../connectors/kit/contract.ts'
import type { DomainEvent } from '../../model/events.ts'
import type { Entity, FieldProblem } from '../../model/integration.ts'
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
} from '../../store/contract.ts'
import type { EngineContext } from '../context.ts'

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
  /** In which lane of a system's limits its calls wait, once that was asked. */
  priority?: Promise<CallContext['priority']>
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

/** A journal line of this pass. */
export type PassJournal = Omit<JournalEntry, 'recordId' | 'actor'>
