import type { CallContext, UpdateRequest, WriteResult } from '../../kit/contract.ts'
import type { ResourceContext } from '../record.ts'
import { composed, post } from './send.ts'

/** Changes the named properties. */
export async function updateObject(
  owner: ResourceContext,
  { nativeId, patch, base, idempotencyKey }: UpdateRequest,
  context: CallContext,
): Promise<WriteResult> {
  const form = composed(owner, patch, base)
  if (form.kind === 'refused') return form.result
  return post(owner, { nativeId, form: form.form, idempotencyKey }, context)
}
