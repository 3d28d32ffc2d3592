/** `/composite`: up to 25 requests in one; later ones may use the results of earlier ones. */
import {
  type ApiContext,
  type ApiRequest,
  type ApiResponse,
  isObject,
  match,
  objectBody,
  type Route,
} from './api.ts'
import { SalesforceError } from './errors.ts'

const partsMax = 25

export const compositeRoutes: Route = (request, context) => {
  if (match(request, 'POST', 'composite') !== undefined) return composite(request, context)
  if (match(request, 'POST', 'composite/batch') !== undefined) return batch(request, context)
  return undefined
}

function partsOf(request: ApiRequest, key: string): readonly Readonly<Record<string, unknown>>[] {
  const parts = objectBody(request)[key]
  if (!Array.isArray(parts)) throw new SalesforceError(400, 'JSON_PARSER_ERROR', `${key} is missing`)
  if (parts.length > partsMax) {
    throw new SalesforceError(400, 'LIMIT_EXCEEDED', `Maximum number of subrequests is ${partsMax}`)
  }
  return parts.filter(isObject)
}

function composite(request: ApiRequest, context: ApiContext): ApiResponse {
  const known = new Map<string, unknown>()
  const responses = partsOf(request, 'compositeRequest').map((part) => {
    const filled = fill(part, known)
    const headers = isObject(filled.httpHeaders) ? filled.httpHeaders : {}
    const response = context.handle(subrequest(request, filled, headers))
    const referenceId = String(part.referenceId ?? '')
    known.set(referenceId, response.body)
    return {
      body: response.body ?? null,
      httpHeaders: response.headers ?? {},
      httpStatusCode: response.status,
      referenceId,
    }
  })
  return { status: 200, body: { compositeResponse: responses } }
}

function batch(request: ApiRequest, context: ApiContext): ApiResponse {
  const results = partsOf(request, 'batchRequests').map((part) => {
    const url = String(part.url ?? '')
    const response = context.handle(
      subrequest(
        request,
        { method: part.method, url: `/services/data/${url.replace(/^\//, '')}`, body: part.richInput },
        {},
      ),
    )
    return { statusCode: response.status, result: response.body ?? null }
  })
  return { status: 200, body: { hasErrors: results.some(({ statusCode }) => statusCode >= 400), results } }
}

function subrequest(
  outer: ApiRequest,
  part: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, unknown>>,
): ApiRequest {
  const url = new URL(String(part.url ?? ''), 'http://fake')
  const [, , , version = '', ...path] = url.pathname.split('/')
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)])
  return {
    method: String(part.method ?? 'GET').toUpperCase(),
    path: path.map(decodeURIComponent),
    query: url.searchParams,
    headers: Object.fromEntries(given),
    body: part.body,
    version: version === '' ? outer.version : version,
  }
}

/** Replaces `@{ref.id}` in a later part by the value from the earlier part's response. */
function fill(
  part: Readonly<Record<string, unknown>>,
  known: ReadonlyMap<string, unknown>,
): Readonly<Record<string, unknown>> {
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') {
      return value.replace(/@\{(\w+)\.([\w.[\]]+)\}/g, (_whole, name: string, path: string) => {
        let found: unknown = known.get(name)
        for (const step of path.split(/[.[\]]+/).filter((one) => one !== '')) {
          found = typeof found === 'object' && found !== null ? Reflect.get(found, step) : undefined
        }
        return String(found)
      })
    }
    if (Array.isArray(value)) return value.map(walk)
    if (!isObject(value) || value.constructor !== Object) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]))
  }
  const filled = walk(part)
  return isObject(filled) ? filled : part
}
