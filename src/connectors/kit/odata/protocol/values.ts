/**
 * Converts records between the wire format and the native format. The native format is the same for V2 and
 * V4, so that a mapping works with either; `TYPES.md` has the table.
 */
import { isLosslessNumber } from '../../../../http/json.ts'
import { epochMsOf } from '../../../../model/canonical/instant.ts'
import { IsthmusError, isIsthmusError } from '../../../../model/errors.ts'
import type { NativeRecord } from '../../../../model/values.ts'
import { isNativeRecord } from '../../native.ts'
import type { EdmProperty, ServiceModel, StructuredType } from '../metadata/model.ts'

/** A record as received, and the version that came with it. */
export interface WireReading {
  readonly native: NativeRecord
  readonly etag?: string
}

/** Reads one record. Links, types and other control information are dropped. */
export function fromWire(model: ServiceModel, type: StructuredType, wire: NativeRecord): WireReading {
  const native: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(wire)) {
    if (name === '__metadata' || name.includes('@')) continue
    const read = readMember(model, type, name, value)
    if (read !== undefined) native[name] = read
  }
  const etag = etagOf(wire)
  return { native, ...(etag === undefined ? {} : { etag }) }
}

function etagOf(wire: NativeRecord): string | undefined {
  const metadata = wire.__metadata
  const value = isNativeRecord(metadata) ? metadata.etag : wire['@odata.etag']
  return typeof value === 'string' && value !== '' ? value : undefined
}

function readMember(model: ServiceModel, type: StructuredType, name: string, value: unknown): unknown {
  const navigation = type.navigations.get(name)
  if (navigation !== undefined) return readNavigation(model, model.types.get(navigation.target), value)
  const property = type.properties.get(name)
  if (property === undefined || value === null) return value
  const complex = model.types.get(property.type)
  if (complex !== undefined) return readNavigation(model, complex, value)
  if (!property.isCollection) return readScalar(property, value)
  const list = isNativeRecord(value) ? value.results : value
  return Array.isArray(list) ? list.map((one: unknown) => readScalar(property, one)) : value
}

/** A navigation that was not expanded is a bare link in V2, and counts as not requested. */
function readNavigation(model: ServiceModel, type: StructuredType | undefined, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => readNavigation(model, type, one))
  if (!isNativeRecord(value)) return value
  if ('__deferred' in value) return undefined
  if (Array.isArray(value.results)) return readNavigation(model, type, value.results)
  return type === undefined ? value : fromWire(model, type, value).native
}

function readScalar(property: EdmProperty, value: unknown): unknown {
  switch (property.type) {
    case 'Edm.Decimal':
    case 'Edm.Int64':
      return typeof value === 'number' || isLosslessNumber(value) ? value.toString() : value
    case 'Edm.DateTime':
    case 'Edm.DateTimeOffset':
      return typeof value === 'string' ? readDate(property, value) : value
    case 'Edm.Time':
      return typeof value === 'string' ? readTime(value) : value
    default:
      return value
  }
}

/**
 * `/Date(1493596800000)/` and `/Date(1493596800000+0060)/`: epoch milliseconds; the offset in minutes only
 * affects display.
 */
function readDate(property: EdmProperty, text: string): string {
  const ms = /^\/Date\((-?\d{1,16})(?:[+-]\d{1,4})?\)\/$/.exec(text)?.[1]
  if (ms === undefined) return property.isDay ? text.slice(0, 10) : text
  const date = new Date(Number(ms))
  if (Number.isNaN(date.getTime())) return text
  const iso = date.toISOString().replace('.000Z', 'Z')
  if (property.type === 'Edm.DateTimeOffset') return iso
  return property.isDay ? iso.slice(0, 10) : iso.slice(0, -1)
}

/** `PT9H5M3S` → `09:05:03`. */
function readTime(text: string): string {
  const match = /^PT(?:(\d{1,2})H)?(?:(\d{1,2})M)?(?:(\d{1,2})(\.\d+)?S)?$/.exec(text)
  if (match === null) return text
  const [, hours = '0', minutes = '0', seconds = '0', fraction = ''] = match
  return `${[hours, minutes, seconds].map((part) => part.padStart(2, '0')).join(':')}${fraction}`
}

/**
 * Serializes a record, including the entities of its navigations (a deep insert). @throws IsthmusError
 * CONNECTOR_VALUE_UNUSABLE
 */
export function toWire(model: ServiceModel, type: StructuredType, native: NativeRecord): NativeRecord {
  const wire: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(native)) {
    if (value !== undefined) wire[name] = writeMember(model, type, name, value)
  }
  return wire
}

function writeMember(model: ServiceModel, type: StructuredType, name: string, value: unknown): unknown {
  const target = type.navigations.get(name)?.target ?? type.properties.get(name)?.type
  const inner = target === undefined ? undefined : model.types.get(target)
  if (inner !== undefined) {
    if (Array.isArray(value)) {
      return value.map((one: unknown) => (isNativeRecord(one) ? toWire(model, inner, one) : one))
    }
    return isNativeRecord(value) ? toWire(model, inner, value) : value
  }
  const property = type.properties.get(name)
  if (property === undefined || value === null) return value
  if (property.isCollection && Array.isArray(value)) {
    return value.map((one: unknown) => writeScalar(model, property, one))
  }
  return writeScalar(model, property, value)
}

function writeScalar({ version }: ServiceModel, property: EdmProperty, value: unknown): unknown {
  const text = typeof value === 'number' || isLosslessNumber(value) ? value.toString() : value
  switch (property.type) {
    case 'Edm.String':
    case 'Edm.Decimal':
    case 'Edm.Int64':
      return text
    case 'Edm.Byte':
    case 'Edm.SByte':
    case 'Edm.Int16':
    case 'Edm.Int32':
    case 'Edm.Double':
    case 'Edm.Single':
      return typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value
    case 'Edm.DateTime':
    case 'Edm.DateTimeOffset':
      if (typeof value !== 'string') throw unusableValue(property)
      return version === 2 ? wireDate(property, value) : value
    case 'Edm.Time':
      if (typeof value !== 'string') throw unusableValue(property)
      return wireTime(property, value)
    default:
      return value
  }
}

function wireDate(property: EdmProperty, text: string): string {
  const ms = epochMsOf(text)
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || ms === undefined) throw unusableValue(property)
  return property.type === 'Edm.DateTimeOffset' ? `/Date(${ms}+0000)/` : `/Date(${ms})/`
}

/** `09:05:03` → `PT09H05M03S`. @throws IsthmusError CONNECTOR_VALUE_UNUSABLE */
export function wireTime(property: EdmProperty, text: string): string {
  const match = /^(\d{2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?$/.exec(text)
  if (match === null) throw unusableValue(property)
  return `PT${match[1]}H${match[2]}M${match[3] ?? '00'}S`
}

/**
 * Creates the error for a value that can't be represented in its property; names the property, never the
 * value. Nothing was sent.
 *
 * Its details contain the `property`, for {@link unusableProperty}.
 */
export function unusableValue(
  { name }: { readonly name: string },
  why = "can't be spelt as the service wants it",
): IsthmusError {
  return new IsthmusError('CONNECTOR_VALUE_UNUSABLE', `The value of ${name} ${why}.`, {
    details: { property: name },
  })
}

/** Returns the property that an error of {@link unusableValue} concerns; undefined for any other error. */
export function unusableProperty(error: unknown): string | undefined {
  const isUnusable = isIsthmusError(error) && error.code === 'CONNECTOR_VALUE_UNUSABLE'
  return isUnusable && typeof error.details.property === 'string' ? error.details.property : undefined
}
