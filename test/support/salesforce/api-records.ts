/** `/sobjects`: describe, and one record at a time. */
import { createHash } from 'node:crypto'
import {
  type ApiContext,
  type ApiRequest,
  type ApiResponse,
  match,
  objectBody,
  type Route,
  withAttributes,
} from './api.ts'
import { notFound, SalesforceError } from './errors.ts'
import { describeField, describeSummary, type FieldSpec, type ObjectType } from './objects.ts'
import type { StoredRecord } from './org.ts'
import { storedValue } from './values.ts'

export const recordRoutes: Route = (request, context) => {
  if (request.path[0] !== 'sobjects') return undefined
  return describeRoutes(request, context) ?? singleRoutes(request, context) ?? keyRoutes(request, context)
}

const describeRoutes: Route = (request, { org }) => {
  if (match(request, 'GET', 'sobjects') !== undefined) {
    const sobjects = [...org.types.values()].map((type) => describeSummary(type, request.version))
    return { status: 200, body: { encoding: 'UTF-8', maxBatchSize: 200, sobjects } }
  }
  const basic = match(request, 'GET', 'sobjects/:object')
  if (basic !== undefined) {
    const type = org.type(basic.object ?? '')
    return { status: 200, body: { objectDescribe: describeSummary(type, request.version), recentItems: [] } }
  }
  const full = match(request, 'GET', 'sobjects/:object/describe')
  if (full === undefined) return undefined
  const type = org.type(full.object ?? '')
  const fields = [...type.fields.values()].map(describeField)
  const body = {
    ...describeSummary(type, request.version),
    fields,
    childRelationships: [],
    recordTypeInfos: [],
  }
  return { status: 200, body }
}

const singleRoutes: Route = (request, context) => {
  const { org } = context
  const created = match(request, 'POST', 'sobjects/:object')
  if (created?.object !== undefined) {
    const id = org.create(org.type(created.object).spec.name, objectBody(request))
    return {
      status: 201,
      body: { id, success: true, errors: [] },
      headers: { location: `/services/data/${request.version}/sobjects/${created.object}/${id}` },
    }
  }
  const [, objectName = '', id = ''] = request.path
  if (request.path.length !== 3 || id === 'updated' || id === 'deleted') return undefined
  const object = org.type(objectName).spec.name
  switch (request.method) {
    case 'GET':
      return readRecord(request, context, org.live(object, id))
    case 'PATCH': {
      const refused = precondition(request, context, org.live(object, id))
      if (refused !== undefined) return refused
      org.update(object, id, objectBody(request))
      return { status: 204 }
    }
    case 'DELETE':
      org.remove(object, id)
      return { status: 204 }
  }
  return undefined
}

/** By external id: `/sobjects/Account/ERP_Number__c/4711`. */
const keyRoutes: Route = (request, context) => {
  const { org } = context
  const [, objectName = '', fieldName = '', value = ''] = request.path
  if (request.path.length !== 4) return undefined
  const type = org.type(objectName)
  const field = type.fields.get(fieldName.toLowerCase())
  if (field?.externalId !== true) throw notFound()
  const found = org.byValue(type, field, storedValue(type, field, value))
  if (found.length > 1) {
    const urls = found.map(({ id }) => `/services/data/${request.version}/sobjects/${objectName}/${id}`)
    return { status: 300, body: urls }
  }
  const [record] = found
  if (request.method === 'PATCH') return upsert(context, { type, field, value, body: objectBody(request) })
  if (record === undefined) throw notFound()
  if (request.method === 'GET') return readRecord(request, context, record)
  if (request.method === 'DELETE') {
    org.remove(type.spec.name, record.id)
    return { status: 204 }
  }
  return undefined
}

interface Upsert {
  readonly type: ObjectType
  readonly field: FieldSpec
  readonly value: unknown
  readonly body: Readonly<Record<string, unknown>>
}

/** @throws SalesforceError as a create or an update does */
export function upsert({ org }: Pick<ApiContext, 'org'>, { type, field, value, body }: Upsert): ApiResponse {
  const object = type.spec.name
  if (Object.keys(body).some((key) => key.toLowerCase() === field.name.toLowerCase())) {
    const message = `The ${field.name} field should not be specified in the sobject data.`
    throw new SalesforceError(400, 'INVALID_FIELD', message, [field.name])
  }
  const [record, second] = org.byValue(type, field, storedValue(type, field, value))
  if (second !== undefined) {
    const message = `${field.name}: more than one record found for external id field`
    throw new SalesforceError(400, 'DUPLICATE_EXTERNAL_ID', message)
  }
  if (record !== undefined) {
    org.update(object, record.id, body)
    return { status: 200, body: { id: record.id, success: true, errors: [], created: false } }
  }
  const id = org.create(object, { ...body, [field.name]: value })
  return { status: 201, body: { id, success: true, errors: [], created: true } }
}

function readRecord(request: ApiRequest, { org }: ApiContext, record: StoredRecord): ApiResponse {
  const object = record.type.spec.name
  const since = request.headers['if-modified-since']
  if (since !== undefined && record.modstampMs <= timeOf(since)) return { status: 304 }
  const named = request.query.get('fields')
  const values = named === null ? org.native(record) : pick(org.native(record), record.type, named.split(','))
  return {
    status: 200,
    body: withAttributes(request.version, object, record.id, values),
    headers: {
      'last-modified': new Date(record.modstampMs).toUTCString(),
      ...(object === 'Account' ? { etag: etagOf(request, record) } : {}),
    },
  }
}

/** The named fields, and always the id. @throws SalesforceError INVALID_FIELD */
export function pick(
  values: Readonly<Record<string, unknown>>,
  type: ObjectType,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  const picked: Record<string, unknown> = {}
  for (const name of names) {
    const field = type.fields.get(name.trim().toLowerCase())
    if (field === undefined) {
      throw new SalesforceError(
        400,
        'INVALID_FIELD',
        `No such column '${name}' on sobject of type ${type.spec.name}`,
      )
    }
    picked[field.name] = values[field.name]
  }
  return { ...picked, Id: values.Id }
}

function etagOf(_request: ApiRequest, record: StoredRecord): string {
  const content = JSON.stringify([record.id, record.values, record.modstampMs])
  return `"${createHash('sha1').update(content).digest('base64')}"`
}

/** Only accounts have strong validators; the weak one compares whole seconds. */
function precondition(
  request: ApiRequest,
  _context: ApiContext,
  record: StoredRecord,
): ApiResponse | undefined {
  const match = request.headers['if-match']
  const unmodified = request.headers['if-unmodified-since']
  const failed = { status: 412, body: [{ message: 'Precondition Failed', errorCode: 'PRECONDITION_FAILED' }] }
  if (match !== undefined && record.type.spec.name === 'Account') {
    const wanted = match.split(',').map((one) => one.trim().replace(/-gzip"$/, '"'))
    if (!wanted.includes(etagOf(request, record))) return failed
  }
  if (unmodified !== undefined && record.modstampMs > timeOf(unmodified)) return failed
  return undefined
}

function timeOf(text: string): number {
  const ms = Date.parse(text)
  if (!Number.isNaN(ms)) return ms
  throw new SalesforceError(400, 'INVALID_DATE_FORMAT', `The date ${text} is invalid`)
}
