import type { Entity, EntitySystem, Integration } from '../integration.ts'
import { formatPath } from '../lens/native-path.ts'
import type { NativePath } from '../lens/spec.ts'
import { type Finding, problem } from './finding.ts'
import { parseNativePath } from './native-path.ts'

/**
 * The properties of a resource that the definition is checked against. A connector's declared capabilities
 * fit.
 */
export interface CheckedCapabilities {
  readonly conditionalWrites: boolean
  readonly create: string
  readonly remove: string
  readonly changes: { readonly cursor: string }
  readonly list: { readonly paging: string }
  /** How a deletion shows. @default not known */
  readonly deletes?: string
  readonly search?: object
  /** Path at which the system itself stores our record ids, if it does. */
  readonly marker?: NativePath
}

/**
 * Capabilities of a system's resource; undefined when the resource isn't known (its connector reports that
 * itself).
 */
export type CapabilitiesOf = (system: string, resource: string) => CheckedCapabilities | undefined

/**
 * Reports requirements of the definition that systems don't support, and race windows that it doesn't accept.
 * Run by `check` and at start.
 */
export function checkAgainstCapabilities(
  integration: Integration,
  capabilitiesOf: CapabilitiesOf,
): Finding[] {
  return [...integration.entities.values()].flatMap((entity) =>
    [...entity.systems.values()].flatMap((part) => {
      const capabilities = capabilitiesOf(part.system, part.resource)
      if (capabilities === undefined) return []
      return [
        ...raceWindows(entity, part, capabilities),
        ...keyFindings(entity, part, capabilities),
        ...operationFindings(entity, part, capabilities),
        ...deletionFindings(entity, part, capabilities),
        ...triggerFindings(entity, part, capabilities),
      ]
    }),
  )
}

function place(entity: Entity, part: EntitySystem, ...rest: (string | number)[]) {
  return ['entities', entity.name, 'systems', part.system, ...rest]
}

/**
 * A field that is read and written can lose an edit made during our write, when the system supports no
 * precondition.
 */
function raceWindows(entity: Entity, part: EntitySystem, capabilities: CheckedCapabilities): Finding[] {
  if (capabilities.conditionalWrites || part.direction !== 'both') return []
  const open = [...part.fields.values()].filter(
    (field) => field.readable && field.writable && part.operations.update && !field.acceptRaceWindow,
  )
  return open.map((field) =>
    problem(
      'race-window',
      place(entity, part, 'map', field.name),
      `${part.system} supports no version precondition, so an edit of ${field.name} made there during a write may be lost`,
      'set acceptRaceWindow: true if that is acceptable, or direction: read',
    ),
  )
}

/** Two properties for record ids: an id written to one would be searched for in the other. */
function keyFindings(entity: Entity, part: EntitySystem, { marker }: CheckedCapabilities): Finding[] {
  const key = part.key === undefined ? undefined : parseNativePath(part.key)
  if (key === undefined || marker === undefined || formatPath(key) === formatPath(marker)) return []
  const kept = formatPath(marker)
  const message = `record ids are to be in ${formatPath(key)}, but ${part.system} keeps them in ${kept}`
  return [problem('capability', place(entity, part, 'key'), message, `write key: ${kept}, or leave key out`)]
}

function operationFindings(entity: Entity, part: EntitySystem, capabilities: CheckedCapabilities): Finding[] {
  const findings: Finding[] = []
  const at = place(entity, part, 'operations')
  if (part.operations.create && capabilities.create === 'unsupported')
    findings.push(
      problem(
        'capability',
        at,
        `${part.system} can't create ${part.resource}`,
        'list the other operations only',
      ),
    )
  const isFindable = part.key !== undefined && capabilities.search !== undefined
  if (part.operations.create && capabilities.create === 'none' && !isFindable) {
    const message = `${part.system} offers no way to identify a create: one whose outcome is unknown needs a decision`
    findings.push({ ...problem('capability', at, message), severity: 'warning' })
  }
  return [...findings, ...removalFindings(entity, part, capabilities)]
}

/** A deletion may end as an archive instead, never the reverse. */
function removalFindings(entity: Entity, part: EntitySystem, { remove }: CheckedCapabilities): Finding[] {
  const { action, from } = entity.delete
  const carries =
    action !== 'unlink' && part.operations.delete && from.some((system) => system !== part.system)
  if (!carries || remove === 'both' || remove === action) return []
  const at = place(entity, part, 'operations')
  if (action === 'delete' && remove === 'archive') {
    const message = `${part.system} can't delete ${part.resource}, so deletions archive there`
    return [{ ...problem('capability', at, message), severity: 'warning' }]
  }
  const can = remove === 'none' ? 'remove nothing' : `only ${remove}`
  const message = `deletions would ${action} ${part.resource}, but ${part.system} can ${can}`
  return [problem('capability', at, message, 'list create and update only, or choose another delete action')]
}

/**
 * Deletions that are to be carried over have to show somewhere: in the feed, in a webhook, or as an absence
 * from a complete list.
 */
function deletionFindings(entity: Entity, part: EntitySystem, capabilities: CheckedCapabilities): Finding[] {
  const { list, changes, deletes } = capabilities
  const index = entity.delete.from.indexOf(part.system)
  const isListed = list.paging !== 'offset' && list.paging !== 'none'
  const isFed = changes.cursor !== 'none' && (deletes === 'feed' || deletes === 'tombstone')
  if (index < 0 || isListed || isFed || part.triggers.some(({ kind }) => kind === 'webhook')) return []
  const reason = list.paging === 'none' ? 'has no list' : 'is listed by pages that can skip records'
  return [
    {
      ...problem(
        'capability',
        ['entities', entity.name, 'delete', 'from', index],
        `deletions in ${part.system} are never noticed: ${part.resource} ${reason}, and neither a feed nor a webhook reports them`,
        `declare a list by key or stable cursor, a feed that reports deletions, or webhooks; or leave ${part.system} out`,
      ),
      severity: 'warning',
    },
  ]
}

function triggerFindings(entity: Entity, part: EntitySystem, capabilities: CheckedCapabilities): Finding[] {
  return part.triggers.flatMap((trigger, index) => {
    const at = place(entity, part, 'triggers', index)
    const canList = capabilities.list.paging !== 'none'
    if (trigger.kind === 'poll' && capabilities.changes.cursor === 'none' && !canList)
      return [
        problem(
          'capability',
          at,
          `${part.system} offers no change feed for ${part.resource}`,
          'use a webhook',
        ),
      ]
    if (trigger.kind === 'full' && !canList)
      return [
        problem('capability', at, `${part.system} can't list ${part.resource}`, 'use a webhook or poll'),
      ]
    return []
  })
}
