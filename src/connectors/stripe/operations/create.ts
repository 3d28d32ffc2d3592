import type { CallContext, CreateRequest, WriteResult } from '../../kit/contract.ts'
import { withValueAt } from '../../kit/native.ts'
import { failedCreate } from '../errors.ts'
import type { ResourceContext } from '../record.ts'
import { composed, withExpansion, written } from './send.ts'

/** Creates a record under an idempotency key, with our record id in the metadata. */
export async function createObject(
  owner: ResourceContext,
  { body, recordId, idempotencyKey }: CreateRequest,
  context: CallContext,
): Promise<WriteResult> {
  const form = composed(owner, withValueAt(body, ['metadata', owner.marker], recordId), undefined)
  if (form.kind === 'refused') return form.result
  const request = { form: withExpansion(owner, form.form), idempotencyKey }
  try {
    const response = await owner.client.post({ route: owner.resource.path }, request, context)
    return written(owner, response.data)
  } catch (error) {
    return failedCreate(error, owner.rules)
  }
}
