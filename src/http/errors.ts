/**
 * The errors of a call.
 *
 * Each error has three properties to decide by: `code` (what failed), `retry` (whether trying again can help)
 * and `outcome` (whether the request may have taken effect in the API). Bodies, problems and schema issues
 * are non-enumerable: printing an error never prints a response.
 */
import type { ErrorCode } from '../model/error-codes.ts'
import {
  IsthmusError,
  type IsthmusErrorOptions,
  isIsthmusError,
  type Outcome,
  type UsageError,
} from '../model/errors.ts'
import type { Phase } from './call.ts'
import type { SchemaIssue } from './standard-schema.ts'

/** Properties of every error of the client. */
export interface HttpErrorOptions extends IsthmusErrorOptions {
  readonly outcome: Outcome
  /** For a time limit that passed: the phase of the call in which it did. */
  readonly phase?: Phase
}

/**
 * Base of the errors that a call can end with. Catch it to catch them all except {@link UsageError}, a
 * caller's own mistake.
 *
 * It is thrown directly where the code is sufficient: `HTTP_TIMEOUT` and `HTTP_START_TOO_LATE` (with
 * `phase`), and `HTTP_CIRCUIT_OPEN` (nothing was sent, since this part of the API keeps failing; `retry`
 * contains the time of the next attempt).
 */
export class HttpError extends IsthmusError {
  /** `not-sent`: provably no effect · `unknown`: it may have taken effect · `answered`: the API decided. */
  readonly outcome: Outcome
  /** For a time limit that passed: the phase of the call in which it did. Absent on every other error. */
  declare readonly phase?: Phase

  /** @internal */
  constructor(code: ErrorCode, message: string, options: HttpErrorOptions) {
    super(code, message, options)
    this.outcome = options.outcome
    if (options.phase !== undefined) this.phase = options.phase
  }
}

/** The RFC 9457 problem document of an error response, if the API sends one. */
export interface Problem {
  /** URI of the kind of problem. @default about:blank */
  readonly type?: string
  /** Title of the kind of problem. */
  readonly title?: string
  /** HTTP status as repeated in the body. */
  readonly status?: number
  /** Description of this problem. */
  readonly detail?: string
  /** URI of this occurrence. */
  readonly instance?: string
  readonly [extension: string]: unknown
}

/** A response as the errors contain it. */
export interface ErrorResponse {
  readonly status: number
  /** Reason phrase of the status line. */
  readonly statusText?: string | undefined
  /** Decoded body: JSON if it was JSON, otherwise text. */
  readonly body: unknown
  /** Media type without parameters, lower case; empty when the response specified none. */
  readonly mediaType: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** The body before decoding, for the cache. */
  readonly plain?: Uint8Array | undefined
}

/** Properties of a {@link HttpStatusError}. */
export interface HttpStatusErrorOptions extends HttpErrorOptions {
  readonly response: ErrorResponse
}

/** The status of the response reports a failure. */
export class HttpStatusError extends HttpError {
  /** HTTP status. */
  readonly status: number
  /** Lower case, without parameters: distinguishes an API's own error from a proxy's page. */
  readonly mediaType: string
  /** Decoded body of the response. Non-enumerable. */
  declare readonly body: unknown
  /** The body when it is a problem document (RFC 9457). Non-enumerable. */
  declare readonly problem: Problem | undefined
  /** Header fields of the response. Non-enumerable. */
  declare readonly headers: Readonly<Record<string, string>>
  /** The body before decoding, decompressed. Non-enumerable. */
  declare readonly plain: Uint8Array | undefined

  /** @internal */
  constructor(code: ErrorCode, message: string, options: HttpStatusErrorOptions) {
    super(code, message, options)
    this.status = options.response.status
    this.mediaType = options.response.mediaType
    hide(this, 'body', options.response.body)
    hide(this, 'problem', problemOf(options.response))
    hide(this, 'headers', options.response.headers)
    hide(this, 'statusText', options.response.statusText)
    hide(this, 'plain', options.response.plain)
  }
}

/** Properties of a {@link RateLimitedError}. */
export interface RateLimitedErrorOptions extends HttpErrorOptions {
  readonly response?: ErrorResponse
}

/**
 * The API, or the client's own limit, requires the call to be made later; `retry` contains the time if it is
 * known.
 */
export class RateLimitedError extends HttpError {
  /** Undefined when the client's own limiter refused before anything was sent. */
  readonly status: number | undefined
  /** Decoded body of the response. Non-enumerable. */
  declare readonly body: unknown
  /** Header fields of the response. Non-enumerable. */
  declare readonly headers: Readonly<Record<string, string>> | undefined

  /** @internal */
  constructor(code: ErrorCode, message: string, options: RateLimitedErrorOptions) {
    super(code, message, options)
    this.status = options.response?.status
    hide(this, 'body', options.response?.body)
    hide(this, 'headers', options.response?.headers)
    hide(this, 'statusText', options.response?.statusText)
  }
}

/** Properties of an {@link AuthenticationError}. */
export interface AuthenticationErrorOptions extends HttpErrorOptions {
  readonly response?: ErrorResponse
}

/** The credential was refused, by the API (401) or by the token endpoint. */
export class AuthenticationError extends HttpError {
  /** HTTP status; undefined when the token endpoint returned no response. */
  readonly status: number | undefined
  /** Decoded body of the response. Non-enumerable. */
  declare readonly body: unknown
  /** Header fields of the response. Non-enumerable. */
  declare readonly headers: Readonly<Record<string, string>> | undefined

  /** @internal */
  constructor(code: ErrorCode, message: string, options: AuthenticationErrorOptions) {
    super(code, message, options)
    this.status = options.response?.status
    hide(this, 'body', options.response?.body)
    hide(this, 'headers', options.response?.headers)
    hide(this, 'statusText', options.response?.statusText)
  }
}

/** Properties of a {@link NetworkError}. */
export interface NetworkErrorOptions extends HttpErrorOptions {
  /** The operating system's or TLS library's code, such as `ECONNREFUSED`. */
  readonly systemCode?: string
}

/**
 * No complete response was received: refused, reset, unresolvable, TLS refused, or aborted by the caller.
 * `cause` is the innermost error.
 */
export class NetworkError extends HttpError {
  /** The operating system's or TLS library's code, such as `ECONNREFUSED`. */
  readonly systemCode: string | undefined

  /** @internal */
  constructor(code: ErrorCode, message: string, options: NetworkErrorOptions) {
    super(code, message, options)
    this.systemCode = options.systemCode
  }
}

/** Properties of a {@link ResponseValidationError}. */
export interface ResponseValidationErrorOptions extends HttpErrorOptions {
  readonly status: number
  readonly issues?: readonly SchemaIssue[]
}

/** A response was received that can't be used: not JSON, too large, too deep, or not matching the schema. */
export class ResponseValidationError extends HttpError {
  /** HTTP status of the unusable response. */
  readonly status: number
  /** The schema's issues; may quote values of the response. Non-enumerable. */
  declare readonly issues: readonly SchemaIssue[]

  /** @internal */
  constructor(code: ErrorCode, message: string, options: ResponseValidationErrorOptions) {
    super(code, message, options)
    this.status = options.status
    hide(this, 'issues', options.issues ?? [])
  }
}

/**
 * True for every error that a call can end with: an {@link HttpError}, or a {@link UsageError} found before
 * anything was sent.
 */
export function isHttpError(value: unknown): value is HttpError | UsageError {
  return isIsthmusError(value) && 'outcome' in value
}

function hide(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: false })
}

function problemOf(response: ErrorResponse): Problem | undefined {
  if (response.mediaType !== 'application/problem+json') return undefined
  return isProblem(response.body) ? response.body : undefined
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && !Array.isArray(body)
}
