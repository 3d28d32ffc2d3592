/**
 * Turns the client's errors into what the engine reasons about. This is where it is decided whether a write may have taken effect, so it
 * leans to the careful side: whatever is not provably harmless is `unknown`.
 *
 * | the error says | a write is | concerns |
 * | --- | --- | --- |
 * | not sent (refused connection, token, own rate limit, start time) | not-sent | the system |
 * | 401, 403, 429, a redirect other than 303 | not-sent | the system |
 * | 412, or what the rules call stale | stale | |
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

/** How an API tells that something does not exist; undefined when this response does not tell that. */
export type RecogniseGone = (error: HttpStatusError) => GoneRecord | undefined

/** A record that does not exist any more. */
export interface GoneRecord {
  /** Id of the survivor, where the system says that it was merged into it. */
  readonly mergedInto?: string
}

/**
 * Names of refused fields and the API's own error code, read from an error's body; neither may hold record values. `words` are what the API
 * says in a sentence, which may: the values that were sent are taken out before it is kept.
 */
export type DescribeRefusal = (error: HttpStatusError) => {
  /** The API's own error code. */
  readonly code?: string
  /** Native names of the refused fields. */
  readonly fields?: readonly string[]
  /** The API's own sentence. */
  readonly words?: string
}

/** How one API's error responses are to be understood. */
export interface OutcomeRules {
  /** Tells a response that says "does not exist" from one that only looks like it. */
  readonly gone: RecogniseGone
  /** Statuses of a conditional write that indicate an outdated version. A 409 usually says "duplicate", so it has to be named. */
  readonly stale: ReadonlySet<number>
  /** Reads what a refusal says. */
  readonly refusal: DescribeRefusal
}

/** The API's own response is a JSON object; a proxy or another application responds with a page or plain text. */
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

/** What is known of any failure. Messages of the client hold no secrets; those of other errors are not trusted to. */
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

/** A time bound passed, which the error tells by the part of the call it passed in. */
function isLate(error: unknown): error is HttpError & { readonly phase: Phase } {
  return error instanceof HttpError && error.phase !== undefined
}

/** Result of a read that failed. */
export function readResultOf(error: unknown, rules: OutcomeRules = defaultOutcomeRules): ReadResult {
  const gone = error instanceof HttpStatusError ? rules.gone(error) : undefined
  return gone === undefined ? { kind: 'unknown', failure: failureOfOne(error) } : { kind: 'gone', ...gone }
}

/** A permanent redirect of one record's address says that this record is elsewhere; a temporary one is as a rule a page to log in. */
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
  /** A version precondition was sent. */
  readonly conditional: boolean
  /** How this API's responses are understood. @default `defaultOutcomeRules` */
  readonly rules?: OutcomeRules
  /** What was sent: its values are not quoted. */
  readonly sent?: unknown
}

/** Result of a write that failed. */
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
  const { code, fields, words } = rules.refusal(error)
  const quote = quotedWords(words, sent)
  const told = code === undefined ? '' : ` The system says: ${code}.`
  const hint = status === 428 && !conditional ? preconditionHint : ''
  const message = `${failure.message}${told}${quote === undefined ? '' : ` In its own words: ${quote}`}${hint}`
  return {
    kind: 'rejected',
    failure: { ...failure, message },
    ...(fields === undefined ? {} : { fields }),
    ...(status === 409 ? { taken: true } : {}),
  }
}

const systemPhases: ReadonlySet<string> = new Set(['queue', 'back-off', 'auth', 'connect'])
const systemStatuses: ReadonlySet<number> = new Set([403, 404, 410, 502, 503, 504])

/** Whether every record of the system is likely to meet the same. */
function concernsSystem(error: HttpError | UsageError): boolean {
  if (error instanceof AuthenticationError || error instanceof RateLimitedError) return true
  if (error instanceof NetworkError || error.code === 'HTTP_CIRCUIT_OPEN') return true
  if (isLate(error)) return systemPhases.has(error.phase)
  if (error instanceof ResponseValidationError) return error.code === 'HTTP_RESPONSE_IS_HTML'
  if (!(error instanceof HttpStatusError)) return false
  return error.status < 400 || systemStatuses.has(error.status)
}
