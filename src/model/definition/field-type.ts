import type { FieldType } from '../values.ts'
import type { FieldLongForm, InnerTypeDefinition } from './schema/fields.ts'

/** Returns the canonical type for a definition's short or long form. */
export function fieldType(definition: InnerTypeDefinition | FieldLongForm): FieldType {
  if (typeof definition === 'string') return { kind: definition }
  switch (definition.type) {
    case 'string':
      return {
        kind: 'string',
        ...(definition.maxLength === undefined ? {} : { maxLength: definition.maxLength }),
        ...(definition.format === undefined ? {} : { format: definition.format }),
      }
    case 'decimal':
      return { kind: 'decimal', ...(definition.scale === undefined ? {} : { scale: definition.scale }) }
    case 'enum':
      return { kind: 'enum', values: definition.values }
    case 'ref':
      return { kind: 'ref', entity: definition.entity }
    case 'group': {
      const parts = Object.entries(definition.fields).map(([name, part]) => [name, fieldType(part)] as const)
      return { kind: 'group', fields: Object.fromEntries(parts) }
    }
    case 'set':
    case 'list':
      return {
        kind: definition.type,
        of: fieldType(definition.of),
        ...(definition.key === undefined ? {} : { key: [definition.key].flat() }),
      }
    default:
      return { kind: definition.type }
  }
}

/** Every entity that a type refers to, at any depth. */
export function referredEntities(type: FieldType): string[] {
  switch (type.kind) {
    case 'ref':
      return [type.entity]
    case 'group':
      return Object.values(type.fields).flatMap(referredEntities)
    case 'set':
    case 'list':
      return referredEntities(type.of)
    default:
      return []
  }
}
