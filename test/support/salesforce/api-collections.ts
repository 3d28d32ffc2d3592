/** `/composite/sobjects`: up to 200 records per write, 2,000 per read, each with a result of its own. */
import {
  type ApiContext,
  type ApiRequest,
  type ApiResponse,
  isObject,
  match,
  objectBody,
  type Route,
  withAttributes,
} from './api.ts'
import { pick, upsert } from './api-records.ts'
import { notFound, SalesforceError, saveErrors } from './errors.ts'
import type { Org } from './org.ts'

const writesMax = 200
const readsMax = 2_000

export const collectionRoutes: Route = (request, context) => {
  if (request.path[0] !== 'composite' || request.path[1] !== 'sobjects') return undefined
  if (match(request, 'POST', 'composite/sobjects') !== undefined) {
    return saveAll(request, context, (record, type) => {
      const id = context.org.create(type, withoutId(record))
      return { id, success: true, errors: [] }
    })
  }
  if (match(request, 'PATCH', 'composite/sobjects') !== undefined) {
    return saveAll(request, context, (record, type) => {
      const id = idOf(record)
      context.org.update(type, id, withoutId(record))
      return { id, success: true, errors: [] }
    })
  }
  if (match(request, 'DELETE', 'composite/sobjects') !== undefined) return removeAll(request, context)
  const keyed = match(request, 'PATCH', 'composite/sobjects/:object/:field')
  if (keyed !== undefined) return upsertAll(request, context, keyed.object ?? '', keyed.field ?? '')
  const listed =
    match(request, 'POST', 'composite/sobjects/:object') ??
    match(request, 'GET', 'composite/sobjects/:object')
  return listed === undefined ? undefined : retrieve(request, context, listed.object ?? '')
}

type Save = (record: Readonly<Record<string, unknown>>, type: string) => object

function recordsOf(request: ApiRequest): readonly Readonly<Record<string, unknown>>[] {
  const { records } = objectBody(request)
  if (!Array.isArray(records)) throw new SalesforceError(400, 'JSON_PARSER_ERROR', 'records is missing')
  if (records.length > writesMax) {
    const message = `record limit reached. cannot submit more than ${writesMax} records into this call`
    throw new SalesforceError(400, 'EXCEEDED_MAX_SIZE_REQUEST', message)
  }
  return records.filter(isObject)
}

function saveAll(request: ApiRequest, { org }: ApiContext, save: Save): ApiResponse {
  const allOrNone = objectBody(request).allOrNone === true
  const records = recordsOf(request)
  const results = records.map((record) => attempt(() => save(record, typeOf(org, record))))
  return { status: 200, body: settled(results, allOrNone) }
}

/** The fake has no rollback: an `allOrNone` that would need one is refused as a whole in advance. */
function settled(results: readonly Attempt[], allOrNone: boolean): readonly object[] {
  if (allOrNone && results.some(({ failed }) => failed)) {
    throw new SalesforceError(500, 'UNKNOWN_EXCEPTION', 'the fake does not roll back: use allOrNone=false')
  }
  return results.map(({ result }) => result)
}

interface Attempt {
  readonly result: object
  readonly failed: boolean
}

function attempt(save: () => object): Attempt {
  try {
    return { result: save(), failed: false }
  } catch (error) {
    if (!(error instanceof SalesforceError)) throw error
    return { result: { success: false, errors: saveErrors(error) }, failed: true }
  }
}

function upsertAll(request: ApiRequest, context: ApiContext, object: string, fieldName: string): ApiResponse {
  const type = context.org.type(object)
  const field = type.fields.get(fieldName.toLowerCase())
  if (field?.externalId !== true && field?.type !== 'id') throw notFound()
  const seen = new Set<string>()
  const results = recordsOf(request).map((record) =>
    attempt(() => {
      const { [field.name]: value, attributes: _attributes, ...body } = record
      const key = String(value).toLowerCase()
      if (seen.has(key)) {
        const message = `Duplicate external id specified: ${String(value)}`
        throw new SalesforceError(400, 'DUPLICATE_VALUE', message, [field.name])
      }
      seen.add(key)
      return upsert(context, { type, field, value, body }).body as object
    }),
  )
  return { status: 200, body: settled(results, objectBody(request).allOrNone === true) }
}

function removeAll(request: ApiRequest, { org }: ApiContext): ApiResponse {
  const ids = (request.query.get('ids') ?? '').split(',')
  if (ids.length > writesMax) throw new SalesforceError(400, 'EXCEEDED_MAX_SIZE_REQUEST', 'too many ids')
  const results = ids.map((id) =>
    attempt(() => {
      const type = [...org.types.values()].find(({ spec }) => id.startsWith(spec.prefix))
      if (type === undefined) throw new SalesforceError(400, 'MALFORMED_ID', 'malformed id')
      org.remove(type.spec.name, id)
      return { id, success: true, errors: [] }
    }),
  )
  return { status: 200, body: settled(results, request.query.get('allOrNone') === 'true') }
}

/** Unknown and deleted records are returned as null, in the requested order. */
function retrieve(request: ApiRequest, { org }: ApiContext, object: string): ApiResponse {
  const type = org.type(object)
  const body = objectBody(request)
  const ids = request.method === 'POST' ? texts(body.ids) : (request.query.get('ids') ?? '').split(',')
  const fields =
    request.method === 'POST' ? texts(body.fields) : (request.query.get('fields') ?? 'Id').split(',')
  if (ids.length > readsMax) {
    throw new SalesforceError(400, 'EXCEEDED_ID_LIMIT', `cannot retrieve more than ${readsMax} records`)
  }
  const found = ids.map((id) => {
    const record = org.find(type.spec.name, id)
    if (record === undefined || record.deleted) return null
    const values = pick(org.native(record), type, fields)
    return withAttributes(request.version, type.spec.name, record.id, values)
  })
  return { status: 200, body: found }
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function typeOf(org: Org, record: Readonly<Record<string, unknown>>): string {
  const { attributes } = record
  const name = isObject(attributes) ? attributes.type : undefined
  const type = typeof name === 'string' ? org.types.get(name.toLowerCase()) : undefined
  if (type !== undefined) return type.spec.name
  throw new SalesforceError(400, 'INVALID_TYPE', 'sObject type is missing or not supported.')
}

function idOf(record: Readonly<Record<string, unknown>>): string {
  const id = record.id ?? record.Id
  if (typeof id === 'string') return id
  throw new SalesforceError(400, 'MISSING_ARGUMENT', 'Id not specified in an update call')
}

function withoutId(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { id: _id, Id: _Id, attributes: _attributes, ...rest } = record
  return rest
}
