/**
 * Proposes which fields of two resources correspond: by name and type, one to one. Proposals are uncertain,
 * so each pair has a confidence, a reason, and a list of possible losses.
 */

import type { FieldDescription, ResourceDescription } from '../../connectors/kit/description.ts'
import { pathSimilarity, wordsOf } from './field-names.ts'
import type { FieldPair } from './field-pair.ts'
import { lossesBetween, typeFit } from './field-types.ts'
import { type MatchProposal, proposeMatch } from './propose-match.ts'

/** Proposal for two resources. */
export interface MappingProposal {
  /** In the order of the left side's fields. */
  readonly pairs: readonly FieldPair[]
  readonly match: MatchProposal
  /** Required fields of a create that no pair supplies. */
  readonly unmapped: {
    readonly left: readonly FieldDescription[]
    readonly right: readonly FieldDescription[]
  }
}

/** Similarity below which two names match only by chance. */
const leastScore = 0.62
const highScore = 0.88
const mediumScore = 0.74
/** The cost grows with the product; of larger resources, only the first fields are compared. */
const fieldsMax = 800

interface Scored extends Omit<FieldPair, 'confidence'> {
  readonly score: number
}

/** Compares two resources. @param owners further names of the record type, such as the entity's */
export function proposeMapping(
  left: ResourceDescription,
  right: ResourceDescription,
  owners: readonly string[] = [],
): MappingProposal {
  const names = [left.name, left.label ?? '', right.name, right.label ?? '', ...owners]
  const candidates = usable(left).flatMap((one) =>
    usable(right).flatMap((other) => {
      const scored = scoredPair(one, other, names)
      return scored === undefined ? [] : [scored]
    }),
  )
  const chosen = oneToOne(candidates)
  const pairs = left.fields.flatMap((field) => {
    const pair = chosen.find((one) => one.left === field)
    return pair === undefined ? [] : [finished(pair)]
  })
  return {
    pairs,
    match: proposeMatch(left, right, pairs),
    unmapped: {
      left: left.fields.filter((field) => field.required && !pairs.some((pair) => pair.left === field)),
      right: right.fields.filter((field) => field.required && !pairs.some((pair) => pair.right === field)),
    },
  }
}

/** Ids are meaningful only in their own system, and times of change are maintained by the system. */
function usable({ fields, key }: ResourceDescription): readonly FieldDescription[] {
  const keys = new Set(key.map((path) => path.join('.')))
  return fields.slice(0, fieldsMax).filter((field) => {
    const words = wordsOf(String(field.path.at(-1) ?? ''))
    const isBookKeeping =
      !isWritable(field) &&
      words.some((word) => ['created', 'updated', 'version', 'etag', 'revision'].includes(word))
    const isTime =
      field.type?.kind === 'instant' && words.some((word) => word === 'created' || word === 'updated')
    const isOwnId = keys.has(field.path.join('.')) && !isWritable(field)
    const isPlainId = keys.has(field.path.join('.')) && words.length === 1 && words[0] === 'id'
    return !isBookKeeping && !isTime && !isOwnId && !isPlainId
  })
}

function isWritable({ creatable, updatable }: FieldDescription): boolean {
  return creatable || updatable
}

function scoredPair(
  left: FieldDescription,
  right: FieldDescription,
  owners: readonly string[],
): Scored | undefined {
  if (!isWritable(left) && !isWritable(right)) return undefined
  const byPath = pathSimilarity(left.path, right.path, owners)
  const byLabel = pathSimilarity(labelOf(left), labelOf(right), owners)
  const name = Math.max(byPath, byLabel * 0.95)
  if (name < leastScore) return undefined
  const { fit, type } = typeFit(left.type, right.type)
  if (fit === 0 || type === undefined) return undefined
  const score = name * 0.8 + fit * 0.2
  if (score < leastScore) return undefined
  const reasons = [
    name >= 0.999 ? 'the names mean the same' : `the names are similar (${Math.round(name * 100)} %)`,
    fit === 1 ? `both are ${type.kind}` : `${left.nativeType} here, ${right.nativeType} there`,
  ]
  const source = !isWritable(left) ? 'left' : !isWritable(right) ? 'right' : 'both'
  return { left, right, type, score, reasons, source }
}

function labelOf({ label, path }: FieldDescription): readonly (string | number)[] {
  return label === undefined ? path : [label]
}

/**
 * Selects the best pairs first, each field once. Ties are resolved by the shorter path, then by the order of
 * the fields.
 */
function oneToOne(candidates: readonly Scored[]): readonly Scored[] {
  const ranked = candidates
    .map((pair, index) => ({ pair, index, depth: pair.left.path.length + pair.right.path.length }))
    .sort((a, b) => b.pair.score - a.pair.score || a.depth - b.depth || a.index - b.index)
  const taken = new Set<FieldDescription>()
  const chosen: Scored[] = []
  for (const { pair } of ranked) {
    if (taken.has(pair.left) || taken.has(pair.right)) continue
    taken.add(pair.left)
    taken.add(pair.right)
    chosen.push(pair)
  }
  return chosen
}

function finished({ score, ...pair }: Scored): FieldPair {
  const confidence = score >= highScore ? 'high' : score >= mediumScore ? 'medium' : 'low'
  return { ...pair, confidence }
}

/**
 * Describes what the pairs of a proposal would lose: `name: left → right: texts of up to 80 characters, of
 * which 40 fit`.
 */
export function pairLosses(
  { left, right, source }: FieldPair,
  names: { readonly left: string; readonly right: string },
): readonly string[] {
  const there = source === 'right' ? [] : lossesBetween(left, right)
  const back = source === 'left' ? [] : lossesBetween(right, left)
  return [
    ...there.map(({ message }) => `${names.left} → ${names.right}: ${message}`),
    ...back.map(({ message }) => `${names.right} → ${names.left}: ${message}`),
  ]
}
