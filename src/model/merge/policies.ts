/**
 * Policies that decide between several different candidates for one field. Pure, and independent of the order
 * of the observations.
 */
import type { Candidate } from '../integration.ts'
import type { AgreedField } from '../state.ts'
import { mergeSets, sumChanges } from './combine.ts'
import type { FieldShape } from './entity-shape.ts'
import { type MaybeValue, sameValue } from './equivalence.ts'

/** A candidate with the data that the policies need to rank it. */
export interface RankedCandidate extends Candidate {
  /** The system whose rank it has; for the agreed value its source. */
  readonly standsFor: string
  /** When it was observed, for the conflict record. */
  readonly at: number
}

/** The decision of a policy, and the name under which it is recorded. */
export type PolicyDecision =
  | { readonly kind: 'winner'; readonly candidate: RankedCandidate; readonly by: string }
  | { readonly kind: 'computed'; readonly value: MaybeValue; readonly by: string }
  | { readonly kind: 'held'; readonly by: string }

/** Decides between candidates that are not all the same. */
export function applyPolicy(
  shape: FieldShape,
  candidates: readonly RankedCandidate[],
  agreed: AgreedField,
): PolicyDecision {
  const { policy, owner } = shape.field
  const owned = candidates.find((candidate) => candidate.system === owner)
  if (owned !== undefined) return { kind: 'winner', candidate: owned, by: 'owner' }
  switch (policy.kind) {
    case 'prefer':
      return preferred(shape, candidates, policy.rank)
    case 'latest':
      return latest(candidates, policy.skewMs) ?? preferred(shape, candidates, policy.rank)
    case 'manual':
      return { kind: 'held', by: 'manual' }
    case 'union':
      return computed(mergeSets(agreed, changesOf(candidates)), 'union') ?? preferred(shape, candidates, [])
    case 'sum':
      return (
        computed(sumChanges(agreed, changesOf(candidates)), 'sum') ??
        preferred(shape, candidates, policy.rank)
      )
    case 'function':
      return (
        computed(decideByFunction(policy.decide, candidates), 'function') ??
        preferred(shape, candidates, policy.rank)
      )
  }
}

/**
 * The first by rank. A person's decision ranks before every system, since people decide last; systems that
 * are not named come in the order of the definition, followed by values made by rules or merges. A new value
 * ranks before the agreed one of the same system.
 */
function preferred(
  shape: FieldShape,
  candidates: readonly RankedCandidate[],
  rank: readonly string[],
): PolicyDecision {
  const [first, ...others] = candidates
  if (first === undefined) return { kind: 'held', by: 'prefer' }
  const winner = others.reduce(
    (best, candidate) => (position(shape, rank, candidate) < position(shape, rank, best) ? candidate : best),
    first,
  )
  return { kind: 'winner', candidate: winner, by: 'prefer' }
}

function position(shape: FieldShape, rank: readonly string[], candidate: RankedCandidate): number {
  const system = candidate.standsFor
  if (system === 'person') return -1
  const named = rank.indexOf(system)
  const agreedLast = candidate.system === 'agreed' ? 0.5 : 0
  if (named >= 0) return named + agreedLast
  const defined = shape.roles.findIndex((role) => role.system === system)
  return rank.length + (defined >= 0 ? defined : shape.roles.length) + agreedLast
}

/** Returns the system that ranks first by the field's policy. */
export function firstByRank(shape: FieldShape, systems: readonly string[]): string | undefined {
  const { policy } = shape.field
  const rank = 'rank' in policy ? policy.rank : []
  const positionOf = (system: string): number => {
    const named = rank.indexOf(system)
    return named >= 0 ? named : rank.length + shape.roles.findIndex((role) => role.system === system)
  }
  return systems.toSorted((one, other) => positionOf(one) - positionOf(other))[0]
}

/**
 * The latest candidate, if every different value is older by more than the possible clock skew; otherwise
 * undecided.
 */
function latest(candidates: readonly RankedCandidate[], skewMs: number): PolicyDecision | undefined {
  let newest: RankedCandidate | undefined
  for (const candidate of candidates) {
    if (candidate.changedAt === undefined) return undefined
    if (newest?.changedAt === undefined || candidate.changedAt > newest.changedAt) newest = candidate
  }
  if (newest?.changedAt === undefined) return undefined
  const bound = newest.changedAt - skewMs
  const doubtful = candidates.some(
    (candidate) =>
      candidate !== newest &&
      !sameValue(candidate.value, newest.value) &&
      (candidate.changedAt === undefined || candidate.changedAt >= bound),
  )
  return doubtful ? undefined : { kind: 'winner', candidate: newest, by: 'latest' }
}

/** The candidates that are changes, without the value agreed before. */
function changesOf(candidates: readonly RankedCandidate[]): readonly RankedCandidate[] {
  return candidates.filter((candidate) => candidate.system !== 'agreed')
}

function computed(value: MaybeValue, by: string): PolicyDecision | undefined {
  return value === undefined ? undefined : { kind: 'computed', value, by }
}

/**
 * A function of the definition may fail on unexpected values; the rank decides then, and every candidate is
 * kept anyway.
 */
function decideByFunction(
  decide: (candidates: readonly Candidate[]) => MaybeValue,
  candidates: readonly RankedCandidate[],
): MaybeValue {
  try {
    return decide(
      candidates.map(({ system, value, base, changedAt }) => ({
        system,
        value,
        base,
        ...(changedAt === undefined ? {} : { changedAt }),
      })),
    )
  } catch {
    return undefined
  }
}
