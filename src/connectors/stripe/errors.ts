/**
 * Interprets Stripe's refusals.
 *
 * | Stripe's response | outcome of a write | reason |
 * | --- | --- | --- |
 * | 404 `resource_missing` for the record's own id | gone | the API's own statement |
 * | the same, with a mention of the other mode | not-sent, the system | the key is a test key, the record is not (or the reverse) |
 * | 404 `resource_missing` for something else | rejected | the data refers to a missing object |
 * | 429 `lock_timeout` | not-sent, this record | another request holds the object |
 * | any other 429 | not-sent, the system | the account's rate |
 * | 409, 400 `idempotency_error` | unknown | a request with the same key was or is in progress |
 * | a refusal of a create that carries a payment | unknown | the declined payment has been created |
 * | 424, 5xx, no response | unknown | it may have taken effect; with the same key a stored 500 is returned again |
 * | any other 4xx | rejected | with Stripe's code, parameter and request id, never its message: that quotes values |
 */
import { HttpStatusError, RateLimitedError } from '../../http/errors.ts'
import type { CallFailure, ReadResult, WriteResult } from '../kit/contract.ts'
import { isNativeRecord, textAt, valueAt } from '../kit/native.ts'
import { callFailure, type OutcomeRules, writeResultOf } from '../kit/outcome.ts'

/** The parts of Stripe's error object that indicate what happened. */
interface StripeError {
  readonly type?: string
  readonly code?: string
  readonly param?: string
  readonly message?: string
}

/** How Stripe expresses "gone" and "refused" for the objects that it names by these parameters. */
export function stripeRules(idParameters: readonly string[]): OutcomeRules {
  return {
    // There is no version to send, so nothing can be stale.
    stale: new Set(),
    gone: (error) => (saysGone(error, idParameters) ? {} : undefined),
    refusal: (error) => {
      const { code, type, param } = detailsOf(error)
      const reason = token(code ?? type)
      const field = token(param)
      return {
        ...(reason === undefined ? {} : { code: reason }),
        ...(field === undefined ? {} : { fields: [field] }),
      }
    },
  }
}

function saysGone(error: HttpStatusError, idParameters: readonly string[]): boolean {
  const { code, param, message = '' } = detailsOf(error)
  if (error.status !== 404 || code !== 'resource_missing') return false
  if (isOfOtherMode(message)) return false
  return param !== undefined && idParameters.includes(param)
}

/** A key of the other mode can't see this mode's records: that is a wrong key, not a deletion. */
function isOfOtherMode(message: string): boolean {
  return /similar object exists in (live|test) mode/i.test(message)
}

/** Returns true when a cursor of a list points to an object that no longer exists. */
export function isLostCursor(error: unknown): boolean {
  if (!(error instanceof HttpStatusError) || (error.status !== 400 && error.status !== 404)) return false
  const { code, param } = detailsOf(error)
  return code === 'resource_missing' && (param === 'starting_after' || param === 'ending_before')
}

/** Converts a failed call, including the request id for Stripe's support. */
export function stripeFailure(error: unknown): CallFailure {
  const failure = callFailure(error)
  if (!(error instanceof HttpStatusError) && !(error instanceof RateLimitedError)) return failure
  const { code, type } = detailsOf(error)
  const reason = token(code ?? type)
  const request = token(error.headers?.['request-id'])
  const isLock = error instanceof RateLimitedError && code === 'lock_timeout'
  return {
    ...failure,
    message: [
      failure.message,
      ...(reason === undefined ? [] : [`Stripe says: ${reason}.`]),
      ...(request === undefined ? [] : [`Request ${request}.`]),
    ].join(' '),
    ...(isLock ? { scope: 'record' } : {}),
  }
}

/** Result of a read that failed. */
export function failedRead(error: unknown, rules: OutcomeRules): ReadResult {
  const gone = error instanceof HttpStatusError ? rules.gone(error) : undefined
  return gone === undefined ? { kind: 'unknown', failure: stripeFailure(error) } : { kind: 'gone', ...gone }
}

/** Result of a write that failed. */
export function failedWrite(error: unknown, rules: OutcomeRules): WriteResult {
  const result = writeResultOf({ error, conditional: false, rules })
  if (result.kind === 'ok' || result.kind === 'stale' || result.kind === 'gone') return result
  const failure = stripeFailure(error)
  if (isUndecided(error)) return { kind: 'unknown', failure }
  return missingResult(error, failure, rules) ?? { ...result, failure }
}

/** A 404 of Stripe itself is returned before anything has happened, whatever is missing. */
function missingResult(error: unknown, failure: CallFailure, rules: OutcomeRules): WriteResult | undefined {
  if (!(error instanceof HttpStatusError) || error.status !== 404) return undefined
  const { code, message = '' } = detailsOf(error)
  if (code !== 'resource_missing') return undefined
  if (isOfOtherMode(message)) return { kind: 'not-sent', failure: { ...failure, scope: 'system' } }
  const { fields } = rules.refusal(error)
  return {
    kind: 'rejected',
    failure: { ...failure, scope: 'record' },
    ...(fields === undefined ? {} : { fields }),
  }
}

/**
 * A create concerns no record that could be gone; a missing object is then one that it refers to. A payment
 * that is confirmed at once and declined has been created all the same, and the refusal carries it: the
 * search by our id finds it.
 */
export function failedCreate(error: unknown, rules: OutcomeRules): WriteResult {
  if (error instanceof HttpStatusError && isNativeRecord(valueAt(error.body, ['error', 'payment_intent'])))
    return { kind: 'unknown', failure: stripeFailure(error) }
  return failedWrite(error, { ...rules, gone: () => undefined })
}

function isUndecided(error: unknown): boolean {
  if (!(error instanceof HttpStatusError)) return false
  if (error.status === 409 || error.status === 424) return true
  return detailsOf(error).type === 'idempotency_error'
}

function detailsOf(error: HttpStatusError | RateLimitedError): StripeError {
  const { body } = error
  const details = isNativeRecord(body) ? body.error : undefined
  if (!isNativeRecord(details)) return {}
  const part = (name: keyof StripeError): Partial<StripeError> => {
    const text = textAt(details, [name])
    return text === undefined ? {} : { [name]: text }
  }
  return { ...part('type'), ...part('code'), ...part('param'), ...part('message') }
}

/** Codes, parameters and ids are short words; a sentence may quote a record's values. */
function token(text: string | undefined): string | undefined {
  return text !== undefined && /^[\w.:[\]/-]{1,80}$/.test(text) ? text : undefined
}
