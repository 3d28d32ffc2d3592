/** The API client, the public entry point. All steps of a call are in `chain.ts`. */

import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { Readable } from 'node:stream'
import { UsageError } from '../model/errors.ts'
import { addressOf, type BaseUrl, endpointClassOf, parseBaseUrl } from './address.ts'
import type { ApiResponse } from './api-response.ts'
import { authenticatorFrom } from './auth/authenticator-from.ts'
import { MemoryTokenStore } from './auth/memory-token-store.ts'
import { isSpentBySending, lengthToSay, requestBodyOf } from './bodies/request-body.ts'
import { assertWithin } from './bounds.ts'
import { cacheFrom } from './cache-from-options.ts'
import {
  type CacheMode,
  type Call,
  type DecodedResponse,
  type HttpClock,
  type Method,
  newProgress,
} from './call.ts'
import { clientChain } from './chain.ts'
import type { ClientTransport } from './client-transport.ts'
import { acceptedEncodings } from './content-encoding.ts'
import { CookieJar } from './cookies/cookie-jar.ts'
import { AuthenticationError, HttpStatusError, RateLimitedError } from './errors.ts'
import { lowerNames } from './header-names.ts'
import type { LimitReport } from './limits/limit-headers.ts'
import { type LimiterUsage, RateLimiter } from './limits/rate-limiter.ts'
import { portsFrom } from './network/allowed-ports.ts'
import { assertKnownCallOptions, assertKnownOptions } from './option-names.ts'
import {
  type ApiClientOptions,
  breakerFrom,
  type CallOptions,
  responseLimitsFrom,
  retryFrom,
  type StreamOptions,
  type TypedCallOptions,
  timeoutsFrom,
} from './options.ts'
import {
  type CheckedItemsOptions,
  type ItemsOptions,
  type Page,
  type PagesOptions,
  walkItems,
  walkPages,
} from './pagination/walk.ts'
import { notCached } from './policies/cache.ts'
import type { StandardSchema } from './standard-schema.ts'
import { Stop } from './stop.ts'
import type { RequestBody } from './stream-body.ts'
import { processTelemetry } from './telemetry/open-telemetry.ts'
import { Transport } from './transport.ts'
import { validated } from './validated.ts'

/** A response for adapters: any status, and the body as received. */
export interface StreamedExchange extends ApiResponse<Uint8Array | AsyncIterable<Uint8Array>> {
  /** Reason phrase of the status line; empty when it is not known. */
  readonly statusText: string
  /** Address of the response, after redirects. */
  readonly url: string
  /** Redirects were followed. */
  readonly isRedirected: boolean
  /** The cache created the response, because it had none stored. */
  readonly isCacheMiss: boolean
}

/** Options of {@link ApiClient.exchangeStream}. */
export interface ExchangeStreamOptions extends CallOptions {
  /**
   * Maximum number of redirects to follow, including those of writes as in `fetch`. 0 to 20. @default the
   * client's own
   */
  readonly redirects?: number
  /** @default 'default' */
  readonly cacheMode?: CacheMode
}

const systemClock: HttpClock = { now: () => Date.now(), monotonic: () => performance.now() }

/** Maximum bytes of a stream, unless its reader specifies otherwise. */
const streamBytesMax = 4 * 1024 ** 3

const repeatableMethods: ReadonlySet<Method> = new Set([
  ...['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY', 'PUT', 'DELETE', 'PROPFIND', 'REPORT', 'SEARCH'],
])

/**
 * Calls one JSON API: authenticated, rate limited, retried where that is safe, limited in time and size, with
 * typed errors.
 *
 * ```ts
 * const users = new ApiClient({ baseUrl: 'https://jsonplaceholder.typicode.com' })
 * const one = await users.get('/users/{id}', { path: { id: 1 }, schema: User })
 * ```
 *
 * Holds sockets: call {@link ApiClient.close} when done.
 */
export class ApiClient {
  readonly #base: BaseUrl
  readonly #options: ApiClientOptions
  readonly #clock: HttpClock
  readonly #totalMs: number
  readonly #retries: number
  readonly #headers: Readonly<Record<string, string>>
  readonly #transport: ClientTransport
  readonly #limiter: RateLimiter
  readonly #run: (call: Call) => Promise<DecodedResponse>
  #closed = false

  /** @throws UsageError HTTP_OPTIONS_INVALID */
  constructor(options: ApiClientOptions) {
    assertKnownOptions(options)
    const allowHttp = options.allowHttp ?? false
    const timeouts = timeoutsFrom(options.timeouts)
    const retry = retryFrom(options.retry)
    const response = responseLimitsFrom(options.response)
    const connections = options.connections ?? 64
    assertWithin('connections', connections, 1, 1_024)
    const redirects = options.redirects ?? 0
    assertWithin('redirects', redirects, 0, 10)
    this.#options = options
    this.#base = parseBaseUrl(options.baseUrl, allowHttp, options.secretPath)
    this.#clock = options.clock ?? systemClock
    this.#totalMs = timeouts.totalMs
    this.#retries = retry.retries
    // Frozen, since all calls without their own headers share it.
    this.#headers = Object.freeze(
      lowerNames({
        accept: 'application/json, application/problem+json;q=0.9, */*;q=0.1',
        'accept-encoding': acceptedEncodings,
        'user-agent': 'isthmus',
        ...options.headers,
      }),
    )
    const clock = this.#clock
    const ca = options.ca === undefined ? undefined : [options.ca].flat()
    const sockets = () =>
      new Transport({
        timeouts,
        maxBytes: response.maxBytes,
        connections,
        ca,
        clientCertificate: options.clientCertificate,
        allowAddresses: [...(options.allowAddresses ?? []), ...(allowHttp ? ['loopback'] : [])],
        allowPorts: portsFrom(options, this.#base),
        proxy: options.proxy,
        lookup: options.lookup,
        clock,
      })
    this.#transport = options.transport?.(sockets) ?? sockets()
    this.#limiter = new RateLimiter(options.limits ?? {}, () => clock.monotonic())
    const exchange = (call: Call) => this.#transport.exchange(call)
    this.#run = clientChain({
      clock,
      retry,
      response,
      exchange,
      random: options.random ?? Math.random,
      cache: cacheFrom(options),
      coalesceReads: options.coalesceReads ?? false,
      cookies: options.cookies === true ? new CookieJar() : undefined,
      redirects,
      allowHttp,
      breaker: breakerFrom(options.breaker),
      limiter: this.#limiter,
      authenticator: authenticatorFrom(options.auth, {
        exchange,
        clock,
        allowHttp,
        totalMs: timeouts.totalMs,
        tokens: options.tokens ?? new MemoryTokenStore(),
      }),
      beforeRequest: options.beforeRequest,
      onAttempt: options.onAttempt,
      telemetry: options.telemetry === false ? undefined : processTelemetry(),
    })
  }

  /** Reads. Returns the decoded body, validated and typed by `schema` if given. */
  get<Output>(target: string, options: TypedCallOptions<Output>): Promise<Output>
  get(target: string, options?: CallOptions): Promise<unknown>
  get(target: string, options: CallOptions = {}): Promise<unknown> {
    return this.#data('GET', target, options)
  }

  /** Creates, usually. Retried only if the request provably was never sent, or with an `idempotencyKey`. */
  post<Output>(target: string, options: TypedCallOptions<Output>): Promise<Output>
  post(target: string, options?: CallOptions): Promise<unknown>
  post(target: string, options: CallOptions = {}): Promise<unknown> {
    return this.#data('POST', target, options)
  }

  /** Replaces. */
  put<Output>(target: string, options: TypedCallOptions<Output>): Promise<Output>
  put(target: string, options?: CallOptions): Promise<unknown>
  put(target: string, options: CallOptions = {}): Promise<unknown> {
    return this.#data('PUT', target, options)
  }

  /** Changes. Retried only if the request provably was never sent, or with an `idempotencyKey`. */
  patch<Output>(target: string, options: TypedCallOptions<Output>): Promise<Output>
  patch(target: string, options?: CallOptions): Promise<unknown>
  patch(target: string, options: CallOptions = {}): Promise<unknown> {
    return this.#data('PATCH', target, options)
  }

  /** Deletes. */
  delete<Output>(target: string, options: TypedCallOptions<Output>): Promise<Output>
  delete(target: string, options?: CallOptions): Promise<unknown>
  delete(target: string, options: CallOptions = {}): Promise<unknown> {
    return this.#data('DELETE', target, options)
  }

  /**
   * Sends a request with any method and returns the status and headers with the data.
   *
   * @throws UsageError before anything is sent · HttpStatusError, RateLimitedError, AuthenticationError,
   *   NetworkError, ResponseValidationError afterwards; the `outcome` of each indicates whether the request
   *   may have taken effect
   */
  send<Output>(
    method: Method,
    target: string,
    options: TypedCallOptions<Output>,
  ): Promise<ApiResponse<Output>>
  send(method: Method, target: string, options?: CallOptions): Promise<ApiResponse<unknown>>
  async send(
    method: Method,
    target: string,
    options: CallOptions & Partial<TypedCallOptions<unknown>> = {},
  ): Promise<ApiResponse<unknown>> {
    const call = this.#call(method, target, options)
    const reply = await this.#run(call)
    const { status, body } = reply
    const { schema } = options
    const data = schema === undefined ? body : await validated(call.label, status, body, schema)
    return { status: reply.status, headers: reply.headers, data }
  }

  /**
   * Returns the response body as a decompressed stream: for exports and files. Read it to its end or break
   * off; `readNdjson` and `readCsv` parse it. `totalMs` counts until the response begins; afterwards
   * `bodyIdleMs`, `maxBytes` and `signal` limit it.
   *
   * @throws as {@link ApiClient.send} does; the body throws HttpError (a time limit), NetworkError and
   *   ResponseValidationError
   */
  async stream(target: string, options: StreamOptions = {}): Promise<ApiResponse<AsyncIterable<Uint8Array>>> {
    const { method = 'GET', maxBytes = streamBytesMax, ...rest } = options
    assertWithin('maxBytes', maxBytes, 1, 2 ** 50)
    const call = this.#call(method, target, rest)
    const { status, headers, body } = await this.#run({ ...call, streams: true })
    return { status, headers, data: streamOf(body, maxBytes) }
  }

  /**
   * Reads a list page by page: `for await (const page of users.pages('/users', { paginate: linkHeader() }))`.
   * The next page is requested when the caller asks for it.
   *
   * @throws as {@link ApiClient.send} does · UsageError HTTP_BASE_URL_ESCAPE for a page outside the base URL
   *   · ResponseValidationError HTTP_PAGES_LIMIT, HTTP_PAGES_REPEATED
   */
  pages(target: string, options: PagesOptions): AsyncGenerator<Page> {
    return walkPages(
      target,
      options,
      (page, rest) => this.send('GET', page, rest),
      (page, rest) => {
        const { origin, path } = addressOf(this.#base, page, rest)
        return origin + path
      },
    )
  }

  /**
   * Reads a list item by item, each validated and typed by `schema` if given. @throws as {@link
   * ApiClient.pages} does
   */
  items<Output>(target: string, options: CheckedItemsOptions<Output>): AsyncGenerator<Output>
  items(target: string, options: ItemsOptions): AsyncGenerator<unknown>
  async *items(
    target: string,
    options: ItemsOptions & { readonly schema?: StandardSchema<unknown> },
  ): AsyncGenerator<unknown> {
    const { itemsMax = Number.POSITIVE_INFINITY, schema, ...rest } = options
    for await (const item of walkItems(this.pages(target, { ...rest, itemsRequired: true }), itemsMax)) {
      yield schema === undefined ? item : await validated(`GET ${target}`, 200, item, schema)
    }
  }

  /**
   * Sends a request with any method. Every status is returned as a response, with the body as decompressed
   * bytes: for adapters.
   *
   * @throws UsageError, RateLimitedError of the client's own limit, NetworkError, HttpError of a time limit
   *   or an open circuit
   */
  async exchange(
    method: Method,
    target: string,
    options: CallOptions = {},
  ): Promise<ApiResponse<Uint8Array>> {
    try {
      const { status, headers, body } = await this.#run({ ...this.#call(method, target, options), raw: true })
      return { status, headers, data: bytesOf(body) }
    } catch (error) {
      const reply = responseIn(error)
      if (reply === undefined) throw error
      return reply
    }
  }

  /**
   * Sends a request with any method. Every status is returned as a response. The body of a success is a
   * stream, unless it has been received completely or the client has a cache; every other body is returned
   * whole. For adapters with the signature of `fetch`.
   *
   * @throws as {@link ApiClient.exchange} does
   */
  async exchangeStream(
    method: Method,
    target: string,
    { redirects, cacheMode, ...options }: ExchangeStreamOptions = {},
  ): Promise<StreamedExchange> {
    if (redirects !== undefined) assertWithin('redirects', redirects, 0, 20)
    const made = this.#call(method, target, options)
    const streams = this.#options.cache === undefined || this.#options.cache === false
    const call: Call = { ...made, raw: true, streams, redirects, cacheMode }
    const place = (): Pick<StreamedExchange, 'url' | 'isRedirected'> => {
      const { redirectedTo } = call.progress
      return { url: redirectedTo ?? call.origin + call.path, isRedirected: redirectedTo !== undefined }
    }
    try {
      if (streams && cacheMode === 'only-if-cached') throw notCached(call)
      const { status, headers, body, statusText = STATUS_CODES[status] ?? '' } = await this.#run(call)
      const data = typeof body === 'function' ? streamOf(body, streamBytesMax) : bytesOf(body)
      return { status, statusText, headers, data, ...place(), isCacheMiss: false }
    } catch (error) {
      const reply = responseIn(error)
      if (reply === undefined) throw error
      const isCacheMiss = error instanceof HttpStatusError && error.outcome === 'not-sent'
      const statusText = String(Reflect.get(Object(error), 'statusText') ?? STATUS_CODES[reply.status] ?? '')
      return { statusText, ...reply, ...place(), isCacheMiss }
    }
  }

  /** Adds limits that were learnt from a source other than response headers, such as a report of the API. */
  learnLimits(reports: readonly LimitReport[]): void {
    this.#limiter.learnReports(reports)
  }

  /** Returns the current usage of the limits. */
  get usage(): LimiterUsage {
    return this.#limiter.usage
  }

  /** Closes all sockets; later calls fail. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#transport.close()
  }

  async #data(
    method: Method,
    target: string,
    options: CallOptions & Partial<TypedCallOptions<unknown>>,
  ): Promise<unknown> {
    const call = this.#call(method, target, options)
    const { status, body } = await this.#run(call)
    const { schema } = options
    return schema === undefined ? body : validated(call.label, status, body, schema)
  }

  #call(method: Method, target: string, options: CallOptions): Call {
    if (this.#closed) throw new UsageError('HTTP_CLIENT_CLOSED', 'The client is closed.')
    assertKnownCallOptions(options)
    const address = addressOf(this.#base, target, options)
    const totalMs = options.totalMs ?? this.#totalMs
    assertWithin('totalMs', totalMs, 1, 3_600_000)
    const key = options.idempotencyKey === 'auto' ? randomUUID() : options.idempotencyKey
    const body = requestBodyOf(options)
    const sendsOnce = isSpentBySending({ body: body.content })
    return {
      method,
      origin: address.origin,
      path: address.path,
      label: `${method} ${address.origin}${address.route}`,
      route: address.route,
      headers: this.#headersOf(options, body, key),
      body: body.content,
      priority: options.priority ?? 'hand',
      correlationIds: options.correlationIds,
      endpointClass: options.endpointClass ?? endpointClassOf(method, address.route, this.#base.shown),
      repeatable:
        !sendsOnce && (repeatableMethods.has(method) || key !== undefined || options.readOnly === true),
      deadlineAt: this.#clock.monotonic() + totalMs,
      startBefore: options.startBefore,
      callerSignal: options.signal,
      onUpload: options.onUploadProgress,
      onDownload: options.onDownloadProgress,
      retries: sendsOnce ? 0 : (options.retries ?? this.#retries),
      stop: new Stop(),
      progress: newProgress(),
    }
  }

  #headersOf(
    options: CallOptions,
    { content, contentType }: RequestBody,
    key: string | undefined,
  ): Readonly<Record<string, string>> {
    const length = lengthToSay({ body: content, onUpload: options.onUploadProgress })
    if (contentType === undefined && options.headers === undefined && key === undefined) {
      if (length === undefined) return this.#headers
    }
    const headers: Record<string, string> = { ...this.#headers }
    if (contentType !== undefined) headers['content-type'] = contentType
    if (length !== undefined) headers['content-length'] = String(length)
    if (options.headers !== undefined) Object.assign(headers, lowerNames(options.headers))
    if (key !== undefined) headers[this.#options.idempotencyHeader ?? 'idempotency-key'] = key
    return headers
  }
}

/** The response that an error contains, for callers that treat every status as a response. */
function responseIn(error: unknown): ApiResponse<Uint8Array> | undefined {
  const isAnswered =
    error instanceof HttpStatusError ||
    error instanceof RateLimitedError ||
    error instanceof AuthenticationError
  if (!isAnswered || error.status === undefined || error.headers === undefined) return undefined
  return { status: error.status, headers: error.headers, data: bytesOf(error.body) }
}

function streamOf(body: unknown, maxBytes: number): AsyncIterable<Uint8Array> {
  // Only a response without a body has no stream.
  return typeof body === 'function' ? body(maxBytes) : Readable.from([])
}

function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array()
}
