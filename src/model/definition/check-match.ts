/**
 * An entity that can create records in a system which has records of its own needs a rule that recognises
 * them; otherwise it would create every one a second time.
 */
import type { Entity, EntitySystem, MatchRule } from '../integration.ts'
import { problem } from './finding.ts'
import type { Report } from './report.ts'
import type { EntityDefinition } from './schema/entities.ts'

/** Records of `from` would be created in `to`, which has records of its own. */
interface Doubling {
  readonly from: EntitySystem
  readonly to: EntitySystem
}

/**
 * Requires `match`, or an explicit `match: never`, of an entity that would otherwise create copies of records
 * that several systems already hold; and rules whose fields are read in the systems concerned, since an
 * unread field can recognise nothing there.
 */
export function checkMatch(definition: EntityDefinition, entity: Entity, report: Report): void {
  if (definition.match === 'never') return
  const doublings = doublingsOf(entity)
  const [first] = doublings
  if (Array.isArray(definition.match) && definition.match.length === 0) {
    report(problem('match', ['match'], 'the list contains no rule', 'add a rule, or write match: never'))
    return
  }
  if (first === undefined) return
  if (definition.match === undefined) {
    report({
      ...problem(
        'match',
        ['match'],
        `nothing says how records that ${listed(systemsOf(entity, doublings))} hold already are recognised as the same: each would be created a second time`,
        `add match: [{ exact: [<a field that is unique in each system>] }], or match: never if they have nothing in common`,
      ),
      at: 'key',
    })
    return
  }
  const group = groupsOf(entity)
  const apart = doublings.find(({ from, to }) => group(from.system) !== group(to.system))
  if (apart === undefined) return
  const names = listed(systemsOf(entity, [apart]))
  report(
    problem(
      'match',
      ['match'],
      `no rule has all its fields read in ${names}, so none of their records would be recognised as the same`,
      'map the fields of a rule in both, add a rule with fields that both have, or write match: never',
    ),
  )
}

function doublingsOf(entity: Entity): readonly Doubling[] {
  const parts = [...entity.systems.values()]
  const readers = parts.filter(({ direction }) => direction !== 'target')
  const creators = parts.filter(({ direction, operations }) => direction === 'both' && operations.create)
  return creators.flatMap((to) => readers.filter((from) => from !== to).map((from) => ({ from, to })))
}

/** In the order of the definition. */
function systemsOf({ systems }: Entity, doublings: readonly Doubling[]): readonly string[] {
  const named = new Set(doublings.flatMap(({ from, to }) => [from.system, to.system]))
  return [...systems.keys()].filter((name) => named.has(name))
}

function fieldsOf(rule: MatchRule): readonly string[] {
  return rule.kind === 'score' ? Object.keys(rule.weights) : rule.fields
}

function isRead(part: EntitySystem, path: string): boolean {
  const [name = '', inner] = path.split('.')
  const field = part.fields.get(name)
  if (field?.readable !== true) return false
  return inner === undefined || field.parts === undefined || field.parts.has(inner)
}

/** True when a rule gives records of the system a key. */
function keys(rule: MatchRule, part: EntitySystem): boolean {
  const fields = fieldsOf(rule)
  return rule.kind === 'score'
    ? fields.some((path) => isRead(part, path))
    : fields.every((path) => isRead(part, path))
}

/**
 * Groups systems that can be matched with each other, directly or through a third: a record that was linked
 * there has the keys of both.
 */
function groupsOf({ match, systems }: Entity): (system: string) => string {
  const groups = new Map([...systems.keys()].map((name) => [name, name]))
  const groupOf = (name: string): string => groups.get(name) ?? name
  for (const rule of match) {
    const [first, ...others] = [...systems.values()].filter((part) => keys(rule, part))
    if (first === undefined) continue
    for (const other of others) {
      const [kept, joined] = [groupOf(first.system), groupOf(other.system)]
      for (const [name, group] of groups) if (group === joined) groups.set(name, kept)
    }
  }
  return groupOf
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
