import type { CallContext, RestoreRequest, WriteResult } from '../../kit/contract.ts'
import { matches } from './find.ts'
import type { MemoryOwner } from './resource-context.ts'
import { refusalOf, write } from './send.ts'

/** Restores an archived record. */
export function restoreRecord(
  owner: MemoryOwner,
  { nativeId }: RestoreRequest,
  context: CallContext,
): WriteResult {
  return write(owner, { operation: 'restore', nativeId }, context, () => {
    const refusal = refusalOf(owner, nativeId, undefined)
    if (refusal !== undefined) return refusal
    const patch = owner.table.config.restore ?? {}
    const native = owner.table.current(nativeId)?.native ?? {}
    if (!matches(native, patch)) owner.table.patch(nativeId, patch)
    return { kind: 'ok', nativeId }
  })
}
