/** Creates, changes, deletes and archives. Each sends one request; what it may have done is told by `errors.ts`. */
import type { FormFields } from '../../http/bodies/form.ts'
import { isIsthmusError } from '../../model/errors.ts'
import type { NativeRecord } from '../../model/values.ts'
import type {
  CallContext,
  CreateRequest,
  RemoveRequest,
  UpdateRequest,
  WriteResult,
} from '../kit/contract.ts'
import { isNativeRecord, textAt, valueAt, withValueAt } from '../kit/native.ts'
import { unusable } from '../kit/unusable.ts'
import { formOf } from './body.ts'
import { failedCreate, failedWrite, stripeFailure } from './errors.ts'
import { itemOf, type ResourceContext, received } from './record.ts'

/** Creates under an idempotency key, with our record id in the metadata. */
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

/** Deletes, or makes inactive. */
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

interface Post {
  readonly nativeId: string
  readonly form: FormFields
  readonly idempotencyKey?: string
}

async function post(
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

/** Values that can't be spelt for Stripe are refused before anything is sent. */
function composed(owner: ResourceContext, patch: NativeRecord, base: NativeRecord | undefined): Composed {
  const { resource, amounts, marker } = owner
  try {
    return { kind: 'form', form: formOf(patch, { resource, amounts, marker, base }) }
  } catch (error) {
    if (!isIsthmusError(error)) throw error
    return { kind: 'refused', result: { kind: 'rejected', failure: stripeFailure(error) } }
  }
}

/** The response has to look like what a read shows. */
function withExpansion({ expand }: ResourceContext, form: FormFields): FormFields {
  return expand.length === 0 ? form : { ...form, expand }
}

/** A created object without an id is an unknown outcome: it exists, and nobody knows which it is. */
function written(owner: ResourceContext, data: unknown, nativeId?: string): WriteResult {
  if (!isNativeRecord(data)) throw unusable('the response to a write is no object')
  const object = received(owner, data)
  if (object.kind === 'deleted') {
    if (nativeId === undefined || object.nativeId !== nativeId)
      throw unusable('the response to a write names another object')
    return { kind: 'gone' }
  }
  return { kind: 'ok', nativeId: object.record.nativeId, native: object.record.native }
}
