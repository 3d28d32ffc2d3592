/** Interprets the error responses of OData services, including SAP's. */
import { HttpStatusError } from '../../../../http/errors.ts'
import type { CallFailure, WriteResult } from '../../contract.ts'
import { isNativeRecord } from '../../native.ts'
import { callFailure, type OutcomeRules, writeResultOf } from '../../outcome.ts'
import { unusableProperty } from './values.ts'

/** Codes and names in an error's body. Texts are left out: they quote values. */
export interface ServiceError {
  readonly code: string
  /** The main code first, then those of the details. */
  readonly codes: readonly string[]
  readonly fields: readonly string[]
}

const detailsMax = 50

/**
 * Reads `{ error: { code, innererror: { errordetails: [{ code, propertyref, target }] } } }` (V2, as SAP
 * Gateway sends it) and `{ error: { code, target, details: [{ code, target }] } }` (V4). Undefined when the
 * body is not an error of the protocol.
 */
export function serviceError(body: unknown): ServiceError | undefined {
  const error = isNativeRecord(body) ? body.error : undefined
  if (!isNativeRecord(error)) return undefined
  const inner = isNativeRecord(error.innererror) ? error.innererror : {}
  const details = [...listOf(error.details), ...listOf(inner.errordetails)].slice(0, detailsMax)
  const all = [error, ...details]
  const codes = all.map((one) => word(one.code)).filter((one) => one !== undefined)
  const fields = all
    .flatMap((one) => [one.target, one.propertyref])
    .map(fieldName)
    .filter((one) => one !== undefined)
  const code = typeof error.code === 'string' ? (word(error.code) ?? '') : undefined
  return code === undefined ? undefined : { code, codes: [...new Set(codes)], fields: [...new Set(fields)] }
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isNativeRecord) : []
}

/** Codes are short words; anything longer may be a sentence that quotes a value. */
function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w./:~-]{1,80}$/.test(value) ? value : undefined
}

/** `/#TRANSIENT#/OrganizationBPName1` and `to_Item(1)/Material` end with the property. */
function fieldName(value: unknown): string | undefined {
  const last = typeof value === 'string' ? value.split('/').at(-1) : undefined
  return last !== undefined && /^\w{1,80}$/.test(last) ? last : undefined
}

/** Codes of SAP's framework: the service or the request is wrong, which says nothing about a record. */
const aboutTheService = /^\/IWFND\//

/** How the protocol expresses "gone" and "refused". */
export const odataRules: OutcomeRules = {
  stale: new Set([412]),
  gone: (error) => {
    if (error.status !== 404 && error.status !== 410) return undefined
    const found = serviceError(error.body)
    return found === undefined || found.codes.some((code) => aboutTheService.test(code)) ? undefined : {}
  },
  refusal: (error) => {
    const found = serviceError(error.body)
    if (found === undefined) return {}
    // The wrapper's own code is less specific than the first detail's, where there is one.
    const code = found.codes.find((one) => !one.startsWith('/IWBEP/')) ?? found.code
    return {
      ...(code === '' ? {} : { code }),
      ...(found.fields.length === 0 ? {} : { fields: found.fields }),
    }
  },
}

/** The context of a failed write. */
export interface FailedRecordWrite {
  readonly error: unknown
  readonly kind: 'create' | 'change'
  /** A version precondition was sent. */
  readonly conditional: boolean
  /** The resource is declared to have versions. */
  readonly versioned: boolean
  /** Error codes for records that another user has locked. */
  readonly locks: ReadonlySet<string>
}

/** Result of a write that failed. */
export function failedWrite(given: FailedRecordWrite): WriteResult {
  const { error, conditional } = given
  const property = unusableProperty(error)
  if (property !== undefined) return { kind: 'rejected', failure: callFailure(error), fields: [property] }
  const known = error instanceof HttpStatusError ? byProtocol(error, given) : undefined
  return known ?? writeResultOf({ error, conditional, rules: odataRules })
}

function byProtocol(error: HttpStatusError, given: FailedRecordWrite): WriteResult | undefined {
  const found = serviceError(error.body)
  const isLocked = found?.codes.some((code) => given.locks.has(code)) === true
  if (error.status === 423 || (error.status < 500 && error.status !== 412 && isLocked)) {
    return { kind: 'not-sent', failure: lockedFailure(error) }
  }
  if (error.status === 428) {
    if (given.versioned) return { kind: 'stale' }
    const message = 'The service wants a version with every change: set "etag: true" for the resource.'
    return { kind: 'rejected', failure: { ...callFailure(error), message, scope: 'record' } }
  }
  // A "not found" response to a create in the protocol's own form is a refusal: a record that it refers to is
  // missing.
  if (given.kind === 'create' && odataRules.gone(error) !== undefined) {
    return { kind: 'rejected', failure: { ...callFailure(error), scope: 'record' } }
  }
  return undefined
}

/** Another user has the record open: nothing was changed, and the write can be retried soon. */
function lockedFailure(error: HttpStatusError): CallFailure {
  const { retryAfterMs = 2_000 } = callFailure(error)
  const message = 'Somebody else is changing the record right now; it is locked.'
  return { code: 'CONNECTOR_RECORD_LOCKED', message, scope: 'record', retryAfterMs }
}
