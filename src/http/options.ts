/** The client's options and their defaults. Everything can come from a plain object, so a definition's section maps onto it one to one. */

import type { LookupFunction } from 'node:net'
import { UsageError } from '../model/errors.ts'
import type { TokenStore } from '../model/token-store.ts'
import type { Authenticator } from './auth/authenticator.ts'
import type { AuthOptions } from './auth/options.ts'
import type { FormFields } from './bodies/form.ts'
import type { MultipartPart } from './bodies/multipart.ts'
import type { ByteSource } from './bodies/stream-body.ts'
import type { BreakerOptions } from './breaker/circuit.ts'
import type { CacheStore } from './cache/cache-store.ts'
import type { HttpClock, Method, Priority } from './call.ts'
import type { CallLogEntry } from './call-log.ts'
import type { TransportFactory } from './client-transport.ts'
import type { LimitOptions } from './limits/rate-limiter.ts'
import type { AllowedAddress } from './network/address-guard.ts'
import type { ClientCertificate } from './network/client-certificate.ts'
import type { ProxyOptions } from './network/proxy.ts'
import type { BeforeRequest } from './policies/before-request.ts'
import type { StandardSchema } from './standard-schema.ts'
import type { ProgressListener } from './transfer-progress.ts'

/** Options of an {@link ApiClient}. */
export interface ApiClientOptions {
  /** Where every call goes: `https://api.example.com/v2`. No call can leave it. HTTPS, except loopback with `allowHttp`. */
  readonly baseUrl: string
  /**
   * The path of `baseUrl` is a secret, as with webhooks and bots whose token is a part of the address: no error, log, span or entry shows any of it.
   * @default false: parts that look like a secret are hidden, words and versions (`/api/v2`) are shown
   */
  readonly secretPath?: boolean
  /** Sent with every request. Credentials belong in `auth`: headers given here are not treated as secret. */
  readonly headers?: Readonly<Record<string, string>>
  /** @default no authentication */
  readonly auth?: AuthOptions | Authenticator
  /** Where OAuth tokens are kept and shared. @default in memory, for this client alone */
  readonly tokens?: TokenStore
  /** Time bounds. @default {@link Timeouts} */
  readonly timeouts?: Partial<Timeouts>
  /** When and how often a call is sent again. @default {@link RetryOptions} */
  readonly retry?: Partial<RetryOptions>
  /** Rate and concurrency limits, kept before the first 429. @default none */
  readonly limits?: LimitOptions
  /** Bounds on responses. @default {@link ResponseLimits} */
  readonly response?: Partial<ResponseLimits>
  /** Keeps answers as RFC 9111 allows, apart for each credential. `true` keeps 50 MiB in memory. @default false */
  readonly cache?: boolean | CacheOptions
  /** Lets equal reads that are under way at the same time share one request. @default false */
  readonly coalesceReads?: boolean
  /** Sends back the cookies that the API sets, each to the origin that set it. In memory, 50 for each origin. @default false */
  readonly cookies?: boolean
  /** Redirects of a read that are followed. 0 to 10. Those of writes never are. @default 0 */
  readonly redirects?: number
  /** When calls to a failing part of the API are held back; `false` never. @default 10 failures within 10 s */
  readonly breaker?: Partial<BreakerOptions> | false
  /** Name of the header that carries an idempotency key. @default 'idempotency-key' */
  readonly idempotencyHeader?: string
  /** Allows `http://` to a loopback address, for development. Never to any other host. @default false */
  readonly allowHttp?: boolean
  /** Certificate authorities (PEM) trusted beside the built-in ones. There is no switch that turns verification off. */
  readonly ca?: string | readonly string[]
  /** Proves the client in the TLS handshake (mutual TLS). @default none */
  readonly clientCertificate?: ClientCertificate
  /**
   * Addresses that may be called beside public ones: `loopback`, `private`, a network (`10.1.0.0/16`) or one address. Everything else that
   * is not public is refused at the moment of connecting, whatever name led there.
   * @default none; loopback with `allowHttp`
   */
  readonly allowAddresses?: readonly AllowedAddress[]
  /**
   * Ports that may be called beside the base URL's and the token endpoint's own, for redirects and page links. 1 to 65,535 each.
   * @default 443; any with `allowHttp`
   */
  readonly allowPorts?: readonly number[]
  /** Goes out through a proxy. Tunnels (`CONNECT`), so it sees host and port alone; it resolves the names. @default none, whatever the environment says */
  readonly proxy?: ProxyOptions
  /** Resolves host names. Its responses pass the same guard. @default the system's resolver */
  readonly lookup?: LookupFunction
  /** Sockets open at the same time. 1 to 1,024. @default 64 */
  readonly connections?: number
  /**
   * Looks at each call before anything else does, and may change its headers, query and body; what it adds counts for the cache as if the caller had
   * given it. Bounded by the call's deadline; an error that it throws is the call's. @default none
   */
  readonly beforeRequest?: BeforeRequest
  /** Called after every attempt. Must not throw; holds no secret and no record value. */
  readonly onAttempt?: (entry: CallLogEntry) => void
  /** Spans and metrics of OpenTelemetry, when the application has `@opentelemetry/api`. @default true */
  readonly telemetry?: boolean
  /** What sends the requests, for tests: a mock or a cassette of `isthmus/testing`. @default sockets */
  readonly transport?: TransportFactory
  /** @default the machine's clocks */
  readonly clock?: HttpClock
  /** [0, 1), for jitter. @default Math.random */
  readonly random?: () => number
}

/** Where answers are kept. */
export interface CacheOptions {
  /** @default 50 MiB in memory, for this client alone */
  readonly store?: CacheStore
  /** Tells whose responses these are, for clients with an authenticator of their own that share a store. @default none of them is shared */
  readonly partition?: string
  /**
   * Request headers that say nothing about who asks, such as the id of a request. Calls that differ in any other header of their own (a
   * tenant, a cookie) never share a response. @default accept, accept-encoding, accept-language, user-agent and those of HTTP's own conditions
   */
  readonly impersonalHeaders?: readonly string[]
  /**
   * Share of the time since a response last changed (`Last-Modified`) for which it counts as fresh when it names no lifetime (RFC 9111, 4.2.2).
   * 0 to 1; browsers take 0.1. @default 0, never guessed
   */
  readonly heuristic?: number
}

/** Time bounds in milliseconds, each 1 to 3,600,000. */
export interface Timeouts {
  /** The whole call: queueing, tokens, retries and back-off included. It settles on time in every phase. @default 30000 */
  readonly totalMs: number
  /** Name, TCP and TLS of one attempt. @default 10000 */
  readonly connectMs: number
  /** From the request to the response's headers, of one attempt. @default 30000 */
  readonly headersMs: number
  /** Longest silence within a response's body. @default 15000 */
  readonly bodyIdleMs: number
}

/** How often and after which waits a call is sent again. Times in milliseconds. */
export interface RetryOptions {
  /** Attempts after the first one. 0 to 10. @default 3 */
  readonly retries: number
  /** Longest first wait; doubles with each attempt; the actual wait is random between 0 and it. 1 to 60,000. @default 250 */
  readonly baseMs: number
  /** Longest wait of our own; a `Retry-After` may be longer. 1 to 3,600,000. @default 10000 */
  readonly capMs: number
  /**
   * Longest wait that a call takes upon itself because the API asks for it, by `Retry-After` or by the reset of a limit; when it asks for more,
   * the call ends at once with the error, whose `retry` says when to come back. 0 to 3,600,000. @default whatever the deadline allows
   */
  readonly maxRetryAfterMs?: number | undefined
}

/** Bounds on what a response may be. */
export interface ResponseLimits {
  /** Bytes of the body after decompression. 1 to 1,073,741,824. @default 33554432 (32 MiB) */
  readonly maxBytes: number
  /** Bytes that a compressed byte may unfold into, for bodies above 1 MiB. 1 to 100,000. @default 200 */
  readonly maxRatio: number
  /** Levels of nesting in a JSON answer. 1 to 10,000. @default 64 */
  readonly maxDepth: number
  /**
   * `lossless`: a JSON number that a double can't hold becomes a `LosslessNumber` (of the package lossless-json), every other one stays
   * a number · `double`: all become numbers, digits may be lost.
   * @default 'lossless'
   */
  readonly numbers: 'lossless' | 'double'
  /**
   * Media types that are read as JSON beside `application/json`, `text/json` and every `+json`, for an API that names another one:
   * `['text/html']`. `all` reads every body as JSON.
   * @default []
   */
  readonly jsonTypes: readonly string[] | 'all'
}

/** Options of one call. */
export interface CallOptions {
  /** Values for the `{name}` parts of the path; encoded. */
  readonly path?: Readonly<Record<string, string | number | bigint>>
  /** Query parameters; `undefined` ones are left out, arrays repeat the name. */
  readonly query?: Readonly<Record<string, QueryValue | readonly QueryValue[] | undefined>>
  /** Headers of this call, over those of the client. @default {} */
  readonly headers?: Readonly<Record<string, string>>
  /** Body as JSON. */
  readonly json?: unknown
  /** Body as a form (`application/x-www-form-urlencoded`); nested fields become `a[b][0]=c`. */
  readonly form?: FormFields
  /** Body as an upload (`multipart/form-data`), sent in pieces. */
  readonly multipart?: readonly MultipartPart[]
  /**
   * Raw body; give its `content-type` in `headers`. A function is called for each attempt and opens a stream; a stream given as it is can
   * be sent only once, so such a call is never sent again.
   */
  readonly body?: string | Uint8Array | ByteSource | (() => ByteSource)
  /** Ends the call at once when aborted. */
  readonly signal?: AbortSignal
  /** Hears how much of the body has been sent, for each piece that the socket has taken. Begins anew with each attempt. */
  readonly onUploadProgress?: ProgressListener
  /** Hears how much of the response's body has come. Begins anew with each attempt. */
  readonly onDownloadProgress?: ProgressListener
  /** Overrides `timeouts.totalMs`. */
  readonly totalMs?: number
  /** Overrides `retry.retries`. */
  readonly retries?: number
  /** Makes a POST or PATCH repeatable, for APIs that honour it. `auto` makes one up. @default none */
  readonly idempotencyKey?: string
  /** Says that a POST only reads (a query, a batch of reads), so that it may be sent again like a GET. @default false */
  readonly readOnly?: boolean
  /** Lane of the rate limiter. @default 'hand' */
  readonly priority?: Priority
  /** Part of the API that fails or works as one, for the breaker. @default reads and writes of the path's first segment */
  readonly endpointClass?: string
  /** Monotonic ms of the client's clock: later than this, nothing leaves any more and the call ends as `not-sent`. @default never */
  readonly startBefore?: number
  /** Ids of the caller's own work that the call belongs to: `onAttempt` names them. They are never sent. @default none */
  readonly correlationIds?: readonly string[]
}

/** Options of a call whose response is read while it comes in. */
export interface StreamOptions extends CallOptions {
  /** @default 'GET' */
  readonly method?: Method
  /** Bytes after decompression. 1 to 2^50. @default 4294967296 (4 GiB) */
  readonly maxBytes?: number
}

/** What a query parameter can be. */
export type QueryValue = string | number | bigint | boolean

/** Options of a call whose response is checked and typed. */
export interface TypedCallOptions<Output> extends CallOptions {
  /** Any Standard Schema (zod, valibot, arktype, …); the call returns its output. */
  readonly schema: StandardSchema<Output>
}

/** Defaults of {@link Timeouts}. */
export const defaultTimeouts: Timeouts = Object.freeze({
  totalMs: 30_000,
  connectMs: 10_000,
  headersMs: 30_000,
  bodyIdleMs: 15_000,
})

/** Defaults of {@link RetryOptions}. */
export const defaultRetry: RetryOptions = Object.freeze({ retries: 3, baseMs: 250, capMs: 10_000 })

/** Defaults of {@link ResponseLimits}. */
export const defaultResponseLimits: ResponseLimits = Object.freeze({
  maxBytes: 32 * 1024 * 1024,
  maxRatio: 200,
  maxDepth: 64,
  numbers: 'lossless',
  jsonTypes: Object.freeze([]),
})

/** Defaults of {@link BreakerOptions}. */
export const defaultBreaker: BreakerOptions = Object.freeze({ failures: 10, windowMs: 10_000, openMs: 5_000 })

/** Merges given values over defaults. @throws UsageError HTTP_OPTIONS_INVALID outside the documented bounds */
export function breakerFrom(given: Partial<BreakerOptions> | false | undefined): BreakerOptions | undefined {
  if (given === false) return undefined
  const breaker = { ...defaultBreaker, ...given }
  assertWithin('breaker.failures', breaker.failures, 1, 1_000)
  assertWithin('breaker.windowMs', breaker.windowMs, 100, 3_600_000)
  assertWithin('breaker.openMs', breaker.openMs, 10, 3_600_000)
  return breaker
}

/** Merges given values over defaults and refuses what is outside the documented bounds. */
export function timeoutsFrom(given: Partial<Timeouts> | undefined): Timeouts {
  const timeouts = { ...defaultTimeouts, ...given }
  for (const [name, value] of Object.entries(timeouts)) assertWithin(`timeouts.${name}`, value, 1, 3_600_000)
  return timeouts
}

/** Merges given values over defaults. @throws UsageError HTTP_OPTIONS_INVALID outside the documented bounds */
export function retryFrom(given: Partial<RetryOptions> | undefined): RetryOptions {
  const retry = { ...defaultRetry, ...given }
  assertWithin('retry.retries', retry.retries, 0, 10)
  assertWithin('retry.baseMs', retry.baseMs, 1, 60_000)
  assertWithin('retry.capMs', retry.capMs, 1, 3_600_000)
  if (retry.maxRetryAfterMs !== undefined)
    assertWithin('retry.maxRetryAfterMs', retry.maxRetryAfterMs, 0, 3_600_000)
  return retry
}

/** Merges given values over defaults. @throws UsageError HTTP_OPTIONS_INVALID outside the documented bounds */
export function responseLimitsFrom(given: Partial<ResponseLimits> | undefined): ResponseLimits {
  const limits = { ...defaultResponseLimits, ...given }
  assertWithin('response.maxBytes', limits.maxBytes, 1, 1024 * 1024 * 1024)
  assertWithin('response.maxRatio', limits.maxRatio, 1, 100_000)
  assertWithin('response.maxDepth', limits.maxDepth, 1, 10_000)
  return limits
}

/** Refuses a number outside its documented bounds. @throws UsageError HTTP_OPTIONS_INVALID */
export function assertWithin(name: string, value: number, lowest: number, highest: number): void {
  if (Number.isFinite(value) && value >= lowest && value <= highest) return
  throw new UsageError(
    'HTTP_OPTIONS_INVALID',
    `The option ${name} is ${value}; it has to be between ${lowest} and ${highest}.`,
  )
}
