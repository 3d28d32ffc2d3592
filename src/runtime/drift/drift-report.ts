/** Reports schema changes, the affected fields of the definition, and what to do about them. Pure. */
import type { ResourceDescription } from '../../connectors/kit/description.ts'
import { compareDescriptions, type SchemaDifference } from '../../connectors/kit/schema-drift.ts'
import type { EntitySystem, Integration, SystemField } from '../../model/integration.ts'
import type { SchemaRow } from '../../store/admin-contract.ts'

/** Values of `drift` in a definition. */
export type DriftPolicy = 'ignore' | 'pause' | 'propose'

/** A difference with the fields that it affects. */
export interface DriftItem extends SchemaDifference {
  /** Affected mapped fields, as `entity.field`. */
  readonly fields: readonly string[]
  /** Suggested action. */
  readonly proposal: string
}

/** One resource whose schema differs from the accepted one. */
export interface DriftReport {
  readonly system: string
  readonly resource: string
  readonly seenAt: number
  readonly items: readonly DriftItem[]
}

/** Compares the accepted schemas with the last known ones; resources without a difference are omitted. */
export function reportDrift(integration: Integration, rows: readonly SchemaRow[]): readonly DriftReport[] {
  return rows.flatMap((row) => {
    const items = driftItems(integration, row, row.accepted, row.seen)
    return items.length === 0
      ? []
      : [{ system: row.system, resource: row.resource, seenAt: row.seenAt, items }]
  })
}

/**
 * Returns the differences between two schemas of one resource. A stored schema that can't be parsed any more
 * has none; the next check replaces it.
 */
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

/** Serialises a description for storage: equal for equal content, regardless of the order of its fields. */
export function schemaText(description: ResourceDescription): string {
  const sorted = [...description.fields].sort((a, b) => (a.path.join('.') < b.path.join('.') ? -1 : 1))
  return JSON.stringify({ ...description, fields: sorted.map(({ label: _, ...field }) => field) })
}

function parseSchema(text: string): ResourceDescription | undefined {
  try {
    // Only schemaText writes it, with a version; anything else is not comparable.
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

/** A path affects its ancestors and descendants; an expression affects everything that it names. */
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
      return 'correct the path in `map`, or remove the field from it'
    case 'type':
      return 'compare the type of the field and its format in the mapping with it'
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
