/**
 * Terms of the chain: a *call* is made by the user, an *attempt* is one request on the wire, an *answer* is a
 * decoded response.
 */
import type { Readable } from 'node:stream'
import type { Stop } from './stop.ts'
import type { StreamBody } from './stream-body.ts'
import type { ProgressListener } from './transfer-progress.ts'

/** The HTTP methods that the client knows; others can be sent as well, and are treated as writes. */
export type Method =
  | ('GET' | 'HEAD' | 'OPTIONS' | 'QUERY' | 'POST' | 'PUT' | 'PATCH' | 'DELETE')
  | (string & Record<never, never>)

/**
 * How a call uses the cache, with the modes of `fetch`.
 *
 * `default` follows RFC 9111 · `no-store` bypasses the cache · `reload` asks the API and stores the response
 * · `no-cache` validates even fresh responses · `force-cache` uses a stored response of any age ·
 * `only-if-cached` the same, and never asks the API
 */
export type CacheMode = 'default' | 'no-store' | 'reload' | 'no-cache' | 'force-cache' | 'only-if-cached'

/** Lane of the rate limiter: a waiting person, an event, or bulk work. */
export type Priority = 'hand' | 'webhook' | 'batch'

/**
 * Phase of a call.
 *
 * `queue` waits for the rate limit · `back-off` between attempts · `auth` fetching a token · `connect` name,
 * TCP and TLS · `headers` sent, no response yet · `body` the response is being received
 */
export type Phase = 'queue' | 'back-off' | 'auth' | 'connect' | 'headers' | 'body'

/** The mutable state of a call. One object per call, shared by its attempts. */
export interface Progress {
  /** Current phase of the call. */
  phase: Phase
  /** 1 for the first request on the wire. */
  attempt: number
  /** A request was sent and no response proved that it had no effect. */
  mayHaveLanded: boolean
  /** The same before the current request, for a response that proves that this one had no effect. */
  hadLanded: boolean
  /** Address that redirects led to. */
  redirectedTo?: string
}

/** A call's progress at its start. */
export function newProgress(): Progress {
  return { phase: 'queue', attempt: 0, mayHaveLanded: false, hadLanded: false }
}

/**
 * One call on its way through the chain. Policies pass on a changed copy; only `progress` is shared and
 * mutable.
 */
export interface Call {
  /** HTTP method, upper case. */
  readonly method: Method
  /** Scheme, host and port. */
  readonly origin: string
  /** Path with query as sent; may contain credentials and record values, so it never gets into messages. */
  readonly path: string
  /** `GET https://host/users/{id}`, as shown in messages and logs. */
  readonly label: string
  /** Path template, for logs. */
  readonly route: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Request body. */
  readonly body: string | Uint8Array | StreamBody | undefined
  /** The response body is passed on while it is received. @default false */
  readonly streams?: boolean
  /** The response body is passed on as bytes, decompressed and not decoded. @default false */
  readonly raw?: boolean
  /** The cache validates a stored response: a 304 is then a response. @default false */
  readonly revalidates?: boolean
  /**
   * Maximum number of redirects to follow, including those of writes as in `fetch`. @default the client's
   * limit, for reads only
   */
  readonly redirects?: number | undefined
  /** How the cache is used. @default 'default' */
  readonly cacheMode?: CacheMode | undefined
  /** Lane of the rate limiter. */
  readonly priority: Priority
  /** Ids of the caller's own work that the call belongs to, for the call log. */
  readonly correlationIds?: readonly string[] | undefined
  /** Part of the API that fails or works as a unit, for the breaker. */
  readonly endpointClass: string
  /** The request may be repeated safely: an idempotent method or an idempotency key. */
  readonly repeatable: boolean
  /** Monotonic ms. */
  readonly deadlineAt: number
  /** Monotonic ms after which no request of this call may be sent. */
  readonly startBefore: number | undefined
  /** The caller's signal. */
  readonly callerSignal: AbortSignal | undefined
  /** Receives the progress of the request. */
  readonly onUpload?: ProgressListener | undefined
  /** Receives the progress of the response. */
  readonly onDownload?: ProgressListener | undefined
  /** Maximum number of further attempts. */
  readonly retries: number
  /** Reports that the call must end, and why. */
  readonly stop: Stop
  /** Mutable state of the call; shared by its attempts. */
  readonly progress: Progress
}

/** A response as received, decompressed. */
export interface WireResponse {
  /** HTTP status. */
  readonly status: number
  /** Reason phrase of the status line. @default '' */
  readonly statusText?: string
  /** Lower-case names; repeated fields joined with a comma, those of `set-cookie` with a line break. */
  readonly headers: Readonly<Record<string, string>>
  /** The body; empty when it is a stream. */
  readonly bytes: Uint8Array
  /** Replaces `bytes` when a stream was requested and the status reports success. */
  readonly stream?: Readable | undefined
  /** The body broke off or was too large: these are its first bytes. Only for refusals. @default false */
  readonly isCut?: boolean
}

/** A decoded response. */
export interface DecodedResponse {
  readonly status: number
  /** Reason phrase of the status line. @default '' */
  readonly statusText?: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON value, text, or undefined when there was no body. */
  readonly body: unknown
  /** Lower case, without parameters. */
  readonly mediaType: string
  readonly bytes: number
  /** The body before decoding, decompressed: for policies that store or copy it. */
  readonly plain?: Uint8Array
}

/** The rest of the chain, as a policy calls it. */
export type Next = (call: Call) => Promise<DecodedResponse>

/** One step of the chain. It knows the call and the next step, never its neighbours by name. */
export interface Policy {
  readonly name: string
  run(call: Call, next: Next): Promise<DecodedResponse>
}

/** A synchronous step on a received response. Throws when the call can't continue with it. */
export interface ResponseStep {
  readonly name: string
  take(call: Call, response: DecodedResponse): void
}

/** The client's clocks and other dependencies; tests pass their own. Times in milliseconds. */
export interface HttpClock {
  /** Epoch time: for `Retry-After` dates and token expiry. */
  now(): number
  /** Never goes backwards: for deadlines. */
  monotonic(): number
}

/** Outcome of a call that ends now without a response. */
export function outcomeSoFar(progress: Progress): 'not-sent' | 'unknown' {
  return progress.mayHaveLanded ? 'unknown' : 'not-sent'
}
