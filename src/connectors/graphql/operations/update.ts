/** Changes records, one by one or several in one request. */
import type { CallContext, UpdateRequest, WriteResult } from '../../kit/contract.ts'
import { mergeNative, withoutOmitted, withValueAt } from '../../kit/native.ts'
import { fitRequests } from './input-shape.ts'
import type { ResourceContext } from './resource-context.ts'
import { identity, inputOf, isConditional, notSent, type Prepared, send } from './send.ts'
import { sendMany } from './send-many.ts'

/** Changes a record: with a patch, or by replacing the record last read with the changes applied to it. */
export async function updateRecord(
  owner: ResourceContext,
  request: UpdateRequest,
  context: CallContext,
): Promise<WriteResult> {
  const [fitting = request] = await fitRequests(owner, [request], context)
  return send(owner, updating(owner, fitting), context)
}

/** Changes several records in one call, in the given order. */
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
