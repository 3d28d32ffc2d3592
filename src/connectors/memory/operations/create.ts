import type { CallContext, CreateRequest, WriteResult } from '../../kit/contract.ts'
import { matches } from './find.ts'
import type { MemoryOwner } from './resource-context.ts'
import { accepted, write } from './send.ts'

/** Creates a record, with the identity that the resource declares. */
export function createRecord(owner: MemoryOwner, request: CreateRequest, context: CallContext): WriteResult {
  return write(owner, { operation: 'create' }, context, () => create(owner, request))
}

export function create(owner: MemoryOwner, { body, recordId, idempotencyKey }: CreateRequest): WriteResult {
  const { table } = owner
  const { create: identity } = table.config.capabilities
  const { marker } = table.config
  if (identity === 'clientId') return accepted(owner, table.put(recordId, body))
  if (identity === 'naturalKey' || identity === 'none')
    return accepted(owner, table.put(table.nextId(), body))
  // An internal property stands for a real system's record of its keys.
  const ours = identity === 'idempotencyKey' ? { idempotencyKey } : { [marker]: recordId }
  if (identity !== 'marker') {
    for (const known of table.living()) if (matches(known.native, ours)) return accepted(owner, known)
  }
  return accepted(owner, table.put(table.nextId(), { ...body, ...ours }))
}
