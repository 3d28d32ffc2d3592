/** Common types of the fake's routes: requests, responses, and paths. */
import type { Org } from './org.ts'

/** One request below `/services/data/vXX.X`. */
export interface ApiRequest {
  readonly method: string
  /** Decoded segments after the version. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Parsed JSON, or the text where it is none. */
  readonly body: unknown
  /** `v60.0` */
  readonly version: string
}

/** One response. `text` is sent unchanged, `body` as JSON. */
export interface ApiResponse {
  readonly status: number
  readonly body?: unknown
  readonly text?: string | Iterable<string>
  readonly headers?: Readonly<Record<string, string>>
}

/** The context of the routes. */
export interface ApiContext {
  readonly org: Org
  readonly options: ApiOptions
  /** Query cursors, bulk jobs. */
  readonly cursors: Map<string, readonly Readonly<Record<string, unknown>>[]>
  readonly jobs: Map<string, unknown>
  /** Numbers for ids of cursors and jobs. */
  next(): number
  /** Runs another request, for composite ones. */
  handle(request: ApiRequest): ApiResponse
}

/** The configurable behaviour of the fake. */
export interface ApiOptions {
  /** Records in one response of a query. */
  readonly queryBatch: number
  /** Rows in one result page of a bulk query, unless `maxRecords` asks for fewer. */
  readonly bulkPage: number
  /** Number of state queries before a bulk job is done. */
  readonly bulkPolls: number
  /** Bulk result pages after the first begin with the column names too. */
  readonly bulkHeaders: boolean
}

/** A route: returns a response, or undefined when it does not match. */
export type Route = (request: ApiRequest, context: ApiContext) => ApiResponse | undefined

/** Matches the path with a pattern such as `sobjects/:object/:id`; returns the named parts. */
export function match(
  request: ApiRequest,
  method: string,
  pattern: string,
): Readonly<Record<string, string>> | undefined {
  if (request.method !== method) return undefined
  const wanted = pattern.split('/')
  if (wanted.length !== request.path.length) return undefined
  const parts: Record<string, string> = {}
  for (const [index, step] of wanted.entries()) {
    const given = request.path[index] ?? ''
    if (step.startsWith(':')) parts[step.slice(1)] = given
    else if (step !== given) return undefined
  }
  return parts
}

/** A body that has to be a JSON object. */
export function objectBody(request: ApiRequest): Readonly<Record<string, unknown>> {
  return isObject(request.body) ? request.body : {}
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A record as in REST responses: with `attributes`. */
export function withAttributes(
  version: string,
  object: string,
  id: string,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return {
    attributes: { type: object, url: `/services/data/${version}/sobjects/${object}/${id}` },
    ...values,
  }
}
