/** Turns the one-way form into an ordinary entity, and maps findings back to the original form. */
import { type DefinitionPath, problem } from './finding.ts'
import { splitArrow } from './native-path.ts'
import type { Report } from './report.ts'
import type { EntityDefinition, EntitySystemDefinition } from './schema/entities.ts'
import type { FieldDefinition } from './schema/fields.ts'
import type { MappingDefinition } from './schema/mapping.ts'
import type { OneWayDefinition, OneWayMapping } from './schema/one-way.ts'

/** An entity in its ordinary form. */
export interface OrdinaryEntity {
  readonly definition: EntityDefinition
  /** Path inside the ordinary form → path inside the original form. */
  readonly written: (path: DefinitionPath) => DefinitionPath
  /** Path at which a system is named in the original form. */
  readonly namedAt: (system: string) => DefinitionPath
}

/** Returns an entity in its ordinary form. */
export function ordinaryEntity(entity: EntityDefinition | OneWayDefinition, report: Report): OrdinaryEntity {
  return 'from' in entity
    ? expandOneWay(entity, report)
    : { definition: entity, written: (path) => path, namedAt: (system) => ['systems', system] }
}

function expandOneWay(entity: OneWayDefinition, report: Report): OrdinaryEntity {
  const { from, to, map, ...policies } = entity
  if (from.system === to.system)
    report(
      problem('unknown-name', ['to', 'system'], `${to.system} is already the source`, 'name another system'),
    )
  const fields: Record<string, FieldDefinition> = {}
  const sourceMap: Record<string, MappingDefinition> = {}
  const targetMap: Record<string, MappingDefinition> = {}
  for (const [name, mapping] of Object.entries(map)) {
    const ends = mappingEnds(mapping)
    fields[name] = fieldOf(mapping)
    if (ends === undefined) {
      const hint = 'write "SourcePath → TargetPath", or from: and to:'
      report(problem('mapping', ['map', name], 'the location of the field is missing on one side', hint))
      continue
    }
    sourceMap[name] = ends.from
    targetMap[name] = ends.to
  }
  const { system: sourceSystem, ...source } = from
  const { system: targetSystem, ...target } = to
  const systems: Record<string, EntitySystemDefinition> = {
    [sourceSystem]: { ...source, direction: 'source', map: sourceMap },
    [targetSystem]: { operations: ['create', 'update'], ...target, direction: 'target', map: targetMap },
  }
  return {
    definition: { fields, ...policies, systems },
    written: (path) => writtenPath(path, sourceSystem, targetSystem),
    namedAt: (system) => [system === sourceSystem ? 'from' : 'to', 'system'],
  }
}

function mappingEnds(mapping: OneWayMapping): { from: MappingDefinition; to: MappingDefinition } | undefined {
  if (typeof mapping === 'string') return splitArrow(mapping)
  const arrow = mapping.path === undefined ? undefined : splitArrow(mapping.path)
  const from = mapping.from ?? arrow?.from
  const to = mapping.to ?? arrow?.to
  return from === undefined || to === undefined ? undefined : { from, to }
}

function fieldOf(mapping: OneWayMapping): FieldDefinition {
  if (typeof mapping === 'string') return 'string'
  if (mapping.type !== undefined) return mapping.type
  return mapping.ref === undefined ? 'string' : { type: 'ref', entity: mapping.ref }
}

function writtenPath(path: DefinitionPath, source: string, target: string): DefinitionPath {
  const [first, second, third, ...rest] = path
  if (first === 'fields') {
    const inType = path.slice(2)
    if (second === undefined) return ['map']
    return inType.length === 0 ? ['map', second] : ['map', second, 'type', ...inType]
  }
  if (first !== 'systems' || second === undefined) return path
  const side = second === source ? 'from' : second === target ? 'to' : undefined
  if (side === undefined) return path
  if (third !== 'map') return third === undefined ? [side] : [side, third, ...rest]
  const [field, ...inner] = rest
  return field === undefined ? ['map'] : ['map', field, side, ...inner]
}
