/**
 * Shared by the writes: builds the variables of a mutation and sends it. `response-errors.ts` decides what a
 * failure may have done.
 */
import type { ErrorCode } from '../../../model/error-codes.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, WriteResult } from '../../kit/contract.ts'
import type { Variables } from '../client.ts'
import { type GraphqlDocument, scalarFor } from '../documents.ts'
import { writeFailure } from '../response-errors.ts'
import { accepted, type MutationResult, type SentMutation } from './accepted.ts'
import type { ResourceContext } from './resource-context.ts'

/** One mutation to be sent. */
export interface Sending extends SentMutation {
  /** A version precondition is sent with it. */
  readonly conditional: boolean
}

export type Prepared = Sending | { readonly result: WriteResult }

/** Only declared variables are sent, so variables that a document does not declare do no harm here. */
export function identity(
  document: GraphqlDocument,
  nativeId: string,
  ifVersion: string | undefined,
): Variables {
  const { variables } = document
  const id = scalarFor(variables.get('id'), nativeId)
  return ifVersion === undefined ? { id } : { id, version: scalarFor(variables.get('version'), ifVersion) }
}

export function isConditional({ variables }: GraphqlDocument, ifVersion: string | undefined): boolean {
  return ifVersion !== undefined && variables.has('version')
}

/**
 * Passes the record as `$input`, or property by property; a property that no variable takes must not be
 * dropped silently.
 */
export function inputOf(
  document: GraphqlDocument,
  body: NativeRecord,
): { readonly variables: Variables } | { readonly result: WriteResult } {
  if (document.variables.has('input')) return { variables: { input: body } }
  const strangers = Object.keys(body).filter((name) => !document.variables.has(name))
  if (strangers.length === 0) return { variables: body }
  const message = `${document.place} declares no variable for ${strangers.join(', ')}.`
  const failure = { code: 'CONNECTOR_CONFIG_INVALID', message, scope: 'record' } as const
  return { result: { kind: 'rejected', failure, fields: strangers } }
}

/** The result of a write that was never sent. */
export function notSent(message: string, code: ErrorCode = 'CONNECTOR_CONFIG_INVALID'): WriteResult {
  return { kind: 'not-sent', failure: { code, message, scope: 'record' } }
}

export async function send(
  owner: ResourceContext,
  prepared: Prepared,
  context: CallContext,
): Promise<WriteResult> {
  if ('result' in prepared) return prepared.result
  const { document, variables, conditional } = prepared
  const { resource, client } = owner
  try {
    const { data, problems } = await client.send({ document, variables, rules: resource.errors, context })
    return accepted(owner, prepared, { payload: data[document.root], problems })
  } catch (error) {
    return writeFailure(error, conditional)
  }
}

export function settled(owner: ResourceContext, sending: Sending, answered: MutationResult): WriteResult {
  try {
    return accepted(owner, sending, answered)
  } catch (error) {
    return writeFailure(error, sending.conditional)
  }
}
