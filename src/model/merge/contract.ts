/** What the pure merge takes and gives. `merge-record.ts` computes it, `docs/explanation/merge.md` tells why it is right. */

import type { Entity } from '../integration.ts'
import type { AgreedFields, MemberFields, MemberState } from '../state.ts'
import type { CanonicalDocument, CanonicalValue } from '../values.ts'

/** An admissible look at one system's record, canonical and normalised for that system; references are record ids already. */
export interface Observation {
  readonly system: string
  readonly values: CanonicalDocument
  /** Fields about which this look says nothing (mapping problem, unresolved reference): left out of the merge. */
  readonly unknown: ReadonlySet<string>
  readonly version?: string
  /** Start of the read. */
  readonly at: number
  /** When the record changed by the remote's own clock. */
  readonly changedAt?: number
}

export interface MergeMember {
  readonly system: string
  readonly state: MemberState
  readonly fields: MemberFields
  /** Longest in-flight time plus read staleness of this system, for dropping own writes by evidence. */
  readonly settleMs: number
  /** The lane takes writes now (not in doubt, not backing off, not held). */
  readonly writable: boolean
}

export interface MergeInput {
  readonly entity: Entity
  readonly version: string
  readonly rev: number
  readonly fields: AgreedFields
  readonly members: ReadonlyMap<string, MergeMember>
  /** By system; only admissible ones. */
  readonly observations: ReadonlyMap<string, Observation>
  /**
   * Systems not looked at whose write will carry a precondition on the absorbed version: their shadow stands in for the look. Nothing is
   * absorbed from them.
   */
  readonly guarded: ReadonlySet<string>
  /** References the writes may use: by system, the record ids that have a counterpart there. Missing → the field waits. */
  readonly referable: (system: string, recordId: string) => boolean
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
  /** Which rule or policy decided: `single`, `prefer`, `latest`, `union`, `sum`, `function`, `owner`, `one-way`, `rule`, `person`. */
  readonly by: string
}

/** Concurrent, different changes to one field: every candidate is kept. */
export interface ConflictDraft {
  readonly id: string
  readonly field: string
  readonly candidates: readonly ConflictCandidate[]
  readonly policy: string
  /** Undefined: held for a person. */
  readonly winner?: string
}

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

/** What one system is to hold: canonical values, normalised for it, and the agreed revision of each. */
export interface PlannedWrite {
  readonly system: string
  readonly operation: 'create' | 'update'
  readonly values: CanonicalDocument
  readonly revs: Readonly<Record<string, number>>
}

export interface MergeResult {
  readonly rev: number
  readonly fields: AgreedFields
  /** New field states of every member that changed. */
  readonly members: ReadonlyMap<string, MemberFields>
  readonly changes: readonly FieldChange[]
  readonly conflicts: readonly ConflictDraft[]
  /** Fields put on hold because a remote keeps rewriting them. */
  readonly oscillations: readonly {
    readonly system: string
    readonly field: string
    readonly count: number
  }[]
  readonly writes: readonly PlannedWrite[]
  readonly waiting: readonly WaitingReference[]
  /** Something durable changed: without it, and without writes, there is nothing to commit but the finish. */
  readonly changed: boolean
}
