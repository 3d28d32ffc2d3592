import type { CallContext, RemoveRequest, WriteResult } from '../../kit/contract.ts'
import type { MemoryOwner } from './resource-context.ts'
import { refusalOf, write } from './send.ts'

/** Deletes or archives a record. */
export function removeRecord(
  owner: MemoryOwner,
  { nativeId, mode, ifVersion }: RemoveRequest,
  context: CallContext,
): WriteResult {
  return write(owner, { operation: 'remove', nativeId }, context, () => {
    const refusal = refusalOf(owner, nativeId, ifVersion)
    if (refusal !== undefined) return refusal
    if (mode === 'delete') owner.table.remove(nativeId)
    else owner.table.patch(nativeId, owner.table.config.archive)
    return { kind: 'ok', nativeId }
  })
}
