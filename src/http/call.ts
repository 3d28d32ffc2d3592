/**
 * The words of the chain: a *call* is what the user asked for, an *attempt* is one request on the wire, an *answer* is a decoded response.
 */
import type { Readable } from 'node:stream'
import type { StreamBody } from './bodies/stream-body.ts'
import type { Stop } from './stop.ts'
import type { ProgressListener } from './transfer-progress.ts'

/** The HTTP methods that the client knows; others can be sent as well, and count as changing something. */
export type Method =
  | ('GET' | 'HEAD' | 'OPTIONS' | 'QUERY' | 'POST' | 'PUT' | 'PATCH' | 'DELETE')
  | (string & Record<never, never>)

/**
 * How a call uses the cache, in the words of `fetch`.
 *
 * `default` as RFC 9111 says · `no-store` not at all · `reload` asks the API and keeps what it answers · `no-cache` validates even what is
 * fresh · `force-cache` takes what is there, however old · `only-if-cached` the same, and nothing else
 */
export type CacheMode = 'default' | 'no-store' | 'reload' | 'no-cache' | 'force-cache' | 'only-if-cached'

/** Lane of the rate limiter: a person waiting, an event, or bulk work. */
export type Priority = 'hand' | 'webhook' | 'batch'

/**
 * Where a call is.
 *
 * `queue` waiting for the rate limit · `back-off` between attempts · `auth` fetching a token · `connect` name, TCP and TLS ·
 * `headers` sent, no response yet · `body` the response is coming in
 */
export type Phase = 'queue' | 'back-off' | 'auth' | 'connect' | 'headers' | 'body'

/** What changes while a call runs. One object per call, shared by its attempts. */
export interface Progress {
  /** Where the call is now. */
  phase: Phase
  /** 1 for the first request on the wire. */
  attempt: number
  /** A request left and no response proved that it had no effect. */
  mayHaveLanded: boolean
  /** The same before the request that is on the wire now, for the response that says that this one did nothing. */
  hadLanded: boolean
  /** Where redirects led. */
  redirectedTo?: string
}

/** A call's progress before anything has happened. */
export function newProgress(): Progress {
  return { phase: 'queue', attempt: 0, mayHaveLanded: false, hadLanded: false }
}

/** One call on its way through the chain. Policies hand a changed copy on; only `progress` is shared and mutable. */
export interface Call {
  /** HTTP method, upper case. */
  readonly method: Method
  /** Scheme, host and port. */
  readonly origin: string
  /** Path with query as sent; may carry credentials and record values, so it never gets into messages. */
  readonly path: string
  /** `GET https://host/users/{id}`: what messages and logs say. */
  readonly label: string
  /** Path template, for logs. */
  readonly route: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** What is sent. */
  readonly body: string | Uint8Array | StreamBody | undefined
  /** The response's body is handed on while it comes in. @default false */
  readonly streams?: boolean
  /** The response's body is handed on as bytes, decompressed and not decoded. @default false */
  readonly raw?: boolean
  /** The cache asks whether its response still holds: a 304 is a response then. @default false */
  readonly revalidates?: boolean
  /** Redirects that are followed, those of writes as `fetch` follows them. @default what the client is set to, and only of reads */
  readonly redirects?: number | undefined
  /** How the cache is used. @default 'default' */
  readonly cacheMode?: CacheMode | undefined
  /** Lane of the rate limiter. */
  readonly priority: Priority
  /** Ids of the caller's own work that the call belongs to, for the call log. */
  readonly correlationIds?: readonly string[] | undefined
  /** Part of the API that fails or works as one, for the breaker. */
  readonly endpointClass: string
  /** The request may be repeated without harm: an idempotent method or an idempotency key. */
  readonly repeatable: boolean
  /** Monotonic ms. */
  readonly deadlineAt: number
  /** Monotonic ms after which no request of this call may leave any more. */
  readonly startBefore: number | undefined
  /** Signal that the caller gave. */
  readonly callerSignal: AbortSignal | undefined
  /** Hears how much of the request was sent. */
  readonly onUpload?: ProgressListener | undefined
  /** Hears how much of the response has come. */
  readonly onDownload?: ProgressListener | undefined
  /** Further attempts allowed. */
  readonly retries: number
  /** Why the call must end, once it must. */
  readonly stop: Stop
  /** What changes while the call runs; shared by its attempts. */
  readonly progress: Progress
}

/** A response as it came over the wire, decompressed. */
export interface WireResponse {
  /** HTTP status. */
  readonly status: number
  /** What the status line says beside the number. @default '' */
  readonly statusText?: string
  /** Lower-case names; repeated fields joined with a comma, those of `set-cookie` with a line break. */
  readonly headers: Readonly<Record<string, string>>
  /** The body; empty when it is a stream. */
  readonly bytes: Uint8Array
  /** In place of `bytes`, when a stream was asked for and the status says that it went well. */
  readonly stream?: Readable | undefined
  /** The body broke off, or was too large: these are its first bytes. Only of refusals. @default false */
  readonly isCut?: boolean
}

/** A response, decoded. */
export interface DecodedResponse {
  readonly status: number
  /** What the status line says beside the number. @default '' */
  readonly statusText?: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON value, text, or undefined when there was no body. */
  readonly body: unknown
  /** Lower case, without parameters. */
  readonly mediaType: string
  readonly bytes: number
  /** The body before decoding, decompressed: for whoever keeps or copies it. */
  readonly plain?: Uint8Array
}

/** The rest of the chain, as a policy sees it. */
export type Next = (call: Call) => Promise<DecodedResponse>

/** One step of the chain. It knows the call and what comes next, never its neighbours by name. */
export interface Policy {
  readonly name: string
  run(call: Call, next: Next): Promise<DecodedResponse>
}

/** What happens at once to a response that came in: no promise in between. Throws when the call can't go on with it. */
export interface ResponseStep {
  readonly name: string
  take(call: Call, response: DecodedResponse): void
}

/** What the client asks of the world; a test passes its own. Times in milliseconds. */
export interface HttpClock {
  /** Epoch time: for `Retry-After` dates and token expiry. */
  now(): number
  /** Never goes back: for deadlines. */
  monotonic(): number
}

/** Outcome of a call that ends now without a response. */
export function outcomeSoFar(progress: Progress): 'not-sent' | 'unknown' {
  return progress.mayHaveLanded ? 'unknown' : 'not-sent'
}
