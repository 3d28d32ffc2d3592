/**
 * Updates several records in one call. Updates with a precondition are sent as Composite requests of up to
 * 25, since the precondition is a header of each; the others as a collection.
 */
import type { CallContext, UpdateRequest, WriteResult } from '../../kit/contract.ts'
import { isNativeRecord, textAt } from '../../kit/native.ts'
import { failedWrite, faultsIn, refusedRecord } from '../errors.ts'
import {
  type Collection,
  collectionMax,
  errorsOf,
  inChunks,
  type MutationResult,
  noResult,
  sendCollection,
} from './collection.ts'
import type { ObjectContext } from './object-context.ts'
import { readMany } from './read.ts'
import { confirmed, goneBy } from './refusal.ts'
import { lacksVersion, preconditionOf, unguarded, updateRecord } from './update.ts'

/** Requests of one composite request. */
export const compositeMax = 25

/** Updates the records, with one result each in the same order. */
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

/** Like `confirmed` for one, with a single read of all that are reported as gone. */
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
  const reads = await readMany(owner, suspects, context)
  const byNativeId = new Map(suspects.map((nativeId, index) => [nativeId, reads[index]]))
  return results.map((result, index) => {
    const read = byNativeId.get(requests[index]?.nativeId ?? '')
    return result.kind === 'gone' && read !== undefined ? goneBy(read, errorsOf(data[index])) : result
  })
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
