/**
 * Interprets Salesforce's refusals. An error response is a list of `{ errorCode, message, fields }`; a
 * record's result within a collection has `statusCode` instead. The code decides, not the HTTP status, which
 * is 400 or 403 for very different things.
 *
 * | code | a write is | concerns |
 * | --- | --- | --- |
 * | INVALID_SESSION_ID | not-sent (a new token was already tried) | the system |
 * | REQUEST_LIMIT_EXCEEDED, API_DISABLED_FOR_ORG, API_CURRENTLY_DISABLED, STORAGE_LIMIT_EXCEEDED | not-sent | the system |
 * | UNABLE_TO_LOCK_ROW, ALL_OR_NONE_OPERATION_ROLLED_BACK, PROCESSING_HALTED | not-sent | the record |
 * | NOT_FOUND, ENTITY_IS_DELETED | gone | |
 * | INSUFFICIENT_ACCESS_OR_READONLY, INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY | rejected, also as a 403 | the record |
 * | PRECONDITION_FAILED, or a 412 | stale | |
 * | UNKNOWN_EXCEPTION, SERVER_UNAVAILABLE, QUERY_TIMEOUT | unknown | the system for the second |
 * | any other code with a 4xx, 401 and 403 aside | rejected, with its fields | the record |
 *
 * Errors without one of these codes are left to the kit, which interprets the HTTP status conservatively.
 */
import { AuthenticationError, HttpStatusError } from '../../http/errors.ts'
import type { CallFailure, WriteResult } from '../kit/contract.ts'
import { isNativeRecord } from '../kit/native.ts'
import { callFailure, writeResultOf } from '../kit/outcome.ts'

/**
 * One entry of an error response, or of a record's result. Messages quote values of records: they never leave
 * this file.
 */
export interface Fault {
  readonly code: string
  readonly message: string
  readonly fields: readonly string[]
}

type Meaning =
  | { readonly kind: 'gone' | 'stale' }
  | {
      readonly kind: 'not-sent' | 'unknown' | 'rejected'
      readonly scope: CallFailure['scope']
      readonly retryAfterMs?: number
    }

const system = { kind: 'not-sent', scope: 'system' } as const
const record = { kind: 'not-sent', scope: 'record' } as const
/** The permissions of the credential for this record say nothing about others. */
const noAccess = { kind: 'rejected', scope: 'record' } as const

const meanings: Readonly<Record<string, Meaning>> = {
  ALL_OR_NONE_OPERATION_ROLLED_BACK: record,
  API_CURRENTLY_DISABLED: system,
  API_DISABLED_FOR_ORG: system,
  ENTITY_IS_DELETED: { kind: 'gone' },
  INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY: noAccess,
  INSUFFICIENT_ACCESS_OR_READONLY: noAccess,
  INVALID_SESSION_ID: system,
  NOT_FOUND: { kind: 'gone' },
  PRECONDITION_FAILED: { kind: 'stale' },
  PROCESSING_HALTED: record,
  QUERY_TIMEOUT: { kind: 'unknown', scope: 'record' },
  REQUEST_LIMIT_EXCEEDED: system,
  SERVER_UNAVAILABLE: { kind: 'unknown', scope: 'system' },
  STORAGE_LIMIT_EXCEEDED: system,
  UNABLE_TO_LOCK_ROW: record,
  UNKNOWN_EXCEPTION: { kind: 'unknown', scope: 'record' },
}

/**
 * A quota over a sliding 24 hours frees up gradually, so an early retry is right, but not an immediate one.
 */
const quotaRetryMs = 60_000

/** Returns the entries of a failed call, or none when the response is not Salesforce's. */
export function faultsOf(error: unknown): readonly Fault[] {
  const isAnswered = error instanceof HttpStatusError || error instanceof AuthenticationError
  return isAnswered ? faultsIn(error.body) : []
}

/** Returns the entries of a list of errors, from a response or from one record's result. */
export function faultsIn(body: unknown): readonly Fault[] {
  if (!Array.isArray(body)) return []
  return body.slice(0, 50).flatMap((entry: unknown) => {
    if (!isNativeRecord(entry)) return []
    const code = token(entry.errorCode ?? entry.statusCode)
    if (code === undefined) return []
    const fields = Array.isArray(entry.fields)
      ? entry.fields.map(token).filter((name) => name !== undefined)
      : []
    return [{ code, message: typeof entry.message === 'string' ? entry.message : '', fields }]
  })
}

/** Returns whether a failed call has this code. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return faultsOf(error).some(({ code }) => codes.includes(code))
}

/** The API's own statement that a record does not exist: a proxy's page does not count. */
export function saysGone(error: unknown): boolean {
  return (
    error instanceof HttpStatusError && error.status === 404 && meaningOf(faultsOf(error))?.kind === 'gone'
  )
}

/** Converts a failed read. */
export function readFailure(error: unknown): CallFailure {
  const faults = faultsOf(error)
  const meaning = meaningOf(faults)
  const scope = meaning !== undefined && 'scope' in meaning ? meaning.scope : undefined
  return withFault(callFailure(error), faults, scope)
}

/** Determines the outcome of a write that ended with an error. */
export function failedWrite(error: unknown, conditional = false): WriteResult {
  const faults = faultsOf(error)
  const byCode = resultOfFaults(faults, callFailure(error))
  if (byCode !== undefined && error instanceof HttpStatusError && isBelievable(error, byCode)) return byCode
  const rules = {
    gone: () => undefined,
    stale: new Set(conditional ? [412] : []),
    refusal: () => {
      const [fault] = faults
      return fault === undefined ? {} : { code: fault.code, fields: fault.fields }
    },
  }
  return writeResultOf({ error, conditional, rules })
}

/** A code that promises no effect is not trusted under a status that indicates a server failure. */
function isBelievable(error: HttpStatusError, result: WriteResult): boolean {
  return error.status < 500 || result.kind === 'unknown'
}

/**
 * Determines the outcome of one record within a collection. Its transaction is complete, so a refusal is
 * certain.
 */
export function refusedRecord(errors: unknown): WriteResult {
  const faults = faultsIn(errors)
  const failure: CallFailure = {
    code: 'HTTP_STATUS_FINAL',
    message: 'Salesforce refused one record of a call.',
    scope: 'record',
  }
  const byCode = resultOfFaults(faults, failure)
  if (byCode !== undefined) return byCode
  const fields = faults.flatMap((fault) => fault.fields)
  // A result with neither "success" nor a reason proves nothing.
  if (faults.length === 0) return { kind: 'unknown', failure }
  return {
    kind: 'rejected',
    failure: withFault(failure, faults, undefined),
    ...(fields.length === 0 ? {} : { fields }),
  }
}

function resultOfFaults(faults: readonly Fault[], failure: CallFailure): WriteResult | undefined {
  const meaning = meaningOf(faults)
  if (meaning === undefined) return undefined
  if (!('scope' in meaning)) return { kind: meaning.kind }
  const isQuota = faults.some(({ code }) => code === 'REQUEST_LIMIT_EXCEEDED')
  const after = isQuota && failure.retryAfterMs === undefined ? { retryAfterMs: quotaRetryMs } : {}
  return { kind: meaning.kind, failure: { ...withFault(failure, faults, meaning.scope), ...after } }
}

function meaningOf(faults: readonly Fault[]): Meaning | undefined {
  for (const { code } of faults) if (Object.hasOwn(meanings, code)) return meanings[code]
  return undefined
}

function withFault(
  failure: CallFailure,
  faults: readonly Fault[],
  scope: CallFailure['scope'] | undefined,
): CallFailure {
  const [fault] = faults
  return {
    ...failure,
    ...(fault === undefined ? {} : { message: `${failure.message} The system says: ${fault.code}.` }),
    ...(scope === undefined ? {} : { scope }),
  }
}

/** Codes and names of fields are short words; a sentence may quote a record's values. */
function token(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.:-]{1,80}$/.test(value) ? value : undefined
}
