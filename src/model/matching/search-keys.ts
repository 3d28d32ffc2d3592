/** The keys under which a value that somebody types would be found. */
import { acceptValue } from '../canonical/accept-value.ts'
import type { Entity } from '../integration.ts'
import type { MatchKey } from './contract.ts'
import { matchKeys } from './match-keys.ts'

/**
 * Returns the keys of one value as that of each field by which records are matched. Rules that need several fields have no key
 * for a single value.
 */
export function searchKeys(entity: Entity, text: string): readonly MatchKey[] {
  const found = new Map<string, MatchKey>()
  for (const path of matchedPaths(entity)) {
    const field = entity.fields.get(path)
    const given = field === undefined ? undefined : acceptValue(field, text)
    if (given?.ok !== true) continue
    for (const key of matchKeys(entity, { [path]: given.value }))
      found.set(`${key.rule} ${key.kind} ${key.text}`, key)
  }
  return [...found.values()]
}

function matchedPaths({ match }: Entity): ReadonlySet<string> {
  return new Set(match.flatMap((rule) => (rule.kind === 'score' ? Object.keys(rule.weights) : rule.fields)))
}
