/**
 * Input and output of matching. `match-keys.ts` and `decide-match.ts` compute it; the store finds the records
 * in between.
 */
import type { Entity } from '../integration.ts'
import type { AgreedFields, RecordState } from '../state.ts'
import type { CanonicalDocument } from '../values.ts'

/** Blind index of one match rule's key: two records that share one may be the same. */
export interface MatchKey {
  /** Position of the rule in `entity.match`. */
  readonly rule: number
  /** `exact`: equality links · `block`: only narrows the search for scoring. */
  readonly kind: 'exact' | 'block'
  /** Canonical text; the store keeps only its keyed hash. */
  readonly text: string
}

/** A record that shares a key; several hits may name the same one. */
export interface MatchCandidate {
  readonly recordId: string
  readonly state: RecordState
  /** Position of the rule whose key is shared. */
  readonly rule: number
  readonly kind: 'exact' | 'block'
  /** Systems in which it has a counterpart. */
  readonly linked: readonly string[]
  /** Systems in which a create of it is open. */
  readonly creating: readonly string[]
  readonly fields: AgreedFields
  /** A person decided that the two are distinct. */
  readonly keptApart: boolean
  /** A worker is processing it: an unmatched one may be about to become a record of its own. */
  readonly busy: boolean
}

/** The known facts about an unmatched record and the records that share a key with it. */
export interface MatchQuestion {
  readonly entity: Entity
  /** The unmatched record. */
  readonly recordId: string
  /** The system it was discovered in. */
  readonly system: string
  readonly values: CanonicalDocument
  readonly hits: readonly MatchCandidate[]
}

/** A possible counterpart for the review queue. */
export interface ReviewCandidate {
  readonly recordId: string
  /** Thousandths; 1000 for equal keys. */
  readonly score: number
  readonly why: string
}

/**
 * - `link`: this record is the counterpart · `review`: a person decides · `none`: it is a separate record
 * - `wait`: the other record is not settled yet (itself unmatched, or just being created here); retry once it
 *   is
 */
export type MatchOutcome =
  | { readonly kind: 'link'; readonly recordId: string; readonly rule: string }
  | { readonly kind: 'review'; readonly candidates: readonly ReviewCandidate[] }
  | { readonly kind: 'wait'; readonly recordId: string }
  | { readonly kind: 'none' }
