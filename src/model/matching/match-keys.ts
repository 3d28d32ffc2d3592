/** The keys under which a record can be found by another one that may be the same. */
import { canonicalJson } from '../canonical/equality.ts'
import type { Entity, MatchRule } from '../integration.ts'
import { isEmpty, type MaybeValue } from '../merge/equivalence.ts'
import type { AgreedFields } from '../state.ts'
import type { CanonicalDocument, CanonicalValue } from '../values.ts'
import { comparableText, distinctiveWords } from './comparable-text.ts'
import type { MatchKey } from './contract.ts'
import { typeAt, valueAt } from './field-path.ts'

/** Maximum number of words of a name that are used; further words add little. */
const wordsMax = 6

/**
 * Returns all keys of a record, by the match rules of its entity. A rule with a missing field gives no key:
 * common absence is no evidence.
 */
export function matchKeys(entity: Entity, values: CanonicalDocument): MatchKey[] {
  return entity.match.flatMap((rule, index) =>
    rule.kind === 'score' ? blockKeys(entity, rule, index, values) : equalityKey(entity, rule, index, values),
  )
}

function equalityKey(
  entity: Entity,
  rule: Exclude<MatchRule, { kind: 'score' }>,
  index: number,
  values: CanonicalDocument,
): MatchKey[] {
  const parts: string[] = []
  for (const path of rule.fields) {
    const value = valueAt(values, path)
    if (isEmpty(value)) return []
    const part = rule.kind === 'exact' ? canonicalJson(value ?? null) : comparablePart(entity, path, value)
    if (part === '') return []
    parts.push(part)
  }
  return parts.length === 0 ? [] : [{ rule: index, kind: 'exact', text: canonicalJson(parts) }]
}

/**
 * Records are only scored against those that share a block with them: the same value in one of the weighted
 * fields, the same first letters of all words, or the same first two words up to their fourth letter. Typing
 * errors further back, other word orders and added words are still found.
 */
function blockKeys(
  entity: Entity,
  rule: Extract<MatchRule, { kind: 'score' }>,
  index: number,
  values: CanonicalDocument,
): MatchKey[] {
  const texts = new Set<string>()
  for (const path of Object.keys(rule.weights)) {
    const value = valueAt(values, path)
    if (isEmpty(value)) continue
    const whole = comparablePart(entity, path, value)
    if (whole !== '') texts.add(canonicalJson([path, whole]))
    if (typeof value !== 'string' || typeAt(entity, path)?.kind !== 'string') continue
    const words = distinctiveWords(value).slice(0, wordsMax)
    if (words.length === 0) continue
    texts.add(canonicalJson([path, 'all', initials(words, 3)]))
    texts.add(canonicalJson([path, 'two', initials(words.slice(0, 2), 4)]))
  }
  return [...texts].map((text) => ({ rule: index, kind: 'block', text }))
}

function initials(words: readonly string[], letters: number): string {
  return words
    .map((word) => [...word].slice(0, letters).join(''))
    .sort()
    .join(' ')
}

function comparablePart(entity: Entity, path: string, value: MaybeValue): string {
  return typeof value === 'string' && typeAt(entity, path)?.kind === 'string'
    ? comparableText(value)
    : canonicalJson(value ?? null)
}

/** Returns the values that are agreed now, under which a record is found. */
export function agreedValues(fields: AgreedFields): CanonicalDocument {
  const values: Record<string, CanonicalValue> = {}
  for (const [name, agreed] of Object.entries(fields)) {
    if (agreed.value !== undefined) values[name] = agreed.value
  }
  return values
}
