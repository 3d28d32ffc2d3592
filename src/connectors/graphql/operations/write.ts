/** Creates, changes and removes, one by one or several under aliases. What a request may have done is told by `answer-errors.ts`. */
import type { ErrorCode } from '../../../model/error-codes.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type {
  CallContext,
  CreateRequest,
  RemoveRequest,
  UpdateRequest,
  WriteResult,
} from '../../kit/contract.ts'
import { mergeNative, withoutOmitted, withValueAt } from '../../kit/native.ts'
import { callFailure } from '../../kit/outcome.ts'
import { unusable } from '../../kit/unusable.ts'
import type { Variables } from '../client.ts'
import { aliasOf, type GraphqlDocument, scalarFor } from '../documents.ts'
import { GraphqlError, writeFailure } from '../response-errors.ts'
import { accepted, type MutationResult, type SentMutation } from './accepted.ts'
import { markerPath } from './find.ts'
import { fitRequests } from './input-shape.ts'
import type { ResourceContext } from './resource-context.ts'

/** One mutation about to be sent. */
interface Sending extends SentMutation {
  /** A version precondition goes along. */
  readonly conditional: boolean
}

type Prepared = Sending | { readonly result: WriteResult }

/** Creates, with the identity that the manifest names. */
export function createRecord(
  owner: ResourceContext,
  request: CreateRequest,
  context: CallContext,
): Promise<WriteResult> {
  return send(owner, creating(owner, request), context)
}

/** Changes a record: by patch, or by replacing the record last read with the changes over it. */
export async function updateRecord(
  owner: ResourceContext,
  request: UpdateRequest,
  context: CallContext,
): Promise<WriteResult> {
  const [fitting = request] = await fitRequests(owner, [request], context)
  return send(owner, updating(owner, fitting), context)
}

/** Deletes or archives a record. */
export function removeRecord(
  owner: ResourceContext,
  { nativeId, mode, ifVersion }: RemoveRequest,
  context: CallContext,
): Promise<WriteResult> {
  const document = mode === 'delete' ? owner.documents.delete : owner.documents.archive
  if (document === undefined)
    return Promise.resolve(notSent(`The manifest has no ${mode} for ${owner.name}.`))
  const variables = identity(document, nativeId, ifVersion)
  const conditional = isConditional(document, ifVersion)
  return send(owner, { document, variables, nativeId, operation: 'remove', conditional }, context)
}

/** Several creates in one call, in the order given. */
export function createMany(
  owner: ResourceContext,
  requests: readonly CreateRequest[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  return sendMany(
    owner,
    requests.map((request) => creating(owner, request)),
    context,
  )
}

/** Several changes in one call, in the order given. */
export async function updateMany(
  owner: ResourceContext,
  requests: readonly UpdateRequest[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  const fitting = await fitRequests(owner, requests, context)
  return sendMany(
    owner,
    fitting.map((request) => updating(owner, request)),
    context,
  )
}

function creating(owner: ResourceContext, { body, recordId, idempotencyKey }: CreateRequest): Prepared {
  const document = owner.documents.create
  if (document === undefined) return { result: notSent(`The manifest has no create for ${owner.name}.`) }
  const marker = markerPath(owner.resource)
  const whole = marker === undefined ? body : withValueAt(body, marker, recordId)
  const input = inputOf(document, whole)
  if ('result' in input) return input
  return {
    document,
    variables: { ...input.variables, idempotencyKey },
    operation: 'create',
    conditional: false,
  }
}

function updating(
  owner: ResourceContext,
  { nativeId, patch, base, ifVersion, idempotencyKey }: UpdateRequest,
): Prepared {
  const { update } = owner.resource
  const document = owner.documents.update
  if (update === undefined || document === undefined)
    return { result: notSent(`The manifest has no update for ${owner.name}.`) }
  if (update.with === 'put' && base === undefined)
    return {
      result: notSent(
        `Record ${nativeId} can't be replaced without having been read before.`,
        'CONNECTOR_BASE_MISSING',
      ),
    }
  const replaces = update.with === 'put' && base !== undefined
  const whole = withoutOmitted(replaces ? mergeNative(base, patch) : patch, update.omit, update.with)
  const { idField } = update
  const input = inputOf(document, idField === undefined ? whole : withValueAt(whole, idField, nativeId))
  if ('result' in input) return input
  return {
    document,
    variables: { ...input.variables, ...identity(document, nativeId, ifVersion), idempotencyKey },
    nativeId,
    operation: 'update',
    conditional: isConditional(document, ifVersion),
  }
}

/** Only declared variables are sent, so what a document does not ask for does no harm here. */
function identity(document: GraphqlDocument, nativeId: string, ifVersion: string | undefined): Variables {
  const { variables } = document
  const id = scalarFor(variables.get('id'), nativeId)
  return ifVersion === undefined ? { id } : { id, version: scalarFor(variables.get('version'), ifVersion) }
}

function isConditional({ variables }: GraphqlDocument, ifVersion: string | undefined): boolean {
  return ifVersion !== undefined && variables.has('version')
}

/** The record as `$input`, or property by property; a property that no variable takes must not be lost on the way. */
function inputOf(
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

function notSent(message: string, code: ErrorCode = 'CONNECTOR_CONFIG_INVALID'): WriteResult {
  return { kind: 'not-sent', failure: { code, message, scope: 'record' } }
}

async function send(owner: ResourceContext, prepared: Prepared, context: CallContext): Promise<WriteResult> {
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

/**
 * Sends mutations of one document under aliases: the API runs them one after the other, each by itself. A request that was refused as a
 * whole ran none of them, so each is sent alone and meets its own response.
 */
async function sendMany(
  owner: ResourceContext,
  prepared: readonly Prepared[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  const sendings = prepared.filter((one): one is Sending => !('result' in one))
  const [first] = sendings
  if (first === undefined || sendings.length === 1) return inTurn(owner, prepared, context)
  const { client, resource } = owner
  const results = new Map<Prepared, WriteResult>()
  try {
    const response = await client.sendMany({
      document: first.document,
      variables: sendings.map(({ variables }) => variables),
      rules: resource.errors,
      context,
    })
    for (const [index, sending] of sendings.entries()) {
      const alias = aliasOf(index)
      const problems = response.problems.filter(({ path }) => path === undefined || path[0] === alias)
      results.set(sending, settled(owner, sending, { payload: response.data[alias], problems }))
    }
  } catch (error) {
    if (error instanceof GraphqlError && error.verdict === 'refused' && error.nothingRan)
      return inTurn(owner, prepared, context)
    for (const sending of sendings) results.set(sending, writeFailure(error, sending.conditional))
  }
  return prepared.map((one) => ('result' in one ? one.result : (results.get(one) ?? lost())))
}

async function inTurn(
  owner: ResourceContext,
  prepared: readonly Prepared[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  const results: WriteResult[] = []
  for (const one of prepared) results.push(await send(owner, one, context))
  return results
}

function lost(): WriteResult {
  return { kind: 'unknown', failure: callFailure(unusable('a mutation has no response')) }
}

function settled(owner: ResourceContext, sending: Sending, answered: MutationResult): WriteResult {
  try {
    return accepted(owner, sending, answered)
  } catch (error) {
    return writeFailure(error, sending.conditional)
  }
}
