/** Scores two records against each other, with an explanation that a person can check. */
import { canonicalJson } from '../canonical/equality.ts'
import { isCanonicalList } from '../canonical/object.ts'
import type { Entity, MatchRule } from '../integration.ts'
import { isEmpty, type MaybeValue, sameValue } from '../merge/equivalence.ts'
import type { CanonicalDocument } from '../values.ts'
import { comparableText, wordsOf } from './comparable-text.ts'
import { typeAt, valueAt } from './field-path.ts'
import { textSimilarity } from './similarity.ts'

/** A rule with weighted fields. */
export type ScoreRule = Extract<MatchRule, { kind: 'score' }>

/** How similar two records are under a rule. */
export interface MatchScore {
  /** 0..1. */
  readonly score: number
  /**
   * The contribution of each field, such as `name 0.58 of 0.60, address.postalCode 0.40 of 0.40`. Never
   * contains a value.
   */
  readonly why: string
}

/**
 * Adds up the weights of the fields, each multiplied by the similarity of its values. A value missing on
 * either side is no evidence and adds nothing.
 */
export function scoreMatch(
  entity: Entity,
  rule: ScoreRule,
  left: CanonicalDocument,
  right: CanonicalDocument,
): MatchScore {
  let score = 0
  const reasons: string[] = []
  for (const [path, weight] of Object.entries(rule.weights)) {
    const a = valueAt(left, path)
    const b = valueAt(right, path)
    if (isEmpty(a) || isEmpty(b)) {
      reasons.push(`${path} not comparable`)
      continue
    }
    const part = weight * similarity(entity, path, a, b)
    score += part
    reasons.push(`${path} ${part.toFixed(2)} of ${weight.toFixed(2)}`)
  }
  // Sums of weights such as 0.6 + 0.4 must reach 1 in spite of rounding errors.
  return { score: Math.round(score * 1e6) / 1e6, why: reasons.join(', ') }
}

function similarity(entity: Entity, path: string, left: MaybeValue, right: MaybeValue): number {
  if (sameValue(left, right)) return 1
  if (isCanonicalList(left) && isCanonicalList(right)) {
    const items = new Set(left.map(canonicalJson))
    const others = new Set(right.map(canonicalJson))
    const shared = [...others].filter((item) => items.has(item)).length
    return shared / (items.size + others.size - shared)
  }
  // A nearly equal number, date or reference is a different one.
  if (typeof left !== 'string' || typeof right !== 'string') return 0
  return typeAt(entity, path)?.kind === 'string' ? alike(left, right) : 0
}

/** Texts are compared both unchanged and with their words sorted, so that `Doe, Jane` equals `Jane Doe`. */
function alike(left: string, right: string): number {
  return Math.max(
    textSimilarity(comparableText(left), comparableText(right)),
    textSimilarity([...wordsOf(left)].sort().join(' '), [...wordsOf(right)].sort().join(' ')),
  )
}
