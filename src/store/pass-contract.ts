/** What a pass commits: updates of the record, its members and intents, side rows, and how the pass ends. */
import type { ErrorCode } from '../model/error-codes.ts'
import type { IsthmusError } from '../model/errors.ts'
import type { Lane } from '../model/lane.ts'
import type { MatchKey } from '../model/matching/contract.ts'
import type { ConflictDraft } from '../model/merge/contract.ts'
import type {
  AgreedFields,
  CreateEvidence,
  Intent,
  IntentState,
  MemberFields,
  MemberState,
  RecordState,
} from '../model/state.ts'
import type { Lease } from './claim-contract.ts'
import type { Mark } from './intake-contract.ts'
import type { GuardedChange } from './run-contract.ts'
import type { ReleasedValue, ValueWaitDraft } from './value-wait-contract.ts'

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
  /**
   * Evidence that the system has no counterpart: still for the record's keys, and not too old. @default none
   * is required
   */
  readonly evidence?: {
    readonly keys: string
    readonly takenAt: number
    readonly goodUntil: number
    /** Native ids that must have been read since `takenAt`. @default none */
    readonly nativeIds?: readonly string[]
  }
}

/** New values of a record; missing keys are unchanged. */
export interface RecordUpdate {
  readonly state?: RecordState
  readonly rev?: number
  readonly fields?: AgreedFields
  readonly tombstoneRev?: number
  readonly releasedRev?: number
  readonly merging?: readonly string[]
}

/** The outcome of an intent. */
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
    | 'disclosure'
    | 'run'
    | 'definition'
  readonly recordId?: string
  readonly actor: string
  readonly body: unknown
}

/**
 * A hold: something waits for a person while everything else continues. One open hold per (record, system,
 * field, kind).
 */
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
 * Waits until the target record has a counterpart in the system; then the waiting record becomes dirty and a
 * lane that was `waiting` there opens. An unknown native id is waited for until it belongs to a record that
 * is more than a candidate. A field may wait for several targets; targets of the same kind (native ids, or
 * records) that a commit no longer names are dropped.
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
   * A draft with a new id is a new conflict. One with an existing id adds its candidates to the stored ones,
   * and closes the conflict when it has a winner; a conflict that a person has decided meanwhile is
   * unchanged.
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
  /**
   * For each create among the intents; refused too when another record of that system shares an exact key.
   */
  readonly createChecks?: readonly CreateCheck[]
  /** Changes among the intents that the guard counts. */
  readonly guarded?: readonly GuardedChange[]
}

/**
 * - `ok` · `fenced`: the lease is over, or another definition is bound since the claim; nothing was written
 * - `create-waits`: an unread candidate could be the counterpart; nothing was written
 * - `duplicate`: the record has an open duplicate, so that nothing is created for it; nothing was written
 * - `no-evidence`: the evidence for a create is for other match keys, or too old; nothing was written
 * - `rematch`: another record of that system shares a match key, or holds the native id this decision claims;
 *   nothing was written
 * - `guarded`: a change exceeds the bound of the mass-change guard; nothing was written, and nothing was
 *   counted
 */
export type DecisionResult =
  | { readonly kind: 'ok' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'create-waits'; readonly system: string }
  | { readonly kind: 'duplicate'; readonly system: string; readonly recordId: string }
  | { readonly kind: 'no-evidence'; readonly system: string }
  | { readonly kind: 'guarded'; readonly system: string; readonly operation: GuardedChange['operation'] }
  | { readonly kind: 'rematch'; readonly system: string; readonly recordId: string }

/**
 * The database refuses a value or a constraint of this item, or a row that it needs can't be read. A
 * repetition doesn't change that; nothing else of the item was written or decided.
 */
export interface Unstorable {
  readonly kind: 'unstorable'
  /** `STORE_VALUE_REFUSED`, or a code of a row that can't be read. */
  readonly error: IsthmusError
}

/** T3 + T4: outcomes of the sends, and the finish of the pass. */
export interface Settlement extends PassRows {
  readonly lease: Lease
  readonly record?: RecordUpdate
  readonly members?: readonly MemberUpdate[]
  readonly resolved?: readonly IntentUpdate[]
  readonly unmade?: readonly UnmadeChange[]
  /**
   * How the pass ends. `clean` clears the dirty mark only if `dirtySeq` still is `seq` (compare-and-clear),
   * otherwise the record is due at once. `again` keeps it dirty and due at `at`, or at once if it was marked
   * since the claim; `toRead` narrows the systems still to be read (default: all that the claim named).
   * `keep` keeps the claim (another round follows).
   */
  readonly finish:
    | { readonly kind: 'clean'; readonly seq: number }
    | { readonly kind: 'again'; readonly at: number; readonly toRead?: readonly string[] }
    | { readonly kind: 'keep' }
}

/**
 * `taken`: the native id belongs to another active record; nothing of this item was written. A candidate that
 * holds it is absorbed.
 */
export type SettlementResult =
  | { readonly kind: 'ok' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'taken'; readonly system: string; readonly recordId: string }
