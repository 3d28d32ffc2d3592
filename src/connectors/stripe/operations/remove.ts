import type { CallContext, RemoveRequest, WriteResult } from '../../kit/contract.ts'
import { textAt, valueAt } from '../../kit/native.ts'
import { unusable } from '../../kit/unusable.ts'
import { failedWrite } from '../errors.ts'
import { itemOf, type ResourceContext } from '../record.ts'
import { post } from './send.ts'

/** Deletes a record, or makes it inactive. */
export async function removeObject(
  owner: ResourceContext,
  { nativeId, mode }: RemoveRequest,
  context: CallContext,
): Promise<WriteResult> {
  if (mode === 'archive') return post(owner, { nativeId, form: { active: false } }, context)
  try {
    const response = await owner.client.remove(itemOf(owner, nativeId), context)
    const deleted = textAt(response.data, ['id'])
    if (deleted === undefined) throw unusable('the response to a deletion names no object')
    if (valueAt(response.data, ['deleted']) !== true)
      throw unusable('the response to a deletion does not say that the object is deleted')
    return { kind: 'ok', nativeId: deleted }
  } catch (error) {
    return failedWrite(error, owner.rules)
  }
}
