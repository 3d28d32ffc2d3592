/** A change that a look has found, and how it is put down as a candidate. */
import type { AgreedField } from '../state.ts'
import type { ConflictCandidate, ObservedValues } from './contract.ts'
import type { FieldRole } from './entity-shape.ts'
import type { MaybeValue } from './equivalence.ts'
import type { Side } from './pass.ts'
import type { RankedCandidate } from './policies.ts'

/** One system's change of one field. */
export interface SeenChange {
  readonly role: FieldRole
  readonly side: Side
  readonly observation: ObservedValues
  readonly value: MaybeValue
  /** What the system held before; undefined also at first contact. */
  readonly base: MaybeValue
  readonly concurrent: boolean
  /** False at first contact: the system holds another value, but nobody edited it. */
  readonly edited: boolean
  /** The field took a new base from this look, since its lens changed. */
  readonly rebased: boolean
}

/** The agreed field before anything was agreed. */
export const nothingAgreed: AgreedField = Object.freeze({ value: undefined, rev: 0, src: 'merge', at: 0 })

/** The change as a competitor for the field. */
export function candidateOf(change: SeenChange): RankedCandidate {
  const { observation, role, value, base } = change
  return {
    system: role.system,
    standsFor: role.system,
    value,
    base,
    at: observation.changedAt ?? observation.at,
    ...(observation.changedAt === undefined ? {} : { changedAt: observation.changedAt }),
  }
}

/** The value agreed before competes too when somebody changed theirs without knowing it. */
export function agreedCandidate(agreed: AgreedField): RankedCandidate {
  return {
    system: 'agreed',
    standsFor: agreed.src,
    value: agreed.value,
    base: agreed.value,
    at: agreed.at,
    ...(agreed.changedAt === undefined ? {} : { changedAt: agreed.changedAt }),
  }
}

/** Candidates as a conflict record keeps them. */
export function draftCandidates(candidates: readonly RankedCandidate[]): readonly ConflictCandidate[] {
  return candidates.map(({ system, value, at }) => ({ system, value, at }))
}
