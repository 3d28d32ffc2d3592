/**
 * Proposes by which fields two resources are matched. A name proves nothing: what is called `number` may be unique only within a tenant, and
 * matching by it would link the records of one tenant to those of another. So a proposal needs evidence that both systems keep exactly its
 * fields unique; what only looks like a key is a suggestion for a person.
 */
import type { FieldDescription, ResourceDescription } from '../../connectors/kit/description.ts'
import { wordsOf } from './field-names.ts'
import type { FieldPair } from './field-pair.ts'
import { identityRank, noIdentity } from './identity-names.ts'

/** How records of two resources can be recognised as the same. */
export interface MatchProposal {
  /** Combinations of pairs that both systems keep unique, the best first. */
  readonly proved: readonly (readonly FieldPair[])[]
  /** Pairs whose names sound like a key, without evidence that they are one, the best first. */
  readonly suggested: readonly FieldPair[]
}

/** Proposes from the pairs of a mapping. */
export function proposeMatch(
  left: ResourceDescription,
  right: ResourceDescription,
  pairs: readonly FieldPair[],
): MatchProposal {
  const usable = pairs.filter(
    (pair) => ['string', 'integer'].includes(pair.type.kind) && pair.confidence !== 'low',
  )
  const there = uniqueSets(right)
  const proved = uniqueSets(left).flatMap((fields) => {
    const found = fields.map((field) => usable.find((pair) => pair.left === field))
    const set = found.filter((pair) => pair !== undefined)
    const isUniqueThere = there.some((other) =>
      isSame(
        other,
        set.map((pair) => pair.right),
      ),
    )
    const isOwnId = set.length === 1 && set.some((pair) => isIdOfItsOwn(pair, left, right))
    return set.length < fields.length || !isUniqueThere || isOwnId ? [] : [set]
  })
  const taken = new Set(proved.flat())
  const suggested = usable.filter((pair) => !taken.has(pair) && nameRank(pair) < noIdentity)
  return {
    // Ranked by the surest word among its fields; of equals, the smaller combination.
    proved: proved.toSorted((a, b) => bestRank(a) - bestRank(b) || a.length - b.length),
    suggested: suggested.toSorted((a, b) => nameRank(a) - nameRank(b)),
  }
}

/** Whether a resource keeps exactly these fields unique. */
export function isKeptUnique(description: ResourceDescription, fields: readonly FieldDescription[]): boolean {
  return uniqueSets(description).some((set) => isSame(set, fields))
}

/** Combinations of fields that the system keeps unique and that it does not make up by itself: a counter means something in one system only. */
function uniqueSets(description: ResourceDescription): readonly (readonly FieldDescription[])[] {
  const { fields, key, uniques = [] } = description
  const byPath = new Map(fields.map((field) => [field.path.join('\n'), field]))
  const named = [key, ...uniques].map((paths) => paths.map((path) => byPath.get(path.join('\n'))))
  const single = fields.filter((field) => field.unique === true).map((field) => [field])
  const sets = [
    ...single,
    ...named.flatMap((set) => {
      const known = set.filter((field) => field !== undefined)
      return known.length === set.length && set.length > 0 ? [known] : []
    }),
  ]
  const whole = sets.filter((set) => set.every((field) => field.generated !== true))
  return whole.filter((set, index) => whole.findIndex((other) => isSame(other, set)) === index)
}

function isSame(some: readonly FieldDescription[], others: readonly FieldDescription[]): boolean {
  return some.length === others.length && some.every((field) => others.includes(field))
}

/** Types of ids that systems make up: where nobody says who gives them, they are taken for such. */
const madeUp = /int|serial|guid|uuid|number|^ID!?$/i

/**
 * An id that each system gives to its own records tells nothing about another's, and two counters meet by chance. A key that whoever creates a
 * record has to give is none.
 */
function isIdOfItsOwn(pair: FieldPair, left: ResourceDescription, right: ResourceDescription): boolean {
  const isOwn = (field: FieldDescription, { key }: ResourceDescription): boolean => {
    const isKey = key.length === 1 && key[0]?.join('\n') === field.path.join('\n')
    if (!isKey) return false
    const words = wordsOf(String(field.path.at(-1) ?? ''))
    const isCalledId = words.at(-1) === 'id' && !words.includes('external')
    return isCalledId || !field.creatable || (!field.required && madeUp.test(field.nativeType))
  }
  return isOwn(pair.left, left) || isOwn(pair.right, right)
}

function nameRank({ left, right }: FieldPair): number {
  // Both names have to mean it: the pair may be one of like names only.
  return Math.max(identityRank(left.path), identityRank(right.path))
}

function bestRank(pairs: readonly FieldPair[]): number {
  return Math.min(...pairs.map(nameRank))
}
