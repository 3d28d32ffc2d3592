import type { CallContext, RestoreRequest, WriteResult } from '../../kit/contract.ts'
import type { ResourceContext } from './resource-context.ts'
import { patchRecord } from './update.ts'

/** Takes an archived record back. Services with ETags want a precondition: the version is read first. */
export async function restoreRecord(
  owner: ResourceContext,
  { nativeId }: RestoreRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { remove, etag } = owner.settings
  const patch = remove.restore ?? {}
  return patchRecord(owner, { nativeId, patch, ...(etag ? { ifVersion: '*' } : {}) }, context)
}
