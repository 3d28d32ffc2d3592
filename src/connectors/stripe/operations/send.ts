/**
 * Shared by the writes: sends the form and interprets its response. `errors.ts` decides what a failure may
 * have done.
 */
import type { FormFields } from '../../../http/bodies/form.ts'
import { isIsthmusError } from '../../../model/errors.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, WriteResult } from '../../kit/contract.ts'
import { isNativeRecord } from '../../kit/native.ts'
import { unusable } from '../../kit/unusable.ts'
import { failedWrite, stripeFailure } from '../errors.ts'
import { itemOf, type ResourceContext, received } from '../record.ts'
import { formOf } from './form.ts'

interface Post {
  readonly nativeId: string
  readonly form: FormFields
  readonly idempotencyKey?: string
}

export async function post(
  owner: ResourceContext,
  { nativeId, form, idempotencyKey }: Post,
  context: CallContext,
): Promise<WriteResult> {
  const key = idempotencyKey === undefined ? {} : { idempotencyKey }
  try {
    const request = { form: withExpansion(owner, form), ...key }
    const response = await owner.client.post(itemOf(owner, nativeId), request, context)
    return written(owner, response.data, nativeId)
  } catch (error) {
    return failedWrite(error, owner.rules)
  }
}

type Composed =
  | { readonly kind: 'form'; readonly form: FormFields }
  | { readonly kind: 'refused'; readonly result: WriteResult }

/** Values that can't be represented in Stripe are refused before anything is sent. */
export function composed(
  owner: ResourceContext,
  patch: NativeRecord,
  base: NativeRecord | undefined,
): Composed {
  const { resource, amounts, marker } = owner
  try {
    return { kind: 'form', form: formOf(patch, { resource, amounts, marker, base }) }
  } catch (error) {
    if (!isIsthmusError(error)) throw error
    return { kind: 'refused', result: { kind: 'rejected', failure: stripeFailure(error) } }
  }
}

/** The response has to have the form that a read returns. */
export function withExpansion({ expand }: ResourceContext, form: FormFields): FormFields {
  return expand.length === 0 ? form : { ...form, expand }
}

/** A created object without an id is an unknown outcome: it exists, but its id is not known. */
export function written(owner: ResourceContext, data: unknown, nativeId?: string): WriteResult {
  if (!isNativeRecord(data)) throw unusable('the response to a write is no object')
  const object = received(owner, data)
  if (object.kind === 'deleted') {
    if (nativeId === undefined || object.nativeId !== nativeId)
      throw unusable('the response to a write names another object')
    return { kind: 'gone' }
  }
  return { kind: 'ok', nativeId: object.record.nativeId, native: object.record.native }
}
