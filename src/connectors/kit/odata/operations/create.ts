/** Creates records, one by one or several in a batch. */
import type { CallContext, CreateRequest, WriteResult } from '../../contract.ts'
import { toWire } from '../protocol/values.ts'
import { marked, markerOfSettings } from './marker.ts'
import type { Bound, ResourceContext } from './resource-context.ts'
import { type Sending, sendOne } from './send.ts'
import { sendMany } from './send-many.ts'

/** Creates one record, together with the parts in the body (a deep insert). */
export function createRecord(
  owner: ResourceContext,
  request: CreateRequest,
  context: CallContext,
): Promise<WriteResult> {
  return sendOne(owner, (bound) => creation(owner, bound, request), context)
}

/** Creates several, each in its own change set. */
export function createRecords(
  owner: ResourceContext,
  requests: readonly CreateRequest[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  return sendMany(
    owner,
    requests.map((request) => (bound: Bound) => creation(owner, bound, request)),
    context,
  )
}

function creation(
  { settings }: ResourceContext,
  { model, set }: Bound,
  { body, recordId }: CreateRequest,
): Sending {
  const marker = markerOfSettings(settings)
  const whole = marker === undefined ? body : marked(marker, body, recordId)
  return {
    method: 'POST',
    address: { target: `/${set.name}`, path: {} },
    json: toWire(model, set.type, whole),
  }
}
