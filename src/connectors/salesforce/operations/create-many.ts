/** Creates several records in one call. */
import type { CallContext, CreateRequest, WriteResult } from '../../kit/contract.ts'
import { type Collection, collectionMax, inChunks, sendCollection } from './collection.ts'
import { createRecord, keyProblem, withoutField } from './create.ts'
import type { ObjectContext } from './object-context.ts'

/** Creates the records, with one result each in the same order. */
export async function createMany(
  owner: ObjectContext,
  requests: readonly CreateRequest[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  const { object, config } = owner
  const field = config.externalId
  const refused = await keyProblem(owner, context)
  if (refused !== undefined) return requests.map(() => refused)
  const call: Collection<CreateRequest> = {
    method: field === undefined ? 'POST' : 'PATCH',
    path: field === undefined ? '/composite/sobjects' : `/composite/sobjects/${object}/${field}`,
    record: ({ body, recordId }) =>
      field === undefined ? body : { ...withoutField(body, field), [field]: recordId },
    alone: (request) => createRecord(owner, request, context),
    createKey: { field },
  }
  return inChunks(requests, collectionMax, (chunk) => sendCollection(owner, call, chunk, context))
}
