import type { CallContext, CallFailure, UpdateRequest, WriteResult } from '../../kit/contract.ts'
import { withoutOmitted } from '../../kit/native.ts'
import type { ResourceContext } from './resource-context.ts'
import { replacement, send } from './send.ts'

/** Changes a record: with a patch, or by replacing the record last read with the changes applied to it. */
export function updateRecord(
  owner: ResourceContext,
  { nativeId, patch, base, ifVersion }: UpdateRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { resource, item } = owner
  if (resource.write.with === 'patch') {
    const json = withoutOmitted(patch, resource.write.omit, 'patch')
    return send(
      owner,
      { method: 'PATCH', target: item, options: { path: { id: nativeId } }, json, nativeId, ifVersion },
      context,
    )
  }
  if (base === undefined) return Promise.resolve(withoutBase(nativeId))
  const json = replacement(owner, base, patch)
  return send(
    owner,
    { method: 'PUT', target: item, options: { path: { id: nativeId } }, json, nativeId, ifVersion },
    context,
  )
}

function withoutBase(nativeId: string): WriteResult {
  const failure: CallFailure = {
    code: 'CONNECTOR_BASE_MISSING',
    message: `Record ${nativeId} can't be replaced without having been read before.`,
    scope: 'record',
  }
  return { kind: 'not-sent', failure }
}
