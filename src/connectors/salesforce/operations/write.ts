/** Creates, changes and deletes one record. Each sends one request; what it may have done is told by `errors.ts`. */
import { HttpStatusError } from '../../../http/errors.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type {
  CallContext,
  CallFailure,
  CreateRequest,
  ReadResult,
  RemoveRequest,
  UpdateRequest,
  WriteResult,
} from '../../kit/contract.ts'
import { isNativeRecord, textAt } from '../../kit/native.ts'
import { type Fault, failedWrite, faultsOf, readFailure, refusedRecord, saysGone } from '../errors.ts'
import type { ObjectContext } from './object-context.ts'
import { forgetIfStale, readOne } from './read.ts'

/** Creates: by upsert on the external id where there is one, so that the same create twice makes one record. */
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

/** Changes the named fields. */
export async function updateRecord(
  owner: ObjectContext,
  { nativeId, patch, ifVersion }: UpdateRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { client, object } = owner
  if (lacksVersion(owner, ifVersion)) return unguarded
  const headers = preconditionOf(owner, ifVersion)
  try {
    const options = { path: { object, nativeId }, json: patch, headers }
    const response = await client.write('PATCH', '/sobjects/{object}/{nativeId}', options, context)
    return (
      reportedRefusal(response.data) ?? { kind: 'ok', nativeId: textAt(response.data, ['id']) ?? nativeId }
    )
  } catch (error) {
    forgetIfStale(owner, error)
    const result = failedWrite(error, ifVersion !== undefined)
    return confirmed(owner, nativeId, { result, faults: faultsOf(error) }, context)
  }
}

/** Deletes: into the recycle bin, as every delete of the API does. */
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

/** What came of a write to one record, and the codes that say so. */
export interface Refusal {
  readonly result: WriteResult
  readonly faults: readonly Fault[]
}

/**
 * "Not found" is also what a credential hears that may not see the object any more, and "deleted" may be about a record that ours points to;
 * so it counts as gone only when a look says so too. In any case nothing was written.
 */
export async function confirmed(
  owner: ObjectContext,
  nativeId: string,
  { result, faults }: Refusal,
  context: CallContext,
): Promise<WriteResult> {
  return result.kind === 'gone' ? goneBy(await readOne(owner, nativeId, context), faults) : result
}

/** What a refusal as gone means once the record was looked at. */
export function goneBy(look: ReadResult, faults: readonly Fault[]): WriteResult {
  if (look.kind === 'gone') return look
  const isAnothers = faults.some(({ code }) => code === 'ENTITY_IS_DELETED')
  if (look.kind === 'live' && isAnothers) return pointsToDeleted
  return { kind: 'not-sent', failure: look.kind === 'unknown' ? look.failure : foundAgain }
}

/** Refused for a record that the written one refers to. */
export const pointsToDeleted: WriteResult = {
  kind: 'rejected',
  failure: {
    code: 'HTTP_STATUS_FINAL',
    message: 'The record points to one that was deleted.',
    scope: 'record',
  },
}

/** Updates of this object are guarded, and there is nothing to guard this one with. */
export function lacksVersion({ config }: ObjectContext, ifVersion: string | undefined): boolean {
  return config.precondition !== 'none' && ifVersion === undefined
}

/** A look after the second of the change brings a version; sent without one, the update could undo what was changed in it. */
export const unguarded: WriteResult = {
  kind: 'not-sent',
  failure: {
    code: 'CONNECTOR_RECORD_LOCKED',
    message: 'The record was changed just now and has no version yet that an update could be guarded by.',
    scope: 'record',
    retryAfterMs: 2_000,
  },
}

const foundAgain: CallFailure = {
  code: 'HTTP_STATUS_FINAL',
  message: 'Salesforce did not find a record for a write that it finds for a read.',
  scope: 'record',
}

/** The headers that guard an update; empty when nothing does. */
export function preconditionOf(
  { config }: ObjectContext,
  ifVersion: string | undefined,
): Readonly<Record<string, string>> {
  if (ifVersion === undefined || config.precondition === 'none') return {}
  return config.precondition === 'etag' ? { 'if-match': ifVersion } : { 'if-unmodified-since': ifVersion }
}

/** The key goes into the address; Salesforce refuses it in the body. */
export function withoutField(body: NativeRecord, field: string): NativeRecord {
  const { [field]: _key, ...rest } = body
  return rest
}

/**
 * Why nothing may be created by key: a field that the org does not keep unique would not hold a second create back. Undefined when all is
 * well.
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

/** `200 { success: false, errors: […] }`: a status of success says nothing about a result that says otherwise. */
function reportedRefusal(data: unknown): WriteResult | undefined {
  return isNativeRecord(data) && data.success === false ? refusedRecord(data.errors) : undefined
}

/** A created record without an id is an unknown outcome: it exists, and we don't know which. */
function saved(nativeId: string | undefined): WriteResult {
  if (nativeId !== undefined) return { kind: 'ok', nativeId }
  const failure: CallFailure = {
    code: 'CONNECTOR_RESPONSE_UNUSABLE',
    message: 'The response to a create has no id.',
    scope: 'record',
  }
  return { kind: 'unknown', failure }
}

/**
 * Another request with our key was under way and won: the record exists by now, and the same upsert again will find it. Salesforce says
 * which field it is about only in the sentence.
 */
export function lostKeyRace(faults: readonly Fault[], field: string | undefined): boolean {
  if (field === undefined) return false
  return faults.some(({ code, message }) => code === 'DUPLICATE_VALUE' && message.includes(` ${field} `))
}

/** Nothing was written; the same bytes are sent again. */
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

/** Nothing that is being created can be gone: "not found" is about the object or the field. */
function withoutGone(result: WriteResult, error: unknown): WriteResult {
  if (result.kind !== 'gone' || !saysGone(error)) return result
  return { kind: 'rejected', failure: readFailure(error) }
}
