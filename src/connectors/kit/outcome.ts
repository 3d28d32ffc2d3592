/**
 * Converts the client's errors into results that the engine can reason about. This is where it is decided
 * whether a write may have taken effect, so it errs on the safe side: anything not provably harmless is
 * `unknown`.
 *
 * | error | result of a write | scope |
 * | --- | --- | --- |
 * | not sent (refused connection, token, own rate limit, start time) | not-sent | the system |
 * | 401, 403, 429, a redirect other than 303 | not-sent | the system |
 * | 412, or a status that the rules list as stale | stale | |
 * | 404, 410 in the API's own form | gone | |
 * | 404, 410 in any other form (a proxy's page) | unknown | the system |
 * | any other 4xx | rejected | the record |
 * | 408, 5xx, no response, not JSON, a web page | unknown | by status |
 */
import type { Phase } from '../../http/call.ts'
import {
  AuthenticationError,
  HttpError,
  HttpStatusError,
  isHttpError,
  NetworkError,
  RateLimitedError,
  ResponseValidationError,
} from '../../http/errors.ts'
import { isIsthmusError, UsageError } from '../../model/errors.ts'
import type { CallFailure, ReadResult, WriteResult } from './contract.ts'
import { quotedWords } from './quoted-words.ts'
import { namesInWords } from './refused-names.ts'

/**
 * Recognises a response by which an API reports that a record does not exist; returns undefined for any other
 * response.
 */
export type RecogniseGone = (error: HttpStatusError) => GoneRecord | undefined

/** A record that no longer exists. */
export interface GoneRecord {
  /** Id of the survivor, if the system reports that the record was merged into it. */
  readonly mergedInto?: string
}

/**
 * Reads the names of refused fields and the API's own error code from an error's body; neither may contain
 * record values. `words` is the API's message, which may: the values that were sent are removed before it is
 * kept.
 */
export type DescribeRefusal = (error: HttpStatusError) => {
  /** The API's own error code. */
  readonly code?: string
  /** Native names of the refused fields. */
  readonly fields?: readonly string[]
  /** The API's message. */
  readonly words?: string
}

/** Rules for interpreting one API's error responses. */
export interface OutcomeRules {
  /** Distinguishes a genuine "does not exist" response from one that only resembles it. */
  readonly gone: RecogniseGone
  /**
   * Statuses of a conditional write that indicate an outdated version. A 409 usually means "duplicate", so it
   * has to be listed explicitly.
   */
  readonly stale: ReadonlySet<number>
  /** Reads the contents of a refusal. */
  readonly refusal: DescribeRefusal
}

/**
 * The API itself responds with a JSON object; a proxy or another application responds with a page or plain
 * text.
 */
export const goneByJsonObject: RecogniseGone = (error) => {
  const isNamed = error.status === 404 || error.status === 410
  const isObject = typeof error.body === 'object' && error.body !== null && !Array.isArray(error.body)
  return isNamed && isObject ? {} : undefined
}

/** The rules for an API about which nothing else is known. */
export const defaultOutcomeRules: OutcomeRules = {
  gone: goneByJsonObject,
  stale: new Set([412]),
  refusal: () => ({}),
}

/**
 * Describes any failure. The client's messages hold no secrets; the messages of other errors are not trusted
 * and not used.
 */
export function callFailure(error: unknown): CallFailure {
  if (!isIsthmusError(error)) {
    return { code: 'INTERNAL', message: 'The connector failed in an unexpected way.', scope: 'record' }
  }
  const { said } = error.details
  const retryAfterMs = typeof error.retry === 'object' ? error.retry.afterMs : undefined
  return {
    code: error.code,
    message: error.message,
    ...(typeof said === 'string' ? { said } : {}),
    scope: isHttpError(error) && concernsSystem(error) ? 'system' : 'record',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...kindOf(error),
  }
}

const gatewayStatuses: ReadonlySet<number> = new Set([502, 503, 504])

function kindOf(error: unknown): Pick<CallFailure, 'kind'> {
  if (error instanceof AuthenticationError) return { kind: 'credential' }
  if (error instanceof HttpStatusError) {
    if (error.status === 401 || error.status === 403) return { kind: 'credential' }
    return gatewayStatuses.has(error.status) ? { kind: 'unreachable' } : {}
  }
  return error instanceof NetworkError || isLate(error) ? { kind: 'unreachable' } : {}
}

/** Returns whether a time limit was exceeded; the error names the phase of the call in which it was. */
function isLate(error: unknown): error is HttpError & { readonly phase: Phase } {
  return error instanceof HttpError && error.phase !== undefined
}

/** Returns the result of a read that failed. */
export function readResultOf(error: unknown, rules: OutcomeRules = defaultOutcomeRules): ReadResult {
  const gone = error instanceof HttpStatusError ? rules.gone(error) : undefined
  return gone === undefined ? { kind: 'unknown', failure: failureOfOne(error) } : { kind: 'gone', ...gone }
}

/**
 * A permanent redirect of a record's address means that this record has moved; a temporary one usually leads
 * to a login page.
 */
const ownRedirects: ReadonlySet<number> = new Set([300, 301, 304, 305, 306, 308])

function failureOfOne(error: unknown): CallFailure {
  const failure = callFailure(error)
  const isOwn = error instanceof HttpStatusError && ownRedirects.has(error.status)
  return isOwn ? { ...failure, scope: 'record' } : failure
}

/** A write that ended with an error. */
export interface FailedWrite {
  /** What the call threw. */
  readonly error: unknown
  /** Whether a version precondition was sent. */
  readonly conditional: boolean
  /** Rules for this API's responses. @default `defaultOutcomeRules` */
  readonly rules?: OutcomeRules
  /** The request's data, whose values are not quoted. */
  readonly sent?: unknown
}

/** Returns the result of a write that failed. */
export function writeResultOf({
  error,
  conditional,
  rules = defaultOutcomeRules,
  sent,
}: FailedWrite): WriteResult {
  const failure = callFailure(error)
  if (error instanceof UsageError) return { kind: 'rejected', failure }
  if (!isHttpError(error)) return { kind: 'unknown', failure }
  if (error.outcome === 'not-sent') return { kind: 'not-sent', failure }
  if (error instanceof AuthenticationError || error instanceof RateLimitedError)
    return { kind: 'not-sent', failure }
  if (!(error instanceof HttpStatusError)) return { kind: 'unknown', failure }
  const gone = rules.gone(error)
  return gone === undefined
    ? byStatus(error, failure, { conditional, rules, sent })
    : { kind: 'gone', ...gone }
}

const preconditionHint =
  ' It requires a precondition: declare the version of the resource and ifMatch, which sends it.'

function byStatus(
  error: HttpStatusError,
  failure: CallFailure,
  {
    conditional,
    rules,
    sent,
  }: { readonly conditional: boolean; readonly rules: OutcomeRules; readonly sent: unknown },
): WriteResult {
  const { status } = error
  if (status < 400) return { kind: status === 303 ? 'unknown' : 'not-sent', failure }
  if (status === 403) return { kind: 'not-sent', failure }
  if (status === 412 || (conditional && rules.stale.has(status))) return { kind: 'stale' }
  const isProxys404 = status === 404 || status === 410
  if (isProxys404 || status === 408 || status === 425 || status >= 500) return { kind: 'unknown', failure }
  const { code, words, fields = namesInWords(words, sent) } = rules.refusal(error)
  const quote = quotedWords(words, sent)
  const systemCode = code === undefined ? '' : ` The system says: ${code}.`
  const hint = status === 428 && !conditional ? preconditionHint : ''
  const message = `${failure.message}${systemCode}${quote === undefined ? '' : ` In its own words: ${quote}`}${hint}`
  return {
    kind: 'rejected',
    failure: { ...failure, message },
    ...(fields === undefined ? {} : { fields }),
    ...(status === 409 ? { taken: true } : {}),
  }
}

const systemPhases: ReadonlySet<string> = new Set(['queue', 'back-off', 'auth', 'connect'])
const systemStatuses: ReadonlySet<number> = new Set([403, 404, 410, 502, 503, 504])

/** Returns whether every record of the system is likely to be affected. */
function concernsSystem(error: HttpError | UsageError): boolean {
  if (error instanceof AuthenticationError || error instanceof RateLimitedError) return true
  if (error instanceof NetworkError || error.code === 'HTTP_CIRCUIT_OPEN') return true
  if (isLate(error)) return systemPhases.has(error.phase)
  if (error instanceof ResponseValidationError) return error.code === 'HTTP_RESPONSE_IS_HTML'
  if (!(error instanceof HttpStatusError)) return false
  return error.status < 400 || systemStatuses.has(error.status)
}
