/** Creates a record. */

import { HttpStatusError } from '../../../http/errors.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, CallFailure, CreateRequest, WriteResult } from '../../kit/contract.ts'
import { textAt } from '../../kit/native.ts'
import { unusableFailure } from '../../kit/unusable.ts'
import { type Fault, failedWrite, faultsOf, readFailure, saysGone } from '../errors.ts'
import type { ObjectContext } from './object-context.ts'
import { forgetIfStale } from './read.ts'
import { reportedRefusal } from './refusal.ts'

/**
 * Creates a record: by upsert on the external id where there is one, so that a repeated create makes only one
 * record.
 */
export async function createRecord(
  owner: ObjectContext,
  { body, recordId }: CreateRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { client, object, config } = owner
  const field = config.externalId
  const refused = await keyProblem(owner, context)
  if (refused !== undefined) return refused
  try {
    const response =
      field === undefined
        ? await client.write('POST', '/sobjects/{object}', { path: { object }, json: body }, context)
        : await client.write(
            'PATCH',
            '/sobjects/{object}/{field}/{recordId}',
            { path: { object, field, recordId }, json: withoutField(body, field) },
            context,
          )
    return reportedRefusal(response.data) ?? saved(textAt(response.data, ['id']))
  } catch (error) {
    forgetIfStale(owner, error)
    if (lostKeyRace(faultsOf(error), field)) return keyTaken
    if (isAmbiguousKey(error)) return { kind: 'rejected', failure: readFailure(error) }
    return withoutGone(failedWrite(error), error)
  }
}

/** The key is part of the address; Salesforce refuses it in the body. */
export function withoutField(body: NativeRecord, field: string): NativeRecord {
  const { [field]: _key, ...rest } = body
  return rest
}

/**
 * Returns why nothing may be created by key: a field that the org does not keep unique would not prevent a
 * second create. Undefined when the field is suitable.
 */
export async function keyProblem(
  owner: ObjectContext,
  context: CallContext,
): Promise<WriteResult | undefined> {
  const { object, config, schemas } = owner
  if (config.externalId === undefined) return undefined
  try {
    const field = (await schemas.of(object, context)).fields.get(config.externalId)
    if (field?.externalId === true && field.unique) return undefined
    const message = `${object}.${config.externalId} has to be a field of the org that is marked External ID and Unique.`
    const failure: CallFailure = { code: 'CONNECTOR_CONFIG_INVALID', message, scope: 'system' }
    return { kind: 'not-sent', failure }
  } catch (error) {
    return { kind: 'not-sent', failure: readFailure(error) }
  }
}

/** A created record without an id is an unknown outcome: it exists, but its id is not known. */
function saved(nativeId: string | undefined): WriteResult {
  if (nativeId !== undefined) return { kind: 'ok', nativeId }
  const failure = unusableFailure('The response to a create has no id.')
  return { kind: 'unknown', failure }
}

/**
 * A concurrent request with our key succeeded: the record exists by now, and repeating the upsert will find
 * it. Salesforce names the field only in the message.
 */
export function lostKeyRace(faults: readonly Fault[], field: string | undefined): boolean {
  if (field === undefined) return false
  return faults.some(({ code, message }) => code === 'DUPLICATE_VALUE' && message.includes(` ${field} `))
}

/** Nothing was written; the same request is sent again. */
export const keyTaken: WriteResult = {
  kind: 'not-sent',
  failure: {
    code: 'HTTP_STATUS_FINAL',
    message: 'Another create with the same external id was under way.',
    scope: 'record',
  },
}

/** 300: several records have this key. The upsert did nothing. */
function isAmbiguousKey(error: unknown): boolean {
  return error instanceof HttpStatusError && error.status === 300
}

/** A record being created can't be gone: "not found" concerns the object or the field. */
function withoutGone(result: WriteResult, error: unknown): WriteResult {
  if (result.kind !== 'gone' || !saysGone(error)) return result
  return { kind: 'rejected', failure: readFailure(error) }
}
