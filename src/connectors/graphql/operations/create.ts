/** Creates records, one by one or several in one request. */
import type { CallContext, CreateRequest, WriteResult } from '../../kit/contract.ts'
import { withValueAt } from '../../kit/native.ts'
import { markerPath } from './find.ts'
import type { ResourceContext } from './resource-context.ts'
import { inputOf, notSent, type Prepared, send } from './send.ts'
import { sendMany } from './send-many.ts'

/** Creates a record, with the identity that the manifest names. */
export function createRecord(
  owner: ResourceContext,
  request: CreateRequest,
  context: CallContext,
): Promise<WriteResult> {
  return send(owner, creating(owner, request), context)
}

/** Creates several records in one call, in the given order. */
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
