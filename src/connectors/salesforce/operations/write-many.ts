/**
 * Several writes in one call: sObject Collections of up to 200 records, each with a result of its own and a transaction that its
 * neighbours' refusals don't undo (`allOrNone: false`).
 *
 * Updates under a precondition travel as Composite requests of up to 25 instead, since the precondition is a header of each.
 * A call that is refused as a whole (one value that is not even of the right JSON type is enough) did nothing, so it is cut in halves until
 * the record that is to blame stands alone.
 */
import type { Method } from '../../../http/call.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type {
  CallContext,
  CallFailure,
  CreateRequest,
  UpdateRequest,
  WriteResult,
} from '../../kit/contract.ts'
import { isNativeRecord, textAt } from '../../kit/native.ts'
import { type Fault, failedWrite, faultsIn, refusedRecord } from '../errors.ts'
import type { ObjectContext } from './object-context.ts'
import { readMany } from './read.ts'
import {
  confirmed,
  createRecord,
  goneBy,
  keyProblem,
  keyTaken,
  lacksVersion,
  lostKeyRace,
  pointsToDeleted,
  preconditionOf,
  unguarded,
  updateRecord,
  withoutField,
} from './write.ts'

/** Records of one collection. */
export const collectionMax = 200
/** Requests of one composite request. */
export const compositeMax = 25

/** Creates, one result each in the same order. */
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

/** Updates, one result each in the same order. */
export async function updateMany(
  owner: ObjectContext,
  requests: readonly UpdateRequest[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  if (owner.config.precondition !== 'none') {
    return inChunks(requests, compositeMax, (chunk) => sendGuarded(owner, chunk, context))
  }
  const call: Collection<UpdateRequest> = {
    method: 'PATCH',
    path: '/composite/sobjects',
    record: ({ nativeId, patch }) => ({ ...patch, id: nativeId }),
    alone: (request) => updateRecord(owner, request, context),
    confirm: (sent, answered) => allConfirmed(owner, sent, answered, context),
  }
  return inChunks(requests, collectionMax, (chunk) => sendCollection(owner, call, chunk, context))
}

interface MutationResult {
  readonly data: readonly unknown[]
  readonly results: readonly WriteResult[]
}

/** As `confirmed` does it for one, with a single look at all that are told to be gone. */
async function allConfirmed(
  owner: ObjectContext,
  requests: readonly UpdateRequest[],
  { data, results }: MutationResult,
  context: CallContext,
): Promise<readonly WriteResult[]> {
  const suspects = requests
    .filter((_one, index) => results[index]?.kind === 'gone')
    .map(({ nativeId }) => nativeId)
  if (suspects.length === 0) return results
  const looks = await readMany(owner, suspects, context)
  const byNativeId = new Map(suspects.map((nativeId, index) => [nativeId, looks[index]]))
  return results.map((result, index) => {
    const look = byNativeId.get(requests[index]?.nativeId ?? '')
    return result.kind === 'gone' && look !== undefined ? goneBy(look, errorsOf(data[index])) : result
  })
}

/** The codes of one record's result, in a collection or a composite answer. */
const errorsOf = (result: unknown): readonly Fault[] =>
  isNativeRecord(result) ? faultsIn(result.errors ?? result.body) : []

async function inChunks<Request>(
  requests: readonly Request[],
  size: number,
  send: (chunk: readonly Request[]) => Promise<readonly WriteResult[]>,
): Promise<readonly WriteResult[]> {
  const results: WriteResult[] = []
  for (let start = 0; start < requests.length; start += size) {
    results.push(...(await send(requests.slice(start, start + size))))
  }
  return results
}

interface Collection<Request> {
  readonly method: Method
  readonly path: string
  readonly record: (request: Request) => NativeRecord
  /** The same write by a call of its own. */
  readonly alone: (request: Request) => Promise<WriteResult>
  /** Present for updates: what is told to be gone is looked at. */
  readonly confirm?: (
    requests: readonly Request[],
    answered: MutationResult,
  ) => Promise<readonly WriteResult[]>
  /** Present for creates, with the field of the key if there is one. */
  readonly createKey?: { readonly field: string | undefined }
}

async function sendCollection<Request>(
  owner: ObjectContext,
  call: Collection<Request>,
  requests: readonly Request[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  const [only] = requests
  if (only === undefined) return []
  if (requests.length === 1) return [await call.alone(only)]
  const attributes = { type: owner.object }
  const records = requests.map((request) => ({ attributes, ...call.record(request) }))
  try {
    const json = { allOrNone: false, records }
    const response = await owner.client.write(call.method, call.path, { json }, context)
    const { data } = response
    if (!Array.isArray(data) || data.length !== requests.length) return requests.map(() => noResult)
    const results = data.map((result: unknown) => resultOf(result, call.createKey))
    return (await call.confirm?.(requests, { data, results })) ?? results
  } catch (error) {
    const result = failedWrite(error)
    if (result.kind !== 'rejected' && result.kind !== 'gone') return requests.map(() => result)
    const middle = Math.ceil(requests.length / 2)
    const left = await sendCollection(owner, call, requests.slice(0, middle), context)
    return [...left, ...(await sendCollection(owner, call, requests.slice(middle), context))]
  }
}

const noResultFailure: CallFailure = {
  code: 'CONNECTOR_RESPONSE_UNUSABLE',
  message: 'The response to a collection has no result for the record.',
  scope: 'record',
}

const noResult: WriteResult = { kind: 'unknown', failure: noResultFailure }

function resultOf(result: unknown, createKey: Collection<unknown>['createKey']): WriteResult {
  if (!isNativeRecord(result)) return noResult
  const nativeId = textAt(result, ['id'])
  if (result.success === true) return nativeId === undefined ? noResult : { kind: 'ok', nativeId }
  if (result.success !== false) return noResult
  if (createKey !== undefined && lostKeyRace(faultsIn(result.errors), createKey.field)) return keyTaken
  const refused = refusedRecord(result.errors)
  // Nothing that is being created can be gone: the code is about a record that it points to.
  return createKey !== undefined && refused.kind === 'gone' ? pointsToDeleted : refused
}

async function sendGuarded(
  owner: ObjectContext,
  requests: readonly UpdateRequest[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  const sent = requests.filter(({ ifVersion }) => !lacksVersion(owner, ifVersion))
  const results = (await sendComposite(owner, sent, context)).values()
  return requests.map(({ ifVersion }) =>
    lacksVersion(owner, ifVersion) ? unguarded : (results.next().value ?? noResult),
  )
}

async function sendComposite(
  owner: ObjectContext,
  requests: readonly UpdateRequest[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  if (requests.length === 0) return []
  const [only] = requests
  if (only !== undefined && requests.length === 1) return [await updateRecord(owner, only, context)]
  const compositeRequest = requests.map(({ nativeId, patch, ifVersion }, index) => ({
    method: 'PATCH',
    url: owner.client.path(`/sobjects/${owner.object}/${encodeURIComponent(nativeId)}`),
    referenceId: `r${index}`,
    body: patch,
    httpHeaders: preconditionOf(owner, ifVersion),
  }))
  try {
    const json = { allOrNone: false, compositeRequest }
    const { data } = await owner.client.write('POST', '/composite', { json }, context)
    const responses = isNativeRecord(data) ? data.compositeResponse : undefined
    if (!Array.isArray(responses)) return requests.map(() => noResult)
    const byReference = new Map(
      responses.map((response: unknown) => [textAt(response, ['referenceId']), response]),
    )
    const results: WriteResult[] = []
    for (const [index, { nativeId }] of requests.entries()) {
      const response = byReference.get(`r${index}`)
      const refusal = { result: compositeResult(response, nativeId), faults: errorsOf(response) }
      results.push(await confirmed(owner, nativeId, refusal, context))
    }
    return results
  } catch (error) {
    const result = failedWrite(error)
    if (result.kind !== 'rejected') return requests.map(() => result)
    const alone: WriteResult[] = []
    for (const request of requests) alone.push(await updateRecord(owner, request, context))
    return alone
  }
}

function compositeResult(response: unknown, nativeId: string): WriteResult {
  if (!isNativeRecord(response)) return noResult
  const status = response.httpStatusCode
  const { body } = response
  if (isNativeRecord(body) && body.success === false) return refusedRecord(body.errors)
  if (status === 204 || status === 200) return { kind: 'ok', nativeId: textAt(body, ['id']) ?? nativeId }
  if (status === 412) return { kind: 'stale' }
  if (typeof status !== 'number' || status >= 500) return noResult
  return faultsIn(response.body).length === 0 ? noResult : refusedRecord(response.body)
}
