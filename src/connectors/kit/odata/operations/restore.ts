import type { CallContext, RestoreRequest, WriteResult } from '../../contract.ts'
import type { ResourceContext } from './resource-context.ts'
import { patchRecord } from './update.ts'

/** Restores an archived record. Services with ETags require a precondition, so the version is read first. */
export async function restoreRecord(
  owner: ResourceContext,
  { nativeId }: RestoreRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { remove, etag } = owner.settings
  const patch = remove.restore ?? {}
  return patchRecord(owner, { nativeId, patch, ...(etag ? { ifVersion: '*' } : {}) }, context)
}
