import type { CallContext, RestoreRequest, WriteResult } from '../../kit/contract.ts'
import type { ResourceContext } from './resource-context.ts'
import { replacePatched, send } from './send.ts'

/** Restores an archived record. */
export function restoreRecord(
  owner: ResourceContext,
  { nativeId }: RestoreRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { resource, item } = owner
  const patch = resource.remove.restore ?? {}
  if (resource.write.with === 'put') return replacePatched(owner, { nativeId, patch }, context)
  const options = { path: { id: nativeId } }
  return send(owner, { method: 'PATCH', target: item, options, json: patch, nativeId }, context)
}
