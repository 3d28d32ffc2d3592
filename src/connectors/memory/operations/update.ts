import type { CallContext, UpdateRequest, WriteResult } from '../../kit/contract.ts'
import { mergeNative } from '../../kit/native.ts'
import type { MemoryOwner } from './resource-context.ts'
import { accepted, refusalOf, write } from './send.ts'

/** Changes a record. */
export function updateRecord(owner: MemoryOwner, request: UpdateRequest, context: CallContext): WriteResult {
  return write(owner, { operation: 'update', nativeId: request.nativeId }, context, () =>
    update(owner, request),
  )
}

export function update(owner: MemoryOwner, { nativeId, patch, base, ifVersion }: UpdateRequest): WriteResult {
  const refusal = refusalOf(owner, nativeId, ifVersion)
  if (refusal !== undefined) return refusal
  const { table } = owner
  const replaces = table.config.capabilities.write === 'put'
  const record = replaces ? table.put(nativeId, mergeNative(base ?? {}, patch)) : table.patch(nativeId, patch)
  return record === undefined ? { kind: 'gone' } : accepted(owner, record)
}
