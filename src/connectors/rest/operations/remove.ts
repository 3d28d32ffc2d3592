import type { CallContext, RemoveRequest, WriteResult } from '../../kit/contract.ts'
import type { ResourceContext } from './resource-context.ts'
import { replacePatched, send } from './send.ts'

/** Deletes or archives a record. */
export function removeRecord(
  owner: ResourceContext,
  { nativeId, mode, ifVersion }: RemoveRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { resource, item } = owner
  if (mode === 'delete') {
    return send(
      owner,
      { method: 'DELETE', target: item, options: { path: { id: nativeId } }, nativeId, ifVersion },
      context,
    )
  }
  const patch = resource.remove.archive ?? {}
  if (resource.write.with === 'put')
    return replacePatched(owner, { nativeId, patch, ...given(ifVersion) }, context)
  const options = { path: { id: nativeId } }
  return send(owner, { method: 'PATCH', target: item, options, json: patch, nativeId, ifVersion }, context)
}

function given(ifVersion: string | undefined): { readonly ifVersion?: string } {
  return ifVersion === undefined ? {} : { ifVersion }
}
