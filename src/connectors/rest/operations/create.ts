import type { CallContext, CreateRequest, WriteResult } from '../../kit/contract.ts'
import { withValueAt } from '../../kit/native.ts'
import { unusableFailure } from '../../kit/unusable.ts'
import { markerPath } from './find.ts'
import { readOne } from './read.ts'
import type { ResourceContext } from './resource-context.ts'
import { send } from './send.ts'

/** Creates a record, with the identity that the manifest names. */
export async function createRecord(
  owner: ResourceContext,
  { body, recordId, idempotencyKey }: CreateRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { resource, item } = owner
  const { create } = resource
  const marker = markerPath(resource)
  const json = marker === undefined ? body : withValueAt(body, marker, recordId)
  if (create.as === 'clientId') {
    const sending = {
      method: 'PUT',
      target: item,
      options: { path: { id: recordId } },
      json,
      nativeId: recordId,
      isCreate: true,
    } as const
    return confirmed(owner, await send(owner, sending, context), context)
  }
  if (create.as === 'upsertKey' && create.path !== undefined) {
    return send(
      owner,
      { method: 'PUT', target: create.path, options: { path: { key: recordId } }, json, isCreate: true },
      context,
    )
  }
  const headers = create.as === 'idempotencyKey' ? { [create.header]: idempotencyKey } : {}
  const sending = {
    method: 'POST',
    target: resource.path,
    options: { headers },
    json,
    isCreate: true,
  } as const
  return send(owner, sending, context)
}

/**
 * A create under an id that we chose, whose response does not show the record: a read determines whether it
 * was created. If a create without effect counted as done, it would look like a deleted record.
 */
async function confirmed(
  owner: ResourceContext,
  result: WriteResult,
  context: CallContext,
): Promise<WriteResult> {
  if (result.kind !== 'ok' || result.native !== undefined || result.accepted === true) return result
  const read = await readOne(owner, result.nativeId, context)
  if (read.kind === 'live') return result
  const failure = unusableFailure(
    'The response to a create does not show the record, and a read does not find it.',
  )
  return { kind: 'unknown', failure }
}
