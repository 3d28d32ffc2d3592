/**
 * Input and output of the pure merge; `docs/explanation/merge.md` explains why it is correct.
 *
 * The engine calls `mergeAndPlan` (../merge-and-plan.ts) once per round. It runs three steps: `mergeRecord`
 * absorbs the observations and decides each field, `applyRules` runs the business rules on the merged record,
 * `planWrites` determines what each system should hold.
 */

import type { Entity } from '../integration.ts'
import type { LookupAnswers, LookupQuestion } from '../lookup.ts'
import type { AgreedFields, MemberFields, MemberState } from '../state.ts'
import type { CanonicalDocument, CanonicalValue } from '../values.ts'

/**
 * An admissible observation of one system's record, canonical and normalised for that system; references are
 * record ids already.
 */
export interface ObservedValues {
  readonly system: string
  readonly values: CanonicalDocument
  /**
   * Fields whose value this observation does not reveal (mapping problem, unresolved reference): left out of
   * the merge.
   */
  readonly unknown: ReadonlySet<string>
  readonly version?: string
  /** Start of the read. */
  readonly at: number
  /** When the record changed according to the remote's own clock. */
  readonly changedAt?: number
  /**
   * Fields whose base belongs to another lens, and how the lens changed: they take a new base from this
   * observation. @default none
   */
  readonly rebase?: ReadonlyMap<string, 'mapping' | 'canonical'>
}

/** One system's counterpart of the record, as far as the merge requires it. */
export interface MergeMember {
  readonly system: string
  readonly state: MemberState
  readonly fields: MemberFields
  /** Longest in-flight time plus read staleness of this system, for dropping own writes by evidence. */
  readonly settleMs: number
  /**
   * How long after a write of ours a change made by the system itself may be noticed (ms). Later changes were
   * made by somebody, and do not count for the oscillation breaker. @default no bound
   */
  readonly noticeMs?: number
  /** The lane takes writes now (not in doubt, not backing off, not held). */
  readonly writable: boolean
}

/** Everything that the result depends on. */
export interface MergeInput {
  readonly entity: Entity
  readonly version: string
  readonly rev: number
  readonly fields: AgreedFields
  readonly members: ReadonlyMap<string, MergeMember>
  /** By system; only admissible ones. */
  readonly observations: ReadonlyMap<string, ObservedValues>
  /**
   * Systems that were not read, whose write will carry a precondition on the absorbed version: their shadow
   * replaces the observation. Nothing is absorbed from them.
   */
  readonly guarded: ReadonlySet<string>
  /**
   * References the writes may use: by system, the record ids that have a counterpart there. Missing → the
   * field waits.
   */
  readonly referable: (system: string, recordId: string) => boolean
  /** Rule holds are released until the record's rev moves past this (`record.releasedRev`). */
  readonly releasedRev?: number
  /**
   * Answers of lookups to the questions of an earlier round. @default none; answers stored with the fields
   * count as well
   */
  readonly answers?: LookupAnswers
  readonly now: number
  /** Makes conflict ids; injected to keep the merge pure. */
  readonly newId: () => string
}

/** One transition of an agreed field. */
export interface FieldChange {
  readonly field: string
  readonly from: CanonicalValue | undefined
  readonly to: CanonicalValue | undefined
  readonly rev: number
  readonly src: string
  /**
   * The rule or policy that decided: `single`, `prefer`, `latest`, `union`, `sum`, `function`, `owner`,
   * `one-way`, `rule`, `person`.
   */
  readonly by: string
}

/**
 * Concurrent, different changes to one field: every candidate is kept.
 *
 * A draft with the id of an open conflict (`AgreedField.heldBy`) belongs to it: its candidates are added to
 * the existing ones, and with a `winner` the conflict is closed (all sides came to agree without a decision).
 */
export interface ConflictDraft {
  readonly id: string
  readonly field: string
  readonly candidates: readonly ConflictCandidate[]
  readonly policy: string
  /**
   * A system, `agreed` (the value agreed before stays) or `merge` (computed from all). Undefined: held for
   * review.
   */
  readonly winner?: string
}

/** One of the candidate values, and where and when it was observed (epoch ms). */
export interface ConflictCandidate {
  readonly system: string
  readonly value: CanonicalValue | undefined
  readonly at: number
}

/** A field of one system that waits for another record's counterpart there. */
export interface WaitingReference {
  readonly system: string
  readonly field: string
  readonly recordId: string
  /** The field can't be left out, so the whole lane waits. */
  readonly blocksLane: boolean
}

/** The values that one system should hold: canonical, normalised for it, with the agreed revision of each. */
export interface PlannedWrite {
  readonly system: string
  readonly operation: 'create' | 'update'
  readonly values: CanonicalDocument
  readonly revs: Readonly<Record<string, number>>
  /**
   * Fields whose value here only frees the one that another record waits for; `revs` has what the system
   * holds of them. @default none
   */
  readonly temporary?: readonly string[]
}

/**
 * Something the merge recognised and corrected automatically; emitted as a domain event, never a reason to
 * act.
 */
export interface MergeNote {
  /**
   * `coerced`: the system keeps our value in a poorer form · `resurfaced`: an older write of ours took effect
   * late · `not-stored`: a write was confirmed but not stored, and is sent once more · `refused`: that
   * happened twice, and the revision counts as refused.
   */
  readonly kind: 'coerced' | 'resurfaced' | 'not-stored' | 'refused'
  readonly system: string
  readonly field: string
}

/** A rule or a required field that stops all writes of the record until its values change. */
export interface RuleProblem {
  /** `hold`: a person may release it (see `MergeInput.releasedRev`) · `require`: the data has to change. */
  readonly kind: 'require' | 'hold'
  /** Position in `entity.rules`; undefined for a required field without a value. */
  readonly rule?: number
  readonly field?: string
  /** From the definition, or a sentence that names the field. Never contains a value. */
  readonly message: string
}

/** The changes made by the observations: absorbed values and decided fields, before any write is planned. */
export interface MergeDecision {
  readonly rev: number
  readonly fields: AgreedFields
  /** New field states of every member that changed, each whole. */
  readonly members: ReadonlyMap<string, MemberFields>
  readonly changes: readonly FieldChange[]
  readonly conflicts: readonly ConflictDraft[]
  /** Fields put on hold because a remote keeps rewriting them. */
  readonly oscillations: readonly {
    readonly system: string
    readonly field: string
    readonly count: number
  }[]
  readonly notes: readonly MergeNote[]
}

/** A decision with the writes and problems that follow from it. */
export interface MergeResult extends MergeDecision {
  /** Not empty: nothing is written, the record waits for a person or for other values. */
  readonly problems: readonly RuleProblem[]
  readonly writes: readonly PlannedWrite[]
  readonly waiting: readonly WaitingReference[]
  /**
   * Lookups of rules without an answer. If not empty, the rules concerned are among the problems; merge again
   * with the answers.
   */
  readonly asks: readonly LookupQuestion[]
  /**
   * Something durable changed: without it, and without writes, only the end of the pass has to be committed.
   */
  readonly changed: boolean
}
