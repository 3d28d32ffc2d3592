import type { CallContext, RemoveRequest, WriteResult } from '../../kit/contract.ts'
import { textAt } from '../../kit/native.ts'
import { failedWrite, faultsOf } from '../errors.ts'
import type { ObjectContext } from './object-context.ts'
import { confirmed, reportedRefusal } from './refusal.ts'

/** Deletes a record: into the recycle bin, like every delete through the API. */
export async function removeRecord(
  owner: ObjectContext,
  { nativeId }: RemoveRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { client, object } = owner
  try {
    const response = await client.write(
      'DELETE',
      '/sobjects/{object}/{nativeId}',
      { path: { object, nativeId } },
      context,
    )
    return (
      reportedRefusal(response.data) ?? { kind: 'ok', nativeId: textAt(response.data, ['id']) ?? nativeId }
    )
  } catch (error) {
    return confirmed(owner, nativeId, { result: failedWrite(error), faults: faultsOf(error) }, context)
  }
}
