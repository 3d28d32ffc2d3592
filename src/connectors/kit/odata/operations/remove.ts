import type { CallContext, RemoveRequest, WriteResult } from '../../contract.ts'
import { recordAddress } from '../protocol/literals.ts'
import type { ResourceContext } from './resource-context.ts'
import { sendOne } from './send.ts'
import { patchRecord } from './update.ts'

/** Deletes or archives one record. */
export function removeRecord(
  owner: ResourceContext,
  request: RemoveRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { settings } = owner
  const { nativeId, mode, ifVersion } = request
  if (mode === 'archive')
    return patchRecord(owner, { ...request, patch: settings.remove.archive ?? {} }, context)
  return sendOne(
    owner,
    (bound) => {
      const { model, set } = bound
      const address = recordAddress(set.name, set.type, nativeId, model.version)
      // Services with ETags refuse a delete without a precondition; without a version, any version is meant.
      const ifMatch = settings.etag ? (ifVersion ?? '*') : undefined
      return { method: 'DELETE', address, nativeId, ...(ifMatch === undefined ? {} : { ifMatch }) }
    },
    context,
  )
}
