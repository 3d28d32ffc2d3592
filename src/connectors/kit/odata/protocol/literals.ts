/**
 * Values in addresses: literals by type, key predicates, filters. All are built from the native format that
 * `values.ts` produces.
 */
import { isLosslessNumber } from '../../../../http/json.ts'
import type { NativeRecord } from '../../../../model/values.ts'
import { textAt } from '../../native.ts'
import type { EdmProperty, ProtocolVersion, StructuredType } from '../metadata/model.ts'
import { unusableValue, wireTime } from './values.ts'

/**
 * Formats a literal: `'Ada'`, `datetime'2026-01-31T00:00:00'`, `42`. @throws IsthmusError
 * CONNECTOR_VALUE_UNUSABLE
 */
export function literalOf(property: EdmProperty, value: unknown, version: ProtocolVersion): string {
  if (value === null) return 'null'
  const text = scalarText(value)
  if (text === undefined) throw unusableValue(property)
  if (property.type === 'Edm.String') return quoted(text)
  return version === 2 ? literal2(property, text) : literal4(property, text)
}

const suffixes: Readonly<Record<string, string>> = {
  'Edm.Decimal': 'M',
  'Edm.Int64': 'L',
  'Edm.Double': 'd',
  'Edm.Single': 'f',
}

function literal2(property: EdmProperty, text: string): string {
  switch (property.type) {
    case 'Edm.DateTime':
      return `datetime'${wallTime(property, text)}'`
    case 'Edm.DateTimeOffset':
      return `datetimeoffset'${bare(property, text)}'`
    case 'Edm.Time':
      return `time'${wireTime(property, text)}'`
    case 'Edm.Guid':
      return `guid'${bare(property, text)}'`
    case 'Edm.Binary':
      return `X'${bare(property, text)}'`
    default:
      return `${bare(property, text)}${suffixes[property.type] ?? ''}`
  }
}

function literal4(property: EdmProperty, text: string): string {
  if (!property.type.startsWith('Edm.')) return quoted(text)
  if (property.type === 'Edm.Duration' || property.type === 'Edm.Binary') {
    return `${property.type === 'Edm.Duration' ? 'duration' : 'binary'}${quoted(bare(property, text))}`
  }
  return bare(property, text)
}

/** A day gets midnight; a zone is dropped, since the type has none. */
function wallTime(property: EdmProperty, text: string): string {
  const [day = '', time = ''] = bare(property, text).split('T')
  const clock = /^\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?/.exec(time)?.[0] ?? '00:00:00'
  return `${day}T${clock.length === 5 ? `${clock}:00` : clock}`
}

/**
 * Only text may contain a quote, a space or a bracket: any other value with one must not become part of an
 * expression.
 */
function bare(property: EdmProperty, text: string): string {
  if (/^[\w.:+-]{1,128}$/.test(text)) return text
  throw unusableValue(property)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value)
  return isLosslessNumber(value) ? value.toString() : undefined
}

/**
 * The id of a record: the key's value alone, or `SalesOrder=1,SalesOrderItem=10` with encoded values where
 * the key has several parts. Undefined when a part is missing. Some of several parts may be empty, as SAP's
 * keys often are; an id with only empty parts is invalid.
 */
export function nativeIdOf(type: StructuredType, native: NativeRecord): string | undefined {
  const parts = type.key.map((name) => [name, native[name] === '' ? '' : textAt(native, [name])] as const)
  if (parts.some(([, value]) => value === undefined) || parts.every(([, value]) => value === ''))
    return undefined
  if (parts.length === 1) return parts[0]?.[1]
  return parts.map(([name, value = '']) => `${name}=${encodeURIComponent(value)}`).join(',')
}

/** Key values of an id; undefined when it is not an id of this type. */
export function keyOf(type: StructuredType, nativeId: string): Readonly<Record<string, string>> | undefined {
  const [only] = type.key
  if (type.key.length === 1 && only !== undefined) return nativeId === '' ? undefined : { [only]: nativeId }
  const given = new Map<string, string>()
  for (const part of nativeId.split(',')) {
    const at = part.indexOf('=')
    const value = decoded(part.slice(at + 1))
    if (at > 0 && value !== undefined) given.set(part.slice(0, at), value)
  }
  const isWhole = type.key.length > 0 && type.key.every((name) => given.has(name))
  return isWhole && given.size === type.key.length ? Object.fromEntries(given) : undefined
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** An address template and its values: `/A_Partner({k0})`, so that messages and logs do not contain keys. */
export interface RecordAddress {
  readonly target: string
  readonly path: Readonly<Record<string, string>>
}

/**
 * Returns the address of one record. @throws IsthmusError CONNECTOR_VALUE_UNUSABLE for an id of another form
 */
export function recordAddress(
  setName: string,
  type: StructuredType,
  nativeId: string,
  version: ProtocolVersion,
): RecordAddress {
  const key = keyOf(type, nativeId)
  const path: Record<string, string> = {}
  const parts = type.key.map((name, index) => {
    const property = type.properties.get(name)
    if (property === undefined || key === undefined) throw unusableValue(property ?? { name })
    path[`k${index}`] = literalOf(property, key[name], version)
    return type.key.length === 1 ? `{k${index}}` : `${name}={k${index}}`
  })
  return { target: `/${setName}(${parts.join(',')})`, path }
}

/** The address with its values inserted, for a line of a batch. */
export function filledAddress({ target, path }: RecordAddress): string {
  return target.replaceAll(/\{(k\d+)\}/g, (_whole, name: string) => encodeURIComponent(path[name] ?? ''))
}

/** A comparison: `Name eq 'Ada'`. @throws IsthmusError CONNECTOR_VALUE_UNUSABLE */
export function comparison(
  property: EdmProperty,
  operator: 'eq' | 'ne' | 'gt' | 'ge',
  value: unknown,
  version: ProtocolVersion,
): string {
  return `${property.name} ${operator} ${literalOf(property, value, version)}`
}

/** One part of a multi-part order: a property and its value in the last record. */
export interface Position {
  readonly property: EdmProperty
  readonly value: string
}

/**
 * Records after a position: `a gt 1 or (a eq 1 and b gt 2)`.
 *
 * @param last `ge` includes records at the position itself
 */
export function afterPosition(
  positions: readonly Position[],
  version: ProtocolVersion,
  last: 'gt' | 'ge' = 'gt',
): string {
  const alternatives = positions.map(({ property, value }, index) => {
    const equal = positions.slice(0, index).map((one) => comparison(one.property, 'eq', one.value, version))
    const isLast = index === positions.length - 1
    const parts = [...equal, comparison(property, isLast ? last : 'gt', value, version)]
    return parts.length === 1 ? parts.join('') : `(${parts.join(' and ')})`
  })
  return alternatives.length === 1 ? alternatives.join('') : `(${alternatives.join(' or ')})`
}

/** Joins conditions by `and`; undefined when there are none. */
export function allOf(conditions: readonly (string | undefined)[]): string | undefined {
  const given = conditions.filter((one) => one !== undefined && one !== '')
  if (given.length < 2) return given[0]
  return given.map((one) => (/\bor\b/i.test(one ?? '') ? `(${one})` : one)).join(' and ')
}
