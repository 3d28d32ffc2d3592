import type { CallContext, RemoveRequest, WriteResult } from '../../kit/contract.ts'
import type { ResourceContext } from './resource-context.ts'
import { identity, isConditional, notSent, send } from './send.ts'

/** Deletes or archives a record. */
export function removeRecord(
  owner: ResourceContext,
  { nativeId, mode, ifVersion }: RemoveRequest,
  context: CallContext,
): Promise<WriteResult> {
  const document = mode === 'delete' ? owner.documents.delete : owner.documents.archive
  if (document === undefined)
    return Promise.resolve(notSent(`The manifest has no ${mode} for ${owner.name}.`))
  const variables = identity(document, nativeId, ifVersion)
  const conditional = isConditional(document, ifVersion)
  return send(owner, { document, variables, nativeId, operation: 'remove', conditional }, context)
}
