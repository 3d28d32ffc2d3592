/** The candidate values of one conflict; pure, so that both stores behave the same. */
import type { ConflictCandidate } from '../model/merge/contract.ts'
import { sameValue } from '../model/merge/equivalence.ts'
import type { FieldPlace } from './codec-contract.ts'

/** Maximum number of edits that a long-lived conflict keeps, the newest; the journal has all of them. */
const candidatesMax = 200

/** Where the candidates of a conflict are stored. */
export function conflictPlace(id: string, recordId: string): FieldPlace {
  return { table: 'conflict', column: 'candidates', rowId: id, recordId }
}

/**
 * Returns the candidates of a conflict after further observations; a repeated value of a system counts as
 * new. Newest last.
 */
export function withMoreCandidates(
  known: readonly ConflictCandidate[],
  more: readonly ConflictCandidate[],
): readonly ConflictCandidate[] {
  const kept = known.filter(
    ({ system, value }) => !more.some((other) => other.system === system && sameValue(other.value, value)),
  )
  return [...kept, ...more].slice(-candidatesMax)
}

/**
 * Returns the value that choosing a system stands for: the value last observed there, or the one agreed
 * before if it came from that system.
 *
 * @param agreedFrom the system that the agreed value of the field comes from
 */
export function candidateOf(
  candidates: readonly ConflictCandidate[],
  system: string,
  agreedFrom: string | undefined,
): ConflictCandidate | undefined {
  const seen = candidates.findLast((candidate) => candidate.system === system)
  if (seen !== undefined || system !== agreedFrom) return seen
  return candidates.findLast((candidate) => candidate.system === 'agreed')
}
