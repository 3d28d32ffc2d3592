/** What has drifted, which fields of the definition it reaches, and what to do about it. Pure. */
import type { ResourceDescription } from '../../connectors/kit/description.ts'
import { compareDescriptions, type SchemaDifference } from '../../connectors/kit/schema-drift.ts'
import type { EntitySystem, Integration, SystemField } from '../../model/integration.ts'
import type { SchemaRow } from '../../store/admin-contract.ts'

/** What a definition may say about drift. */
export type DriftPolicy = 'ignore' | 'pause' | 'propose'

/** A difference, with what it reaches. */
export interface DriftItem extends SchemaDifference {
  /** Mapped fields that it reaches, as `entity.field`. */
  readonly fields: readonly string[]
  /** What a person may do about it. */
  readonly proposal: string
}

/** One resource whose form is another than the accepted one. */
export interface DriftReport {
  readonly system: string
  readonly resource: string
  readonly seenAt: number
  readonly items: readonly DriftItem[]
}

/** Compares what is accepted with what was seen last; resources without a difference are left out. */
export function reportDrift(integration: Integration, rows: readonly SchemaRow[]): readonly DriftReport[] {
  return rows.flatMap((row) => {
    const items = driftItems(integration, row, row.accepted, row.seen)
    return items.length === 0
      ? []
      : [{ system: row.system, resource: row.resource, seenAt: row.seenAt, items }]
  })
}

/** The differences between two forms of one resource. A form that can't be read any more has none: the next look replaces it. */
export function driftItems(
  integration: Integration,
  place: { readonly system: string; readonly resource: string },
  before: string,
  after: string,
): readonly DriftItem[] {
  if (before === after) return []
  const [was, is] = [parseSchema(before), parseSchema(after)]
  if (was === undefined || is === undefined) return []
  return compareDescriptions(was, is).map((difference) => {
    const fields = fieldsReached(integration, place, difference.path)
    return { ...difference, fields, proposal: proposalFor(difference, fields) }
  })
}

/** The stored form of a description: the same for the same content, whatever the order of its fields. */
export function schemaText(description: ResourceDescription): string {
  const sorted = [...description.fields].sort((a, b) => (a.path.join('.') < b.path.join('.') ? -1 : 1))
  return JSON.stringify({ ...description, fields: sorted.map(({ label: _, ...field }) => field) })
}

function parseSchema(text: string): ResourceDescription | undefined {
  try {
    // Only ever written by schemaText, under a version of it; anything else is no measure.
    const value = JSON.parse(text) as ResourceDescription
    return Array.isArray(value.fields) ? value : undefined
  } catch {
    return undefined
  }
}

function fieldsReached(
  { entities }: Integration,
  { system, resource }: { readonly system: string; readonly resource: string },
  path: string,
): readonly string[] {
  return [...entities.values()].flatMap((entity) => {
    const part = entity.systems.get(system)
    if (part?.resource !== resource) return []
    return mappedFields(part)
      .filter((field) => reaches(field, path))
      .map(({ name }) => `${entity.name}.${name}`)
  })
}

function mappedFields(part: EntitySystem): readonly SystemField[] {
  return [...part.fields.values()]
}

/** A path reaches what lies above and below it; an expression reaches what it names anywhere. */
function reaches({ native }: SystemField, path: string): boolean {
  if (native === undefined) return false
  const isOnPath = native.paths.some((mapped) => {
    const text = mapped.join('.')
    return text === path || text.startsWith(`${path}.`) || path.startsWith(`${text}.`)
  })
  const [top = ''] = path.split('.')
  return isOnPath || native.expressions.some((source) => source.split(/[^\p{L}\p{N}_$]+/u).includes(top))
}

function proposalFor({ kind, harmful }: SchemaDifference, fields: readonly string[]): string {
  if (fields.length === 0)
    return kind === 'added' && harmful
      ? 'map a field to it, or have the system fill it in: creates are refused without it'
      : 'no action needed: no mapping uses it'
  if (!harmful) return 'no action needed; the mapping may declare it'
  switch (kind) {
    case 'removed':
      return 'correct the path in `map`, or take the field out of it'
    case 'type':
      return 'compare the type of the field with it, and how the mapping spells it'
    case 'length':
      return 'set the new limit in `map` (maxLength, scale), so that longer values are handled as the system stores them'
    case 'enum':
      return 'complete `values` of the mapping, and of the field'
    case 'required':
      return 'make sure that creates always have it: required, or a rule that sets it'
    case 'writability':
      return 'set `direction: read` in `map` if this is permanent'
    case 'added':
      return 'check whether the added and the removed field are the same one'
  }
}
