/** The client of one OData service: its metadata, its session, and calls in the format of its version. */

import type { ApiResponse } from '../../../http/api-response.ts'
import { retryAfterMs } from '../../../http/backoff/retry-after.ts'
import type { Method } from '../../../http/call.ts'
import type { ApiClient } from '../../../http/client.ts'
import { AuthenticationError, HttpStatusError, RateLimitedError } from '../../../http/errors.ts'
import { parseJson, writeJson } from '../../../http/json.ts'
import { defaultResponseLimits } from '../../../http/options.ts'
import type { SystemTiming } from '../../../model/integration.ts'
import { callOptions, writeOptions } from '../call-options.ts'
import type { CallContext } from '../contract.ts'
import { isNativeRecord } from '../native.ts'
import { unusable } from '../unusable.ts'
import { type CsrfMode, CsrfSession } from './csrf-session.ts'
import { parseMetadata } from './metadata/edmx.ts'
import type { ProtocolVersion, ServiceModel } from './metadata/model.ts'
import {
  type BatchFormat,
  type BatchRequest,
  type BatchResponse,
  type ChangeSet,
  multipartResponses,
  readsBatch,
  type SpeltBatch,
  writesBatch,
} from './protocol/batch.ts'

/** Query options of a call; `undefined` ones are omitted. */
export type ServiceQuery = Readonly<Record<string, string | undefined>>

/** One call: an address template with its values, and the query. */
export interface ServiceCall {
  readonly target: string
  readonly path?: Readonly<Record<string, string>>
  readonly query?: ServiceQuery
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
}

/** Configuration for reaching a service. */
export interface ServiceOptions {
  readonly api: ApiClient
  readonly timing: SystemTiming
  /** Below the system's URL: `/sap/opu/odata/sap/API_BUSINESS_PARTNER`, or empty. */
  readonly path: string
  /** On every request: `sap-client`, `sap-language`. */
  readonly parameters: ServiceQuery
  readonly csrf: CsrfMode
  /** For V4 services. */
  readonly batchFormat: BatchFormat
}

/** One service of a system. */
export class Service {
  readonly path: string
  readonly #options: ServiceOptions
  readonly #session: CsrfSession
  #metadata: Promise<ServiceModel> | undefined

  constructor(options: ServiceOptions) {
    this.path = options.path
    this.#options = options
    const { api, timing } = options
    this.#session = new CsrfSession(
      (headers) =>
        api.send('GET', this.#address('/', {}), {
          headers: { accept: 'application/json', ...headers },
          totalMs: timing.readTimeoutMs,
        }),
      options.csrf,
    )
  }

  /** The service's metadata; read once. @throws as a read does · CONNECTOR_RESPONSE_UNUSABLE */
  metadata(): Promise<ServiceModel> {
    return this.#metadata ?? this.refreshMetadata()
  }

  /** Reads the metadata again. When that fails, the previous metadata stays in place. */
  refreshMetadata(): Promise<ServiceModel> {
    const before = this.#metadata
    const asking = this.#fetchMetadata()
    this.#metadata = asking
    asking.catch(() => {
      if (this.#metadata === asking) this.#metadata = before
    })
    return asking
  }

  async #fetchMetadata(): Promise<ServiceModel> {
    const { api, timing } = this.#options
    const { data } = await api.send('GET', this.#address('/$metadata', {}), {
      headers: { accept: 'application/xml' },
      totalMs: timing.readTimeoutMs,
    })
    return parseMetadata(typeof data === 'string' ? data : '')
  }

  /** A read: retried over short disruptions within the read timeout. */
  async read(call: ServiceCall, context: CallContext): Promise<ApiResponse<unknown>> {
    const { version } = await this.metadata()
    return this.#options.api.send('GET', this.#address(call.target, call.query), {
      ...(call.path === undefined ? {} : { path: call.path }),
      headers: { ...readHeaders(version), ...call.headers },
      ...callOptions(context),
      totalMs: this.#options.timing.readTimeoutMs,
    })
  }

  /** Prepares everything that a write needs; a failure here means that the write was not sent. */
  async prepareWrite(): Promise<ServiceModel> {
    const model = await this.metadata()
    await this.#session.prepare()
    return model
  }

  /** A write: sent once, except after a refusal because of a missing CSRF token. */
  async write(method: Method, call: ServiceCall, context: CallContext): Promise<ApiResponse<unknown>> {
    const { version } = await this.metadata()
    const { json } = call
    return this.#session.send((session) =>
      this.#options.api.send(method, this.#address(call.target, call.query), {
        ...(call.path === undefined ? {} : { path: call.path }),
        ...(json === undefined ? {} : { json }),
        headers: {
          ...readHeaders(version),
          ...(json === undefined ? {} : { 'content-type': bodyType(version) }),
          ...session,
          ...call.headers,
        },
        ...this.#writeOptions(context),
      }),
    )
  }

  /** Reads of a batch, with responses in their order; undefined for those without a response. */
  async readBatch(reads: readonly BatchRequest[], context: CallContext): Promise<readonly MaybeResponses[]> {
    return this.#batch(readsBatch(reads, await this.#batchFormat()), reads, context)
  }

  /** Change sets of a batch; the responses of each, or undefined for one without a response. */
  async writeBatch(sets: readonly ChangeSet[], context: CallContext): Promise<readonly MaybeResponses[]> {
    return this.#batch(writesBatch(sets, await this.#batchFormat()), sets, context)
  }

  /** V2 supports only one form. */
  async #batchFormat(): Promise<BatchFormat> {
    const { version } = await this.metadata()
    return version === 2 ? 'multipart' : this.#options.batchFormat
  }

  async #batch(
    batch: SpeltBatch,
    asked: readonly unknown[],
    context: CallContext,
  ): Promise<readonly MaybeResponses[]> {
    const { version } = await this.metadata()
    const headers = {
      ...readHeaders(version),
      accept: batch.accept,
      'content-type': batch.contentType,
      // Without it, a V4 service stops at the first failed request.
      ...(version === 4 ? { prefer: 'odata.continue-on-error' } : {}),
    }
    const response = await this.#session.send((session) =>
      this.#options.api.send('POST', this.#address('/$batch', {}), {
        body: batch.body,
        headers: { ...headers, ...session },
        ...this.#writeOptions(context),
      }),
    )
    const groups = responsesOf(response)
    if (groups.length > asked.length) throw unusable('a batch has more responses than requests')
    // A V4 service that stops at the first failure responds up to it. Otherwise it is unknown which response
    // is missing, and how to match the others.
    const endsWithFailure = version === 4 && groups.at(-1)?.some(({ status }) => status >= 400) === true
    const isAssignable =
      typeof response.data !== 'string' || groups.length === asked.length || endsWithFailure
    return asked.map((_one, index) => (isAssignable ? groups[index] : undefined))
  }

  /** Headers of a single request within a batch. */
  partHeaders(version: ProtocolVersion, hasBody: boolean): Readonly<Record<string, string>> {
    return { ...readHeaders(version), ...(hasBody ? { 'content-type': bodyType(version) } : {}) }
  }

  /**
   * The path of a next page that the service returned, if it is within the service; its host may be internal
   * to the service.
   */
  ownPath(link: string): string | undefined {
    const base = `http://service.invalid${this.path}/`
    if (!URL.canParse(link, base)) return undefined
    const { pathname, search } = new URL(link, base)
    const at = pathname.indexOf(`${this.path}/`)
    return at === -1 ? undefined : `${pathname.slice(at + this.path.length)}${search}`
  }

  #writeOptions(context: CallContext) {
    return { ...writeOptions(context), retries: 0, totalMs: this.#options.timing.writeTimeoutMs }
  }

  /**
   * The query is encoded here: services expect `%20`, not `+`, and a literal `$`. Options that a link already
   * contains are not added twice.
   */
  #address(target: string, query: ServiceQuery | undefined): string {
    const [, given = ''] = target.split('?', 2)
    const known = new URLSearchParams(given)
    const own = Object.entries(this.#options.parameters).filter(([name]) => !known.has(name))
    const text = queryText([...Object.entries(query ?? {}), ...own])
    if (text === '') return `${this.path}${target}`
    return `${this.path}${target}${target.includes('?') ? '&' : '?'}${text}`
  }
}

/** Responses of one part of a batch: one, or one for each request of a change set. */
export type MaybeResponses = readonly BatchResponse[] | undefined

/** Formats query options. */
export function queryText(query: readonly (readonly [string, string | undefined])[]): string {
  return query
    .filter(([, value]) => value !== undefined)
    .map(([name, value = '']) => `${name}=${encodeURIComponent(value).replaceAll('%2C', ',')}`)
    .join('&')
}

function readHeaders(version: ProtocolVersion): Readonly<Record<string, string>> {
  return version === 2
    ? { accept: 'application/json', dataserviceversion: '2.0', maxdataserviceversion: '2.0' }
    : {
        accept: 'application/json;odata.metadata=minimal;IEEE754Compatible=true',
        'odata-version': '4.0',
        'odata-maxversion': '4.0',
      }
}

function bodyType(version: ProtocolVersion): string {
  return version === 2 ? 'application/json' : 'application/json;IEEE754Compatible=true'
}

function responsesOf({ headers, data }: ApiResponse<unknown>): readonly (readonly BatchResponse[])[] {
  if (typeof data === 'string') return multipartResponses(headers['content-type'] ?? '', data)
  const responses = isNativeRecord(data) ? data.responses : undefined
  if (!Array.isArray(responses)) throw unusable('the response to a batch has no parts')
  return groupedById(responses.filter(isNativeRecord))
}

/** Ids are `set.request`, as they were sent. */
function groupedById(
  responses: readonly Readonly<Record<string, unknown>>[],
): readonly (readonly BatchResponse[])[] {
  const groups: BatchResponse[][] = []
  for (const { id, status, headers, body } of responses) {
    const set = /^(\d{1,6})\.\d{1,6}$/.exec(String(id))?.[1]
    if (set === undefined || typeof status !== 'number') continue
    const given = isNativeRecord(headers) ? headers : {}
    const lower = Object.entries(given).map(([name, value]) => [name.toLowerCase(), String(value)] as const)
    const at = Number(set) - 1
    const group = groups[at] ?? []
    group.push({
      status,
      headers: Object.fromEntries(lower),
      body: body === undefined ? '' : writeJson(body),
    })
    groups[at] = group
  }
  return groups
}

/**
 * Converts one response of a batch to the result of a separate call. @throws HttpStatusError,
 * AuthenticationError, RateLimitedError · CONNECTOR_RESPONSE_UNUSABLE
 */
export function settledResponse(response: BatchResponse, label: string): ApiResponse<unknown> {
  const { status, headers, body: text } = response
  const mediaType = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const parsed = text === '' ? undefined : parseJson(text, defaultResponseLimits)
  if (status >= 200 && status < 300) {
    if (parsed?.ok === false) throw unusable(`${label} was answered with something that is not JSON`)
    return { status, headers, data: parsed?.value }
  }
  if (status < 200) throw unusable(`${label} got no response within its batch`)
  const body = parsed?.ok === true ? parsed.value : text
  const kept = { outcome: 'answered', response: { status, body, mediaType, headers } } as const
  if (status === 401) {
    const message = `${label} was refused within a batch: the credential is not accepted (401).`
    throw new AuthenticationError('HTTP_UNAUTHENTICATED', message, kept)
  }
  if (status === 429) {
    const afterMs = retryAfterMs(headers['retry-after'], Date.now(), headers.date)
    const retry = afterMs === undefined ? {} : { retry: { afterMs } }
    const message = `${label} was refused within a batch: too many requests (429).`
    throw new RateLimitedError('HTTP_RATE_LIMITED', message, { ...kept, ...retry })
  }
  const outcome = status >= 500 || status === 408 ? 'unknown' : 'answered'
  throw new HttpStatusError(
    outcome === 'unknown' ? 'HTTP_STATUS_TRANSIENT' : 'HTTP_STATUS_FINAL',
    `${label} was refused within a batch (${status}).`,
    { outcome, response: { status, body, mediaType, headers } },
  )
}
