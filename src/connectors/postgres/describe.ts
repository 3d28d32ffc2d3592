/**
 * Describes the catalogue in the terms of the contract: the columns that can be mapped, and possible losses.
 */
import type { FieldType } from '../../model/values.ts'
import type { FieldDescription, ResourceDescription } from '../kit/description.ts'
import type { Column, Table } from './catalog.ts'

/** The tables to describe, and the names that the definition uses for other tables. */
export interface Described {
  readonly name: string
  readonly key: readonly string[] | undefined
  readonly columns: readonly string[] | undefined
  readonly table: Table
  /** The resource of a table; the table's own name if the definition has none. */
  readonly resourceOf: (table: string) => string
}

/** Describes one table. */
export function describeTable({ name, key, columns, table, resourceOf }: Described): ResourceDescription {
  const shown = [...table.columns.values()].filter(({ name: column }) => columns?.includes(column) !== false)
  const own = shown.filter(({ isKey }) => isKey).map((column) => column.name)
  return {
    name,
    ...(table.comment === null ? {} : { label: table.comment }),
    fields: shown.map((column) => describeColumn(column, resourceOf)),
    key: (key ?? own).map((column) => [column]),
    ...uniquesOf(table, new Set(shown.map((column) => column.name))),
  }
}

/** Combinations of several columns; a combination with a hidden column can't be compared. */
function uniquesOf(
  { uniques }: Table,
  shown: ReadonlySet<string>,
): Pick<ResourceDescription, 'uniques'> | undefined {
  const several = uniques.filter((names) => names.length > 1 && names.every((name) => shown.has(name)))
  return several.length === 0 ? undefined : { uniques: several.map((names) => names.map((name) => [name])) }
}

function describeColumn(column: Column, resourceOf: Described['resourceOf']): FieldDescription {
  const { name, comment, notNull, hasDefault, isGenerated, isUnique, isKey, labels, references } = column
  const type = canonicalType(column)
  const maxLength = textLength(column)
  return {
    path: [name],
    ...(comment === null ? {} : { label: comment }),
    nativeType: column.type,
    ...(type === undefined ? {} : { type }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...digits(column),
    required: notNull && !hasDefault && !isGenerated,
    nullable: !notNull,
    creatable: !isGenerated,
    updatable: !isGenerated && !isKey,
    ...(labels === null ? {} : { values: labels }),
    ...(isUnique ? { unique: true } : {}),
    ...(hasDefault || isGenerated ? { generated: true } : {}),
    ...(references === null ? {} : { references: references.map(resourceOf) }),
  }
}

/** The canonical type that holds every value of a column; undefined when there is none. See `TYPES.md`. */
function canonicalType(column: Column): FieldType | undefined {
  const element = elementType(column)
  if (!column.isArray) return element
  return element === undefined ? undefined : { kind: 'list', of: element }
}

function elementType(column: Column): FieldType | undefined {
  const { base, labels } = column
  if (labels !== null) return { kind: 'enum', values: labels }
  switch (base) {
    case 'int2':
    case 'int4':
    case 'int8':
    case 'oid':
      return { kind: 'integer' }
    case 'numeric': {
      const { scale } = digits(column)
      return { kind: 'decimal', ...(scale === undefined || scale < 0 ? {} : { scale }) }
    }
    case 'float4':
    case 'float8':
      return { kind: 'decimal' }
    case 'bool':
      return { kind: 'boolean' }
    case 'timestamptz':
    case 'timestamp':
      return { kind: 'instant' }
    case 'date':
      return { kind: 'date' }
    case 'json':
    case 'jsonb':
    case 'record':
      return undefined
    default: {
      const maxLength = textLength(column)
      return { kind: 'string', ...(maxLength === undefined ? {} : { maxLength }) }
    }
  }
}

/** The modifier of a text type is its length plus four bytes of header. */
function textLength({ base, modifier }: Column): number | undefined {
  const isBounded = (base === 'varchar' || base === 'bpchar') && modifier > 4
  return isBounded ? modifier - 4 : undefined
}

/**
 * The modifier of `numeric` has the precision in its upper half; the scale may be negative and has eleven
 * bits.
 */
function digits({ base, modifier }: Column): { readonly precision?: number; readonly scale?: number } {
  if (base !== 'numeric' || modifier < 4) return {}
  const packed = modifier - 4
  return { precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 }
}
