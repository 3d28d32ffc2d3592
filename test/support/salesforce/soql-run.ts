/** Runs a query over the org. */
import { Decimal } from 'decimal.js'
import { LosslessNumber } from 'lossless-json'
import { SalesforceError } from './errors.ts'
import { isId, toEighteen } from './ids.ts'
import type { FieldSpec, ObjectType } from './objects.ts'
import type { Org, StoredRecord } from './org.ts'
import { type Condition, type Literal, parseSoql, type Soql } from './soql-parse.ts'

/** The result of a query: the records, or their number for COUNT(). */
export interface Found {
  readonly type: ObjectType
  readonly fields: readonly FieldSpec[]
  readonly records: readonly StoredRecord[]
  readonly countOnly: boolean
}

/** @throws SalesforceError MALFORMED_QUERY · INVALID_TYPE · INVALID_FIELD */
export function runSoql(org: Org, text: string, options: { readonly all: boolean }): Found {
  const soql = parseSoql(text)
  const type = org.types.get(soql.object.toLowerCase())
  if (type === undefined) {
    throw new SalesforceError(400, 'INVALID_TYPE', `sObject type '${soql.object}' is not supported.`)
  }
  const test = soql.where === undefined ? () => true : tester(org, type, soql.where)
  const matching: StoredRecord[] = []
  for (const record of candidates(org, type, soql.where)) {
    if ((options.all || !record.deleted) && test(record)) matching.push(record)
  }
  const order = soql.orderBy.map(({ field, ...rest }) => ({ field: fieldOf(type, field), ...rest }))
  for (const { field } of order) assertUsable(field, 'sort')
  if (order.length > 0) matching.sort((a, b) => compareBy(org, order, a, b))
  const end = soql.limit === undefined ? undefined : soql.offset + soql.limit
  const records = matching.slice(soql.offset, end)
  return { type, fields: selected(type, soql), records, countOnly: soql.fields === 'count' }
}

/** A condition on ids, alone or joined by AND, is evaluated without scanning all records. */
function candidates(org: Org, type: ObjectType, where: Condition | undefined): Iterable<StoredRecord> {
  const parts = where?.kind === 'and' ? where.parts : where === undefined ? [] : [where]
  for (const part of parts) {
    if (part.kind !== 'compare' || part.field.toLowerCase() !== 'id') continue
    if (part.by !== '=' && part.by !== 'in') continue
    const ids = new Set(part.values.flatMap((value) => (value.kind === 'text' ? [value.value] : [])))
    return [...ids].flatMap((id) => org.find(type.spec.name, id) ?? [])
  }
  return org.records(type.spec.name)
}

function selected(type: ObjectType, { fields, limit }: Soql): readonly FieldSpec[] {
  if (fields === 'count') return []
  return fields.flatMap((name) => {
    if (!/^FIELDS\((ALL|STANDARD|CUSTOM)\)$/.test(name)) return [fieldOf(type, name)]
    if (limit === undefined || limit > 200) {
      const message = 'The SOQL FIELDS function must have a LIMIT of at most 200'
      throw new SalesforceError(400, 'MALFORMED_QUERY', message)
    }
    const all = [...type.fields.values()]
    if (name === 'FIELDS(ALL)') return all
    return all.filter((field) => field.name.endsWith('__c') === (name === 'FIELDS(CUSTOM)'))
  })
}

function fieldOf(type: ObjectType, name: string): FieldSpec {
  const field = type.fields.get(name.toLowerCase())
  if (field !== undefined) return field
  const message = `\nSELECT ${name} FROM ${type.spec.name}\n       ^\nERROR at Row:1:Column:8\nNo such column '${name}' on entity '${type.spec.name}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`
  throw new SalesforceError(400, 'INVALID_FIELD', message)
}

function assertUsable(field: FieldSpec, use: 'filter' | 'sort'): void {
  const isLong = field.type === 'textarea' && (field.length ?? 0) > 255
  if (!isLong && field.type !== 'address') return
  const message = `field '${field.name}' can not be ${use === 'filter' ? 'filtered in a query call' : 'sorted in a query call'}`
  throw new SalesforceError(400, use === 'filter' ? 'INVALID_FIELD' : 'MALFORMED_QUERY', message)
}

type Test = (record: StoredRecord) => boolean

function tester(org: Org, type: ObjectType, condition: Condition): Test {
  switch (condition.kind) {
    case 'and': {
      const tests = condition.parts.map((part) => tester(org, type, part))
      return (record) => tests.every((test) => test(record))
    }
    case 'or': {
      const tests = condition.parts.map((part) => tester(org, type, part))
      return (record) => tests.some((test) => test(record))
    }
    case 'not': {
      const test = tester(org, type, condition.part)
      return (record) => !test(record)
    }
    case 'compare':
      return comparison(org, type, condition)
  }
}

function comparison(org: Org, type: ObjectType, condition: Extract<Condition, { kind: 'compare' }>): Test {
  const field = fieldOf(type, condition.field)
  assertUsable(field, 'filter')
  const wanted = condition.values.map((value) => comparable(field, literalValue(field, value)))
  const [first = null] = wanted
  const read = (record: StoredRecord): Comparable => comparable(field, org.value(record, field))
  switch (condition.by) {
    case '=':
      return (record) => same(read(record), first)
    case '!=':
      return (record) => !same(read(record), first)
    case 'in':
      return (record) => wanted.some((one) => same(read(record), one))
    case 'not in':
      return (record) => !wanted.some((one) => same(read(record), one))
    case 'like': {
      const pattern = likePattern(String(first ?? ''))
      return (record) => pattern.test(String(read(record) ?? ''))
    }
    default:
      return ranged(condition.by, read, first)
  }
}

function ranged(
  by: '<' | '<=' | '>' | '>=',
  read: (record: StoredRecord) => Comparable,
  bound: Comparable,
): Test {
  return (record) => {
    const value = read(record)
    if (value === null || bound === null) return false
    const order = orderOf(value, bound)
    if (by === '<') return order < 0
    if (by === '<=') return order <= 0
    return by === '>' ? order > 0 : order >= 0
  }
}

type Comparable = null | string | boolean | number | Decimal

function literalValue(field: FieldSpec, literal: Literal): unknown {
  const textual = !['double', 'currency', 'percent', 'int', 'boolean', 'date', 'datetime'].includes(
    field.type,
  )
  const fits =
    literal.kind === 'null' ||
    (literal.kind === 'text' && textual) ||
    (literal.kind === 'boolean' && field.type === 'boolean') ||
    (literal.kind === 'number' && ['double', 'currency', 'percent', 'int'].includes(field.type)) ||
    (literal.kind === 'date' && field.type === 'date') ||
    (literal.kind === 'datetime' && field.type === 'datetime')
  if (!fits) {
    const given = 'value' in literal ? String(literal.value) : 'null'
    const message = `\nvalue of filter criterion for field '${field.name}' must be of type ${field.type} and should${textual ? '' : ' not'} be enclosed in quotes: ${given}`
    throw new SalesforceError(400, 'INVALID_FIELD', message)
  }
  return literal.kind === 'null' ? null : literal.value
}

function comparable(field: FieldSpec, value: unknown): Comparable {
  if (value === null || value === undefined) return null
  switch (field.type) {
    case 'datetime':
      return Date.parse(String(value))
    case 'boolean':
      return value === true
    case 'double':
    case 'currency':
    case 'percent':
    case 'int':
      return new Decimal(value instanceof LosslessNumber ? value.toString() : String(value))
    case 'id':
    case 'reference':
      // Ids are case-sensitive; all other texts are not.
      return isId(String(value)) ? toEighteen(String(value)) : String(value)
    default:
      return field.caseSensitive === true ? String(value) : String(value).toLowerCase()
  }
}

function same(a: Comparable, b: Comparable): boolean {
  if (a === null || b === null) return a === b
  return orderOf(a, b) === 0
}

function orderOf(a: Exclude<Comparable, null>, b: Exclude<Comparable, null>): number {
  if (a instanceof Decimal && b instanceof Decimal) return a.comparedTo(b)
  if (a === b) return 0
  return a < b ? -1 : 1
}

function compareBy(
  org: Org,
  order: readonly { readonly field: FieldSpec; readonly descending: boolean; readonly nullsLast: boolean }[],
  a: StoredRecord,
  b: StoredRecord,
): number {
  for (const { field, descending, nullsLast } of order) {
    const left = comparable(field, org.value(a, field))
    const right = comparable(field, org.value(b, field))
    if (left === null || right === null) {
      if (left === right) continue
      const nullFirst = left === null ? -1 : 1
      return nullsLast ? -nullFirst : nullFirst
    }
    const difference = orderOf(left, right)
    if (difference !== 0) return descending ? -difference : difference
  }
  return 0
}

function likePattern(text: string): RegExp {
  const source = text
    .replace(/[.*+?^${}()|[\]]/g, '\\$&')
    .replace(/(?<!\\)%/g, '.*')
    .replace(/(?<!\\)_/g, '.')
  return new RegExp(`^${source}$`, 'is')
}
