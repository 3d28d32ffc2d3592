/**
 * Responses that can't be used because they lack required content. None of them is ever treated as an empty
 * list or a missing record.
 */
import { IsthmusError } from '../../model/errors.ts'
import type { CallFailure } from './contract.ts'

/**
 * Creates the error for such a response, or for an entry of one.
 *
 * @param what the problem, without values: "a record has no id at data.id"
 */
export function unusable(what: string): IsthmusError {
  return new IsthmusError('CONNECTOR_RESPONSE_UNUSABLE', `The response can't be used: ${what}.`)
}

/** Creates the same as a failure for a result. `message` is a whole sentence. */
export function unusableFailure(message: string): CallFailure {
  return { code: 'CONNECTOR_RESPONSE_UNUSABLE', message, scope: 'record' }
}
