/** A change found by an observation, and its form as a candidate. */
import type { AgreedField } from '../state.ts'
import type { ConflictCandidate, ObservedValues } from './contract.ts'
import type { Side } from './drafts.ts'
import type { FieldRole } from './entity-shape.ts'
import type { MaybeValue } from './equivalence.ts'
import type { RankedCandidate } from './policies.ts'

/** One system's change of one field. */
export interface SeenChange {
  readonly role: FieldRole
  readonly side: Side
  readonly observation: ObservedValues
  readonly value: MaybeValue
  /** The value that the system held before; undefined also at first contact. */
  readonly base: MaybeValue
  readonly concurrent: boolean
  /** False at first contact: the system holds another value, but nobody edited it. */
  readonly edited: boolean
  /** The field took a new base from this observation, since its lens changed. */
  readonly rebased: boolean
}

/** The agreed field before anything was agreed. */
export const nothingAgreed: AgreedField = Object.freeze({ value: undefined, rev: 0, src: 'merge', at: 0 })

/** Returns the change as a candidate for the field. */
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

/**
 * Returns the value agreed before, which is a candidate too when a system's value was changed without
 * knowledge of it.
 */
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

/** Returns candidates in the form in which a conflict record stores them. */
export function draftCandidates(candidates: readonly RankedCandidate[]): readonly ConflictCandidate[] {
  return candidates.map(({ system, value, at }) => ({ system, value, at }))
}
