/** Converts records to the JSON of either version, and back. */
import { instantText } from './filter.ts'
import {
  type FakeProperty,
  type FakeService,
  type FakeSet,
  Refusal,
  type Stored,
  type StoredRecord,
} from './model.ts'

/** The format of a response. */
export interface Spelling {
  readonly service: FakeService
  /** `http://host/sap/opu/odata/sap/API_X`: for the links of V2. */
  readonly root: string
  /** V4: 64-bit numbers and decimals as texts, on request. */
  readonly ieee754: boolean
}

export function etagOf(set: FakeSet, record: StoredRecord): string | undefined {
  const property = set.properties.find(({ name }) => name === set.etag)
  const value = property === undefined ? undefined : record[property.name]
  if (property === undefined || value === undefined || value === null) return undefined
  const text = encodeURIComponent(String(value))
  return property.type === 'Edm.DateTimeOffset' ? `W/"datetimeoffset'${text}'"` : `W/"'${text}'"`
}

/** `A_Partner('1')`, `A_Item(Order='1',Item='10')`. */
export function canonicalPath(set: FakeSet, record: StoredRecord): string {
  const parts = set.key.map((name) => {
    const value = `'${encodeURIComponent(String(record[name])).replaceAll("'", "''")}'`
    return set.key.length === 1 ? value : `${name}=${value}`
  })
  return `${set.name}(${parts.join(',')})`
}

/** @param select requested names; all when undefined */
export function entityJson(
  { service, root, ieee754 }: Spelling,
  set: FakeSet,
  record: StoredRecord,
  select: readonly string[] | undefined,
): Record<string, unknown> {
  const uri = `${root}/${canonicalPath(set, record)}`
  const etag = etagOf(set, record)
  const json: Record<string, unknown> = {}
  if (service.version === 2) {
    const type = `${service.namespace}.${set.type}`
    json.__metadata = { id: uri, uri, type, ...(etag === undefined ? {} : { etag }) }
  } else if (etag !== undefined) json['@odata.etag'] = etag
  for (const property of set.properties) {
    if (select !== undefined && !select.includes(property.name)) continue
    const value = record[property.name] ?? null
    json[property.name] = service.version === 2 ? value2(property, value) : value4(property, value, ieee754)
  }
  if (service.version === 2) {
    for (const { name } of set.navigations ?? []) {
      if (select === undefined || select.includes(name))
        json[name] = { __deferred: { uri: `${uri}/${name}` } }
    }
  }
  return json
}

function value2({ type }: FakeProperty, value: Stored): Stored {
  if (typeof value !== 'string') return value
  if (type === 'Edm.DateTime') return `/Date(${Date.parse(value)})/`
  // The format only holds milliseconds, whatever the system stores.
  if (type === 'Edm.DateTimeOffset') return `/Date(${Date.parse(`${value.slice(0, 23)}Z`)}+0000)/`
  if (type !== 'Edm.Time') return value
  const [h, m, s] = value.split(':')
  return `PT${h}H${m}M${s}S`
}

function value4({ type }: FakeProperty, value: Stored, ieee754: boolean): unknown {
  return type === 'Edm.Decimal' && value !== null && !ieee754 ? Number(value) : value
}

/** A body's members by kind. */
export interface ReadBody {
  readonly values: StoredRecord
  /** Records to be created with it, by navigation. */
  readonly parts: Readonly<Record<string, readonly Record<string, unknown>[]>>
}

/** Reads a request body. @throws Refusal for properties or values that the type does not have */
export function readBody(service: FakeService, set: FakeSet, body: unknown): ReadBody {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badBody('Malformed entity')
  const values: StoredRecord = {}
  const parts: Record<string, readonly Record<string, unknown>[]> = {}
  for (const [name, value] of Object.entries(body)) {
    if (name === '__metadata' || name.includes('@')) continue
    const navigation = set.navigations?.find((one) => one.name === name)
    if (navigation !== undefined) {
      if (isDeferred(value)) continue
      parts[name] = listIn(value)
      continue
    }
    const property = set.properties.find((one) => one.name === name)
    if (property === undefined) throw badBody(`Property ${name} is invalid`, name)
    values[name] = storedValue(service, property, value)
  }
  return { values, parts }
}

function isDeferred(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '__deferred' in value
}

function listIn(value: unknown): readonly Record<string, unknown>[] {
  const list = typeof value === 'object' && value !== null && 'results' in value ? value.results : value
  const all: unknown[] = Array.isArray(list) ? list : [list]
  return all.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null)
}

function storedValue(service: FakeService, property: FakeProperty, value: unknown): Stored {
  const { name, type, maxLength } = property
  if (value === null) {
    if (property.nullable === false) throw badBody(`Property ${name} must not be null`, name)
    // SAP has no null in texts: they become empty.
    return type === 'Edm.String' ? '' : null
  }
  if (type === 'Edm.Boolean') {
    if (typeof value === 'boolean') return value
    throw badValue(name)
  }
  if (type === 'Edm.Int32') {
    if (typeof value === 'number' && Number.isInteger(value)) return value
    throw badValue(name)
  }
  if (type === 'Edm.Decimal') return storedDecimal(property, value)
  if (typeof value !== 'string') throw badValue(name)
  if (type === 'Edm.String') {
    if (maxLength !== undefined && value.length > maxLength) throw badValue(name)
    // CHAR fields have insignificant trailing spaces: those of the caller are removed.
    return value.replace(/ +$/, '')
  }
  return service.version === 2 ? storedTime2(property, value) : storedTime4(property, value)
}

/** V2 requires a text; V4 a text or a number. Trailing zeros are removed. */
function storedDecimal({ name, precision = 31, scale = 0 }: FakeProperty, value: unknown): string {
  const text = typeof value === 'number' ? String(value) : value
  const match = typeof text === 'string' ? /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) : null
  if (match === null) throw badValue(name)
  const [, sign = '', digits = '', fraction = ''] = match
  const whole = digits.replace(/^0+(?=\d)/, '')
  const rest = fraction.replace(/0+$/, '')
  if (rest.length > scale || whole.length > precision - scale) throw badValue(name)
  return `${sign}${whole}${rest === '' ? '' : `.${rest}`}`
}

function storedTime2({ name, type }: FakeProperty, text: string): string {
  if (type === 'Edm.Guid') return text.toLowerCase()
  if (type === 'Edm.Time') {
    const match = /^PT(\d{1,2})H(\d{1,2})M(\d{1,2})(?:\.\d+)?S$/.exec(text)
    if (match === null) throw badValue(name)
    return match
      .slice(1, 4)
      .map((part) => part.padStart(2, '0'))
      .join(':')
  }
  const ms = /^\/Date\((-?\d+)(?:[+-]\d{1,4})?\)\/$/.exec(text)?.[1]
  const iso = new Date(ms === undefined ? Date.parse(text.endsWith('Z') ? text : `${text}Z`) : Number(ms))
  if (Number.isNaN(iso.getTime())) throw badValue(name)
  return type === 'Edm.DateTime' ? iso.toISOString().slice(0, 10) : instantText(iso.toISOString())
}

function storedTime4({ name, type }: FakeProperty, text: string): string {
  if (type === 'Edm.Guid') return text.toLowerCase()
  const patterns = { 'Edm.Date': /^\d{4}-\d{2}-\d{2}$/, 'Edm.TimeOfDay': /^\d{2}:\d{2}:\d{2}$/ } as const
  const pattern = type === 'Edm.Date' || type === 'Edm.TimeOfDay' ? patterns[type] : undefined
  if (pattern === undefined) return instantText(text)
  if (!pattern.test(text)) throw badValue(name)
  return text
}

function badValue(name: string): Refusal {
  return new Refusal(400, '/IWCOR/CX_DS_EDM_FACET_ERROR', `Invalid value for property '${name}'`, name)
}

function badBody(message: string, field?: string): Refusal {
  return new Refusal(400, '/IWCOR/CX_DS_EP_PARSE_ERROR', message, field)
}
