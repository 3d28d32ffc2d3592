/**
 * Every statement of the connector, as text.
 *
 * Names come from the definition and the catalogue and are always quoted; values are sent as text parameters.
 * Records are exchanged as JSON that the server builds and parses, which preserves every digit of a number
 * and every microsecond of a time.
 */

import { writeJson } from '../../http/json.ts'
import { fixedOffset } from '../../model/canonical/time-zone.ts'
import { IsthmusError } from '../../model/errors.ts'
import type { NativeRecord } from '../../model/values.ts'
import type { Column, Table } from './catalog.ts'
import type { Statement } from './client.ts'
import type { TableConfig } from './config.ts'

/** A table with its settings in the definition and its current columns. */
export interface BoundTable {
  readonly schema: string
  readonly name: string
  readonly config: TableConfig
  readonly table: Table
}

/** Quotes a name with any content. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** The table's full name. */
export function from({ schema, name }: BoundTable): string {
  return `${quoted(schema)}.${quoted(name)}`
}

/** `t."column"` */
export function of(column: string): string {
  return `t.${quoted(column)}`
}

/** The id of a record: the key's text, or a JSON list where the key has several columns. */
export function nativeIdOf({ config }: BoundTable): string {
  const { key } = config
  const [only] = key
  if (key.length === 1 && only !== undefined) return `${of(only)}::text`
  return `json_build_array(${key.map((column) => `${of(column)}::text`).join(', ')})::text`
}

/** The parts of an id in the order of the key's columns; undefined when it can't be an id of this table. */
export function keyParts({ config }: BoundTable, nativeId: string): readonly string[] | undefined {
  if (config.key.length === 1) return [nativeId]
  try {
    const parts: unknown = JSON.parse(nativeId)
    if (!Array.isArray(parts) || parts.length !== config.key.length) return undefined
    const texts = parts.filter((part) => typeof part === 'string')
    return texts.length === parts.length ? texts : undefined
  } catch {
    return undefined
  }
}

/** The version of the row `t` as text. */
export function versionOf({ config }: BoundTable): string {
  const { version } = config
  if (version === 'none') return 'null::text'
  return version === 'xmin' ? 't.xmin::text' : `${of(version.column)}::text`
}

/** Comparison of a row's version with a text parameter. */
export function hasVersion(bound: BoundTable, parameter: string): string {
  return `${versionOf(bound)} = ${parameter}`
}

function changedAtOf(bound: BoundTable): string {
  const { changedAt } = bound.config
  if (changedAt === undefined) return 'null'
  return `case when isfinite(${of(changedAt)}) then ${epochMsOf(bound, changedAt)} end`
}

/** Epoch milliseconds of the row `t` as text. */
export function epochMsOf(bound: BoundTable, column: string): string {
  const zone = zoneOf(bound, column)
  const time = zone === undefined ? of(column) : `(${of(column)} at time zone ${literal(zone)})`
  return `floor(extract(epoch from ${time}) * 1000)::bigint::text`
}

/** The zone in which a column's times are stored; undefined for columns with instants, or times in UTC. */
export function zoneOf({ config, table }: BoundTable, column: string): string | undefined {
  const isLocal = table.columns.get(column)?.base === 'timestamp'
  return isLocal && fixedOffset(config.timeZone) !== 0 ? config.timeZone : undefined
}

/** The server's current time, in the form that a column stores. */
export function timeFor(bound: BoundTable, column: string, moment: 'now()' | 'clock_timestamp()'): string {
  const zone = zoneOf(bound, column)
  return zone === undefined ? moment : `(${moment} at time zone ${literal(zone)})`
}

/**
 * Columns of the table that the definition includes, in the table's order. @throws IsthmusError
 * CONNECTOR_TABLE_MISSING
 */
export function readable({ name, config, table }: BoundTable): readonly string[] {
  const { columns } = config
  if (columns === undefined) return [...table.columns.keys()]
  const missing = columns.filter((column) => !table.columns.has(column))
  if (missing.length === 0) return columns
  throw new IsthmusError('CONNECTOR_TABLE_MISSING', `The table ${name} has no column ${missing.join(', ')}.`)
}

/** The record as JSON of the row `t`. */
function recordOf(bound: BoundTable): string {
  const columns = readable(bound)
    .map((name) => shownColumn(bound, name))
    .join(', ')
  return `(select row_to_json(r.*) from (select ${columns}) r)::text`
}

/**
 * `char(n)` is padded with blanks that are not part of its value; a cast to text removes them, as comparisons
 * in PostgreSQL do.
 */
function shownColumn({ table }: BoundTable, name: string): string {
  const column = table.columns.get(name)
  if (column?.base !== 'bpchar') return of(name)
  return `${of(name)}::${column.isArray ? 'text[]' : 'text'} as ${quoted(name)}`
}

/** The columns that every read returns for the row `t`. */
export function shown(bound: BoundTable): string {
  const { config } = bound
  const deleted =
    config.softDelete === undefined ? "'f'" : `case when ${isDeleted(bound)} then 't' else 'f' end`
  return [
    `${nativeIdOf(bound)} as "nativeId"`,
    `${versionOf(bound)} as version`,
    `${changedAtOf(bound)} as changed`,
    `${deleted} as deleted`,
    `${recordOf(bound)} as record`,
  ].join(', ')
}

/** Whether the row `t` counts as deleted. */
export function isDeleted({ config }: BoundTable): string {
  const { softDelete } = config
  if (softDelete === undefined) return 'false'
  const { column, value } = softDelete
  if (value === 'now') return `${of(column)} is not null`
  return `coalesce(${of(column)}::text = ${literal(value)}, false)`
}

/** A constant of the definition as text of the column's type. */
function literal(value: string | number | boolean): string {
  return `'${String(value).replaceAll("'", "''")}'`
}

/** The values that archiving sets. */
export function archiving(bound: BoundTable): string {
  const { softDelete } = bound.config
  if (softDelete === undefined) return ''
  const value =
    softDelete.value === 'now' ? timeFor(bound, softDelete.column, 'now()') : literal(softDelete.value)
  return `${quoted(softDelete.column)} = ${value}`
}

/** The values that restoring sets: no mark at all, or the other one of two. */
export function unarchiving({ config }: BoundTable): string {
  const { softDelete } = config
  if (softDelete === undefined) return ''
  const value = typeof softDelete.value === 'boolean' ? String(!softDelete.value) : 'null'
  return `${quoted(softDelete.column)} = ${value}`
}

/** `t."a" = $1 and t."b" = $2`, counting from `first`. The server gives the parameters the columns' types. */
export function hasKey({ config }: BoundTable, first: number): string {
  return config.key.map((column, index) => `${of(column)} = $${first + index}`).join(' and ')
}

/** A column of a record that a write names. @throws IsthmusError CONNECTOR_COLUMN_UNKNOWN */
export function columnOf({ name, config, table }: BoundTable, column: string): Column {
  const found = config.columns?.includes(column) === false ? undefined : table.columns.get(column)
  if (found !== undefined) return found
  throw new IsthmusError('CONNECTOR_COLUMN_UNKNOWN', `The table ${name} has no column "${column}" to write.`)
}

/** Names of a record's values, without undefined ones. */
export function givenColumns(record: NativeRecord): readonly string[] {
  return Object.keys(record).filter((column) => record[column] !== undefined)
}

/**
 * Several records as rows of the table's own types.
 *
 * The properties are numbered, so that no column's name can clash with the additional ones: `n` (the record's
 * position) and `ver`.
 */
export function rowsOf(
  bound: BoundTable,
  columns: readonly string[],
  records: readonly { readonly values: NativeRecord; readonly version?: string | undefined }[],
): { readonly source: string; readonly parameter: string } {
  const types = columns.map((column, index) => `c${index} ${columnOf(bound, column).type}`)
  const source = `json_to_recordset($1::json) as v(${['n int', 'ver text', ...types].join(', ')})`
  const rows = records.map(({ values, version }, n) => ({
    n,
    ...(version === undefined ? {} : { ver: version }),
    ...Object.fromEntries(columns.map((column, index) => [`c${index}`, values[column]])),
  }))
  return { source, parameter: writeJson(rows) }
}

/** Reads one row by its key. */
export function readStatement(bound: BoundTable, parts: readonly string[]): Statement {
  return { text: `select ${shown(bound)} from ${from(bound)} as t where ${hasKey(bound, 1)}`, values: parts }
}

/** Parses the parts of a key as values of their columns' types, without accessing a row. */
export function keyStatement(bound: BoundTable, parts: readonly string[]): Statement {
  const casts = bound.config.key.map(
    (column, index) => `$${index + 1}::text::${columnOf(bound, column).type} is null as k${index}`,
  )
  return { text: `select ${casts.join(', ')}`, values: parts }
}

/** Reads several rows by their keys; `place` is the id's position in the request. */
export function readManyStatement(bound: BoundTable, keys: readonly (readonly string[])[]): Statement {
  const { key } = bound.config
  const lists = key.map((_, index) => `$${index + 1}::text[]`).join(', ')
  const names = key.map((_, index) => `k${index}`)
  const same = key.map((column, index) => `${of(column)} = k.k${index}::${columnOf(bound, column).type}`)
  return {
    text: `select k.place::text as place, ${shown(bound)}
from unnest(${lists}) with ordinality as k(${[...names, 'place'].join(', ')})
join ${from(bound)} as t on ${same.join(' and ')}`,
    values: key.map((_, index) => keys.map((parts) => parts[index] ?? '')),
  }
}
