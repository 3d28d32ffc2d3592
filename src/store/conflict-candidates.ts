/** The values that compete in one conflict; pure, so that both stores do the same. */
import type { ConflictCandidate } from '../model/merge/contract.ts'
import { sameValue } from '../model/merge/equivalence.ts'

/** Edits that a conflict left open for long keeps, the newest; the journal has all of them. */
const candidatesMax = 200

/** What a conflict holds after more was seen; what a system shows once more counts as new. Newest last. */
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
 * The value that choosing a system means: what was seen there last, or what was agreed before if that came from there.
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
