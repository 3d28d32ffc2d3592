/**
 * Checks whether the declared match keys are unique: on listed records, and by the unique keys that the
 * system declares.
 */
import type { ListedRecord } from '../../connectors/kit/contract.ts'
import type { ResourceDescription } from '../../connectors/kit/description.ts'
import { readCanonical } from '../../engine/observe/reading.ts'
import type { Entity, EntitySystem, MatchRule } from '../../model/integration.ts'
import { matchKeys } from '../../model/matching/match-keys.ts'
import type { CheckRow } from './check-row.ts'

type EqualityRule = Exclude<MatchRule, { readonly kind: 'score' }>

const hint =
  'records that share a key are not linked without a person: name a field that is unique in each system, or further fields that make the key unique'
/** Maximum number of records named in a message. */
const namedMax = 4

export interface KeyTrial {
  readonly entity: Entity
  readonly part: EntitySystem
  /** The listed records in scope. */
  readonly listed: readonly ListedRecord[]
}

/** True if an entity has a rule whose keys can be compared. */
export function hasEqualityRule({ match }: Entity): boolean {
  return match.some(({ kind }) => kind !== 'score')
}

/** Returns a row for each rule whose key several records share. Names records by id, never by value. */
export async function checkKeys({ entity, part, listed }: KeyTrial): Promise<CheckRow[]> {
  const holders = new Map<number, Map<string, string[]>>()
  // A list by offset may contain a record twice.
  for (const { nativeId, native } of new Map(listed.map((record) => [record.nativeId, record])).values()) {
    const { values } = await readCanonical(entity, part, native)
    for (const { rule, kind, text } of matchKeys(entity, values)) {
      if (kind !== 'exact') continue
      const byKey = holders.get(rule) ?? new Map<string, string[]>()
      holders.set(rule, byKey.set(text, [...(byKey.get(text) ?? []), nativeId]))
    }
  }
  return [...holders].flatMap(([index, byKey]): CheckRow[] => {
    const rule = entity.match[index]
    const shared = [...byKey.values()].filter((nativeIds) => nativeIds.length > 1)
    const [first] = shared
    if (rule === undefined || rule.kind === 'score' || first === undefined) return []
    const records = shared.reduce((sum, nativeIds) => sum + nativeIds.length, 0)
    const named = first.slice(0, namedMax).join(', ')
    const message = `match ${namesOf(rule)}: not unique, ${records} of ${listed.length} listed records share ${shared.length === 1 ? 'a key' : `${shared.length} keys`} (such as ${named})`
    return [{ level: 'warning', area: 'mapping', subject: `${entity.name} in ${part.system}`, message, hint }]
  })
}

/**
 * Returns a row for each rule that names only a part of a unique key of the system, because a part of a key
 * is not unique.
 */
export function checkPartialKeys(
  entity: Entity,
  part: EntitySystem,
  { key, uniques = [], fields }: ResourceDescription,
): CheckRow[] {
  const single = fields.filter(({ unique }) => unique === true).map(({ path }) => [path])
  const sets = [key, ...uniques, ...single].map((paths) => paths.map(spelt))
  return entity.match.flatMap((rule): CheckRow[] => {
    if (rule.kind === 'score') return []
    const named = new Set(rule.fields.flatMap((field) => pathsOf(part, field)))
    const isWhole = sets.some((set) => set.length > 0 && set.every((path) => named.has(path)))
    const wider = sets.find((set) => named.size > 0 && [...named].every((path) => set.includes(path)))
    if (isWhole || wider === undefined) return []
    const others = wider.filter((path) => !named.has(path)).map((path) => JSON.parse(path).join('.'))
    const message = `match ${namesOf(rule)}: ${part.system} keeps it unique only together with ${others.join(' and ')}`
    return [{ level: 'warning', area: 'mapping', subject: `${entity.name} in ${part.system}`, message, hint }]
  })
}

function namesOf({ kind, fields }: EqualityRule): string {
  return `${kind} ${fields.join(', ')}`
}

function pathsOf(part: EntitySystem, field: string): readonly string[] {
  const { native } = part.fields.get(field) ?? {}
  return native === undefined || native.expressions.length > 0 ? [] : native.paths.map(spelt)
}

function spelt(path: readonly (string | number)[]): string {
  return JSON.stringify(path)
}
