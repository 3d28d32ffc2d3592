/**
 * Interprets the response to a mutation. A write is done only where the response shows it, since GraphQL also
 * responds to refusals with 200.
 *
 * | response | outcome of the write |
 * | --- | --- |
 * | errors | see `answer-errors.ts` |
 * | listed refusals (`userErrors`, any list whose name ends with errors) | refused; unknown next to a record that was created |
 * | `false`, `success: false`, an error code or message instead of the record | refused, with the server's own words |
 * | another type in the record's place, as a union allows | refused |
 * | `null`, or no record where the document asks for it | unknown: the engine checks |
 * | the record | done |
 * | anything, where the document asks for no record | done as far as reported: the engine checks |
 */

import type { IsthmusError } from '../../../model/errors.ts'
import type { WriteResult } from '../../kit/contract.ts'
import { isNativeRecord, textAt, valueAt, withoutValueAt } from '../../kit/native.ts'
import { quotedWords } from '../../kit/quoted-words.ts'
import { reportedAsUsual } from '../../kit/reported-error.ts'
import { unusableFailure } from '../../kit/unusable.ts'
import { askedBy, type Variables } from '../client.ts'
import { type GraphqlDocument, typenameAlias } from '../documents.ts'
import { type GraphqlProblem, responseError, userErrorsOf } from '../response-errors.ts'
import type { ResourceContext } from './resource-context.ts'

/** What is needed to interpret the response to a mutation. */
export interface SentMutation {
  readonly document: GraphqlDocument
  readonly variables: Variables
  readonly operation: 'create' | 'update' | 'remove'
  /** Known in advance, except for creates where the system assigns the id. */
  readonly nativeId?: string
}

/** The part of a response that belongs to one mutation. */
export interface MutationResult {
  readonly payload: unknown
  readonly problems: readonly GraphqlProblem[]
}

/**
 * Reads the record from the response. @throws IsthmusError CONNECTOR_RESPONSE_ERRORS, and the client's errors
 * for anything that is not a result
 */
export function accepted(owner: ResourceContext, sent: SentMutation, answered: MutationResult): WriteResult {
  const { resource } = owner
  const { document, operation } = sent
  const { payload } = answered
  throwProblems(owner, sent, answered)
  const place = valueAt({ [document.root]: payload }, document.records ?? [])
  const shown = document.records !== undefined && isNativeRecord(place) ? place : undefined
  const id = shown === undefined ? undefined : textAt(shown, resource.id)
  const refusal = refusalOf(owner, sent, { payload, shown, id })
  if (refusal !== undefined) {
    const isMade = operation === 'create' && id !== undefined
    throw isMade ? responseError('unclear', refusal.message) : refusal
  }
  if (payload === null || payload === undefined) return unclear(sent, 'is null, without an error')
  if (operation !== 'remove' && document.records !== undefined && id === undefined)
    return unclear(sent, 'shows no record with an id')
  const nativeId = id ?? sent.nativeId
  if (nativeId === undefined) return unclear(sent, 'shows no record with an id')
  if (shown === undefined || operation === 'remove') return { kind: 'ok', nativeId }
  const native = withoutValueAt(shown, [typenameAlias])
  const version = resource.version === undefined ? undefined : textAt(native, resource.version.path)
  return { kind: 'ok', nativeId, native, ...(version === undefined ? {} : { version }) }
}

/** Errors next to a result are an unknown outcome. */
function throwProblems(
  { client, resource }: ResourceContext,
  sent: SentMutation,
  answered: MutationResult,
): void {
  const { payload, problems } = answered
  if (problems.length === 0) return
  const { document, variables } = sent
  const error = client.failure(problems, true, {
    rules: resource.errors,
    label: labelOf(sent),
    text: document.text,
    asked: askedBy(document),
    sent: variables,
  })
  const hasResult = payload !== null && payload !== undefined
  throw hasResult ? responseError('unclear', error.message) : error
}

interface Shown {
  readonly payload: unknown
  /** The object in the record's place. */
  readonly shown: Readonly<Record<string, unknown>> | undefined
  readonly id: string | undefined
}

function refusalOf(
  { resource }: ResourceContext,
  sent: SentMutation,
  { payload, shown, id }: Shown,
): IsthmusError | undefined {
  const label = labelOf(sent)
  const listed = userErrorsOf(payload, resource.errors, { label, sent: sent.variables })
  if (listed !== undefined) return listed
  if (payload === false) return responseError('refused', `${label} returned false.`)
  const hasRecord = id !== undefined
  const reported =
    (hasRecord || shown === undefined ? undefined : reportedAsUsual(shown, false)) ??
    (shown === payload && hasRecord ? undefined : reportedAsUsual(payload, hasRecord))
  const type = hasRecord || shown === undefined ? undefined : textAt(shown, [typenameAlias])
  const isOtherType = type !== undefined && type !== resource.type
  if (reported === undefined && !isOtherType) return undefined
  const words = quotedWords(reported?.words, sent.variables)
  const instead = isOtherType ? ` was answered with ${type} instead of ${resource.type}` : ' was refused'
  const code = reported?.code === undefined ? '' : `: ${reported.code}`
  return responseError('refused', `${label}${instead}${code}${words === undefined ? '' : ` (${words})`}.`)
}

/** The mutation ran, and its response does not report the outcome. */
function unclear(sent: SentMutation, what: string): WriteResult {
  const failure = {
    ...unusableFailure(`The response does not fit the manifest: ${sent.document.root} ${what}.`),
    answered: true as const,
  }
  return { kind: 'unknown', failure }
}

function labelOf({ document }: SentMutation): string {
  return `The mutation ${document.root}`
}
