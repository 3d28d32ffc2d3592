/**
 * Distinguishes the forms of a mapping: a path, a long form, the parts of a group. The field's type decides
 * where a name could be both.
 */
import type { FieldType } from '../values.ts'
import { type DefinitionPath, problem } from './finding.ts'
import { suggestion } from './nearest.ts'
import type { Report } from './report.ts'
import {
  type GroupMapping,
  groupMappingSchema,
  type MappingDefinition,
  type MappingLongForm,
  mappingLongFormSchema,
} from './schema/mapping.ts'
import { shapeFindings } from './shape-findings.ts'

export type MappingForm =
  | { readonly kind: 'long'; readonly mapping: MappingLongForm }
  | { readonly kind: 'parts'; readonly mapping: GroupMapping }

/** The form of a mapping; undefined (and reported) when it fits none. */
export function mappingForm(
  mapping: MappingDefinition,
  type: FieldType,
  report: Report,
): MappingForm | undefined {
  if (typeof mapping === 'string') return { kind: 'long', mapping: { path: mapping } }
  if (type.kind === 'group' && !isLongForm(mapping, type)) return partsForm(mapping, type, report)
  const findings = shapeFindings(mappingLongFormSchema, mapping)
  if (findings.length === 0) return { kind: 'long', mapping: mappingLongFormSchema.parse(mapping) }
  for (const finding of findings) report(finding)
  return undefined
}

function isLongForm(mapping: object, type: FieldType & { kind: 'group' }): boolean {
  const keys = Object.keys(mapping)
  return keys.some((key) => ['path', 'read', 'write'].includes(key) && type.fields[key] === undefined)
}

function partsForm(
  mapping: Exclude<MappingDefinition, string>,
  type: FieldType & { kind: 'group' },
  report: Report,
): MappingForm | undefined {
  const written: unknown = mapping
  const isWhole =
    'fields' in mapping && typeof mapping.fields === 'object' && type.fields.fields === undefined
  const whole = isWhole ? written : { fields: written }
  const findings = shapeFindings(groupMappingSchema, whole)
  if (findings.length === 0) return { kind: 'parts', mapping: groupMappingSchema.parse(whole) }
  for (const finding of findings) report(isWhole ? finding : { ...finding, path: finding.path.slice(1) })
  return undefined
}

export interface GroupPart {
  readonly name: string
  readonly type: FieldType
  readonly mapping: string | MappingLongForm
  readonly path: DefinitionPath
}

/**
 * Keys of a long form that are not allowed for one part: a group is read, written and merged as one value.
 */
const wholeKeys = ['read', 'write', 'direction', 'lossy', 'acceptRaceWindow', 'nullable'] as const

/** The mapped parts of a group, with their types; undefined (and reported) when one is not known. */
export function groupParts(group: GroupMapping, type: FieldType, report: Report): GroupPart[] | undefined {
  if (type.kind !== 'group') return undefined
  const parts: GroupPart[] = []
  let isSound = true
  for (const [name, mapping] of Object.entries(group.fields)) {
    const partType = type.fields[name]
    const path = [name]
    const misplaced =
      typeof mapping === 'string' ? undefined : wholeKeys.find((key) => mapping[key] !== undefined)
    if (partType === undefined) {
      const hint = suggestion(name, Object.keys(type.fields))
      report({ ...problem('unknown-name', path, `the group has no part ${name}`, hint), at: 'key' })
    } else if (partType.kind === 'group') {
      report(
        problem(
          'mapping',
          path,
          'a group inside a group has no mapping by parts',
          'map the outer group with read and write',
        ),
      )
    } else if (misplaced !== undefined) {
      const hint = 'a group is read, written and merged as one; put it beside fields:'
      report(problem('mapping', [...path, misplaced], `${misplaced} belongs to the whole group`, hint))
    } else {
      parts.push({ name, type: partType, mapping, path })
      continue
    }
    isSound = false
  }
  return isSound ? parts : undefined
}
