/**
 * The client's options and their defaults. Everything can be given as a plain object, so a definition's
 * section maps onto it one to one.
 */

import type { LookupFunction } from 'node:net'
import type { TokenStore } from '../model/token-store.ts'
import type { QueryValue } from './address.ts'
import type { Authenticator } from './auth/authenticator.ts'
import type { AuthOptions } from './auth/options.ts'
import type { FormFields } from './bodies/form.ts'
import type { MultipartPart } from './bodies/multipart.ts'
import { assertWithin } from './bounds.ts'
import type { BreakerOptions } from './breaker/circuit.ts'
import type { CacheStore } from './cache/cache-store.ts'
import type { HttpClock, Method, Priority } from './call.ts'
import type { CallLogEntry } from './call-log.ts'
import type { TransportFactory } from './client-transport.ts'
import type { LimitOptions } from './limits/rate-limiter.ts'
import type { AllowedAddress } from './network/address-guard.ts'
import type { ClientCertificate } from './network/client-certificate.ts'
import type { ProxyOptions } from './network/proxy.ts'
import type { BeforeRequest } from './request-hook.ts'
import type { StandardSchema } from './standard-schema.ts'
import type { ByteSource } from './stream-body.ts'
import type { ProgressListener } from './transfer-progress.ts'

/** Options of an {@link ApiClient}. */
export interface ApiClientOptions {
  /**
   * Base of the addresses of all calls, such as `https://api.example.com/v2`; no call can leave it. HTTPS,
   * except for loopback with `allowHttp`.
   */
  readonly baseUrl: string
  /**
   * The path of `baseUrl` is a secret, as for webhooks and bots whose token is part of the address: errors,
   * logs, spans and call entries contain none of it.
   * @default false: only segments that look like a secret are redacted; words and versions (`/api/v2`) are
   *   shown
   */
  readonly secretPath?: boolean
  /**
   * Headers of every request. Use `auth` for credentials: these headers are not treated as secret. @default
   * none
   */
  readonly headers?: Readonly<Record<string, string>>
  /** How requests are authenticated. @default no authentication */
  readonly auth?: AuthOptions | Authenticator
  /**
   * Store for OAuth tokens, which several clients or processes can share. @default in memory, for this client
   * only
   */
  readonly tokens?: TokenStore
  /** Time limits. @default see `timeouts` */
  readonly timeouts?: Partial<Timeouts>
  /** When and how often a call is retried. @default see `retry` */
  readonly retry?: Partial<RetryOptions>
  /**
   * Rate and concurrency limits that the client observes, so that the API does not have to refuse calls.
   * @default none
   */
  readonly limits?: LimitOptions
  /** Limits for the size and form of responses. @default see `response` */
  readonly response?: Partial<ResponseLimits>
  /**
   * Caches responses by the rules of RFC 9111, separately for each credential. `true` uses up to 50 MiB of
   * memory. @default false
   */
  readonly cache?: boolean | CacheOptions
  /** Concurrent identical reads share one request. @default false */
  readonly coalesceReads?: boolean
  /**
   * Stores cookies and returns each to the origin that set it. In memory, at most 50 per origin. @default
   * false
   */
  readonly cookies?: boolean
  /** Maximum number of redirects that a read follows. 0 to 10. Writes follow none. @default 0 */
  readonly redirects?: number
  /**
   * Circuit breaker for parts of the API that keep failing; `false` disables it. @default opens after 10
   * failures within 10 s
   */
  readonly breaker?: Partial<BreakerOptions> | false
  /** Name of the header for idempotency keys. @default 'idempotency-key' */
  readonly idempotencyHeader?: string
  /**
   * Allows `http://` for loopback addresses, for development. Other hosts always require HTTPS. @default
   * false
   */
  readonly allowHttp?: boolean
  /**
   * Certificate authorities (PEM) that are trusted in addition to the built-in ones. Verification can't be
   * disabled. @default none
   */
  readonly ca?: string | readonly string[]
  /** Client certificate for mutual TLS. @default none */
  readonly clientCertificate?: ClientCertificate
  /**
   * Addresses that may be called in addition to public ones: `loopback`, `private`, a network (`10.1.0.0/16`)
   * or one address. Every other address that is not public is refused when the connection is made, regardless
   * of the host name that resolved to it.
   * @default none; loopback with `allowHttp`
   */
  readonly allowAddresses?: readonly AllowedAddress[]
  /**
   * Ports that redirects and page links may use in addition to those of the base URL and the token endpoint.
   * 1 to 65,535 each.
   * @default 443; any with `allowHttp`
   */
  readonly allowPorts?: readonly number[]
  /**
   * Sends requests through a proxy. They are tunnelled (`CONNECT`): the proxy sees only host and port, and
   * resolves the host name. @default none; environment variables are ignored
   */
  readonly proxy?: ProxyOptions
  /**
   * Resolves host names. The resulting addresses are subject to `allowAddresses`. @default the system's
   * resolver
   */
  readonly lookup?: LookupFunction
  /** Maximum number of open sockets. 1 to 1,024. @default 64 */
  readonly connections?: number
  /**
   * Called first for each call. It may change headers, query and body; the cache treats its changes as part
   * of the call. It has to finish before the call's deadline, and an error that it throws ends the call.
   * @default none
   */
  readonly beforeRequest?: BeforeRequest
  /**
   * Called after every attempt, with facts that contain no secrets and no record values. Must not throw.
   * @default none
   */
  readonly onAttempt?: (entry: CallLogEntry) => void
  /** Records OpenTelemetry spans and metrics if the application has `@opentelemetry/api`. @default true */
  readonly telemetry?: boolean
  /**
   * Replaces the network in tests, with a mock or a cassette of `isthmus/testing`. @default real connections
   */
  readonly transport?: TransportFactory
  /** Source of time, for tests. @default the clocks of this machine */
  readonly clock?: HttpClock
  /** Source of random numbers in [0, 1), for jitter. @default Math.random */
  readonly random?: () => number
}

/** The response cache. */
export interface CacheOptions {
  /** Where responses are stored. @default 50 MiB in memory, for this client only */
  readonly store?: CacheStore
  /**
   * Identifies the account of these responses, for clients that use a custom authenticator and share a store.
   * @default responses are not shared
   */
  readonly partition?: string
  /**
   * Request headers that don't identify the caller, such as a request id. Calls that differ in any other
   * header (a tenant, a cookie) never share a response. @default accept, accept-encoding, accept-language,
   * user-agent and the conditional headers of HTTP
   */
  readonly impersonalHeaders?: readonly string[]
  /**
   * Share of the time since a response last changed (`Last-Modified`) for which it counts as fresh if it
   * specifies no lifetime (RFC 9111, 4.2.2). 0 to 1; browsers use 0.1. @default 0: such a response is not
   * fresh
   */
  readonly heuristic?: number
}

/** Time limits in milliseconds, each 1 to 3,600,000. */
export interface Timeouts {
  /**
   * The whole call, including queueing, tokens, retries and back-off. The call always ends by then. @default
   * 30000
   */
  readonly totalMs: number
  /** DNS, TCP and TLS of one attempt. @default 10000 */
  readonly connectMs: number
  /** From sending the request to receiving the response headers, in one attempt. @default 30000 */
  readonly headersMs: number
  /** Longest time without data while a response body is received. @default 15000 */
  readonly bodyIdleMs: number
}

/** How often and after what delay a call is retried. Times in milliseconds. */
export interface RetryOptions {
  /** Maximum number of attempts after the first one. 0 to 10. @default 3 */
  readonly retries: number
  /**
   * Upper bound of the first delay, which doubles with each attempt; the actual delay is random between 0 and
   * this bound. 1 to 60,000. @default 250
   */
  readonly baseMs: number
  /** Maximum of that upper bound; a `Retry-After` may be longer. 1 to 3,600,000. @default 10000 */
  readonly capMs: number
  /**
   * Longest delay requested by the API (`Retry-After`, or the reset of a limit) for which a call waits. If
   * the API requests more, the call fails immediately with an error whose `retry` contains the delay. 0 to
   * 3,600,000. @default limited only by the deadline
   */
  readonly maxRetryAfterMs?: number | undefined
}

/** Limits for responses. */
export interface ResponseLimits {
  /**
   * Maximum size of the body in bytes, after decompression. 1 to 1,073,741,824. @default 33554432 (32 MiB)
   */
  readonly maxBytes: number
  /** Maximum compression ratio, for bodies above 1 MiB. 1 to 100,000. @default 200 */
  readonly maxRatio: number
  /** Maximum nesting depth of a JSON response. 1 to 10,000. @default 64 */
  readonly maxDepth: number
  /**
   * `lossless`: a JSON number that a double can't represent becomes a `LosslessNumber` (of the package
   * lossless-json), every other one is a number · `double`: all become numbers, and digits may be lost.
   * @default 'lossless'
   */
  readonly numbers: 'lossless' | 'double'
  /**
   * Media types that are parsed as JSON in addition to `application/json`, `text/json` and `+json`, for an
   * API that labels JSON differently: `['text/html']`. `all` parses every body as JSON.
   * @default []
   */
  readonly jsonTypes: readonly string[] | 'all'
}

/** Options of one call. */
export interface CallOptions {
  /** Values of the `{name}` parameters in the path; they are encoded. */
  readonly path?: Readonly<Record<string, string | number | bigint>>
  /** Query parameters; `undefined` ones are omitted, arrays repeat the name. */
  readonly query?: Readonly<Record<string, QueryValue | readonly QueryValue[] | undefined>>
  /** Headers of this call; they override those of the client. @default {} */
  readonly headers?: Readonly<Record<string, string>>
  /** Body as JSON. */
  readonly json?: unknown
  /** Body as a form (`application/x-www-form-urlencoded`); nested fields become `a[b][0]=c`. */
  readonly form?: FormFields
  /** Body as an upload (`multipart/form-data`), sent in pieces. */
  readonly multipart?: readonly MultipartPart[]
  /**
   * Raw body; set its `content-type` in `headers`. A function is called for each attempt and returns a
   * stream; a stream that is passed directly can be sent only once, so such a call is never retried.
   */
  readonly body?: string | Uint8Array | ByteSource | (() => ByteSource)
  /** Ends the call immediately when aborted. */
  readonly signal?: AbortSignal
  /**
   * Called with the number of bytes sent, after each chunk that the socket has accepted. Starts from zero
   * with each attempt.
   */
  readonly onUploadProgress?: ProgressListener
  /** Called with the number of bytes received of the response body. Starts from zero with each attempt. */
  readonly onDownloadProgress?: ProgressListener
  /** Overrides `timeouts.totalMs`. */
  readonly totalMs?: number
  /** Overrides `retry.retries`. */
  readonly retries?: number
  /**
   * Makes a POST or PATCH safe to retry, for APIs that support such keys. `auto` generates one. @default none
   */
  readonly idempotencyKey?: string
  /**
   * Declares that a POST only reads (a query, a batch of reads), so that it is retried like a GET. @default
   * false
   */
  readonly readOnly?: boolean
  /** Priority in the rate limiter's queue. @default 'hand' */
  readonly priority?: Priority
  /**
   * Part of the API that the circuit breaker treats as a unit. @default reads, or writes, of the first path
   * segment
   */
  readonly endpointClass?: string
  /**
   * Time on the client's monotonic clock (ms) after which no request is sent any more; the call then fails
   * with the outcome `not-sent`. @default none
   */
  readonly startBefore?: number
  /**
   * Ids of the caller's own work that the call belongs to: `onAttempt` names them. They are never sent.
   * @default none
   */
  readonly correlationIds?: readonly string[]
}

/** Options of a call whose response is streamed. */
export interface StreamOptions extends CallOptions {
  /** @default 'GET' */
  readonly method?: Method
  /** Bytes after decompression. 1 to 2^50. @default 4294967296 (4 GiB) */
  readonly maxBytes?: number
}

/** Options of a call whose response is validated and typed. */
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

/**
 * Merges given values over defaults. @throws UsageError HTTP_OPTIONS_INVALID outside the documented bounds
 */
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

/**
 * Merges given values over defaults. @throws UsageError HTTP_OPTIONS_INVALID outside the documented bounds
 */
export function retryFrom(given: Partial<RetryOptions> | undefined): RetryOptions {
  const retry = { ...defaultRetry, ...given }
  assertWithin('retry.retries', retry.retries, 0, 10)
  assertWithin('retry.baseMs', retry.baseMs, 1, 60_000)
  assertWithin('retry.capMs', retry.capMs, 1, 3_600_000)
  if (retry.maxRetryAfterMs !== undefined)
    assertWithin('retry.maxRetryAfterMs', retry.maxRetryAfterMs, 0, 3_600_000)
  return retry
}

/**
 * Merges given values over defaults. @throws UsageError HTTP_OPTIONS_INVALID outside the documented bounds
 */
export function responseLimitsFrom(given: Partial<ResponseLimits> | undefined): ResponseLimits {
  const limits = { ...defaultResponseLimits, ...given }
  assertWithin('response.maxBytes', limits.maxBytes, 1, 1024 * 1024 * 1024)
  assertWithin('response.maxRatio', limits.maxRatio, 1, 100_000)
  assertWithin('response.maxDepth', limits.maxDepth, 1, 10_000)
  return limits
}
