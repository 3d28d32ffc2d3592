/**
 * sObject Collections of up to 200 records, each with its own result and its own transaction, which refusals
 * of its neighbours don't undo (`allOrNone: false`).
 *
 * A call that is refused as a whole (one value of the wrong JSON type is enough) had no effect, so it is
 * split in halves until the faulty record is alone.
 */

import type { Method } from '../../../http/call.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, CallFailure, WriteResult } from '../../kit/contract.ts'
import { isNativeRecord, textAt } from '../../kit/native.ts'
import { unusableFailure } from '../../kit/unusable.ts'
import { type Fault, failedWrite, faultsIn, refusedRecord } from '../errors.ts'
import { keyTaken, lostKeyRace } from './create.ts'
import type { ObjectContext } from './object-context.ts'
import { pointsToDeleted } from './refusal.ts'

/** Records of one collection. */
export const collectionMax = 200

export interface MutationResult {
  readonly data: readonly unknown[]
  readonly results: readonly WriteResult[]
}

/** The codes of one record's result, in a collection or a composite response. */
export const errorsOf = (result: unknown): readonly Fault[] =>
  isNativeRecord(result) ? faultsIn(result.errors ?? result.body) : []

export async function inChunks<Request>(
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

export interface Collection<Request> {
  readonly method: Method
  readonly path: string
  readonly record: (request: Request) => NativeRecord
  /** The same write as a separate call. */
  readonly alone: (request: Request) => Promise<WriteResult>
  /** Present for updates: records reported as gone are read. */
  readonly confirm?: (
    requests: readonly Request[],
    answered: MutationResult,
  ) => Promise<readonly WriteResult[]>
  /** Present for creates, with the key field if there is one. */
  readonly createKey?: { readonly field: string | undefined }
}

export async function sendCollection<Request>(
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

const noResultFailure: CallFailure = unusableFailure(
  'The response to a collection has no result for the record.',
)

export const noResult: WriteResult = { kind: 'unknown', failure: noResultFailure }

function resultOf(result: unknown, createKey: Collection<unknown>['createKey']): WriteResult {
  if (!isNativeRecord(result)) return noResult
  const nativeId = textAt(result, ['id'])
  if (result.success === true) return nativeId === undefined ? noResult : { kind: 'ok', nativeId }
  if (result.success !== false) return noResult
  if (createKey !== undefined && lostKeyRace(faultsIn(result.errors), createKey.field)) return keyTaken
  const refused = refusedRecord(result.errors)
  // A record being created can't be gone: the code concerns a record that it refers to.
  return createKey !== undefined && refused.kind === 'gone' ? pointsToDeleted : refused
}
