/**
 * Writes whose responses are checked: a success has to be about the record that was to be written.
 *
 * A response about another record reveals neither the outcome of the write nor the record it applies to, so
 * the outcome is unknown, and the other record is listed in `others` so that it is read too. A create has no
 * id beforehand; its response must not contain the marker of another record of ours, and no two creates of
 * one call can have created the same record.
 */
import type {
  CallContext,
  CreateRequest,
  RemoveRequest,
  Resource,
  UpdateRequest,
  WriteResult,
} from '../contract.ts'
import { disordered, isSameId, otherRecord, otherThan } from './answered-id.ts'
import { followMerge } from './checked-reads.ts'

type Done = Extract<WriteResult, { readonly kind: 'ok' }>

/** Checks the response to an update or a removal of one record. */
export async function changedAsAsked(
  resource: Resource,
  { nativeId }: Pick<UpdateRequest | RemoveRequest, 'nativeId'>,
  { result, context }: { readonly result: WriteResult; readonly context: CallContext },
): Promise<WriteResult> {
  if (result.kind === 'gone' && result.mergedInto !== undefined) {
    const read = await followMerge(resource, nativeId, { survivor: result.mergedInto, context })
    // The reads that follow determine whether there was a merge; nothing was written either way.
    return read.kind === 'gone' ? read : { kind: 'gone' }
  }
  if (result.kind !== 'ok') return result
  const other = otherThan(resource, nativeId, result)
  if (other !== undefined) return { kind: 'unknown', failure: otherRecord(nativeId, other), others: [other] }
  return result.nativeId === nativeId ? result : { ...result, nativeId }
}

/** Checks the responses to updates that were sent together. */
export async function allChangedAsAsked(
  resource: Resource,
  requests: readonly UpdateRequest[],
  { results, context }: { readonly results: readonly WriteResult[]; readonly context: CallContext },
): Promise<readonly WriteResult[]> {
  const inOrder =
    results.length === requests.length &&
    results.every((result, index) => {
      const nativeId = requests[index]?.nativeId
      return (
        result.kind !== 'ok' ||
        (nativeId !== undefined && otherThan(resource, nativeId, result) === undefined)
      )
    })
  if (inOrder) {
    return Promise.all(
      requests.map((request, index) =>
        changedAsAsked(resource, request, { result: results[index] ?? unknownOutcome, context }),
      ),
    )
  }
  // Refusals name no record, so a success out of position may be the body of a record whose own write was
  // refused. Only when all are successes, each of another requested record, is it just the order that
  // differs.
  const done = results.filter((result): result is Done => result.kind === 'ok')
  const strangers = done
    .map(({ nativeId }) => nativeId)
    .filter((nativeId) => !requests.some((request) => isSameId(resource, request.nativeId, nativeId)))
  const areAllDone =
    done.length === results.length &&
    strangers.length === 0 &&
    new Set(done.map(({ nativeId }) => nativeId)).size === done.length
  return requests.map(({ nativeId }, index) => {
    const own = done.filter((result) => otherThan(resource, nativeId, result) === undefined)
    const [only] = own
    const isInPlace = results.length === requests.length && only === results[index]
    if (only !== undefined && own.length === 1 && (isInPlace || areAllDone)) return { ...only, nativeId }
    return strangers.length === 0 ? unknownOutcome : { ...unknownOutcome, others: strangers }
  })
}

const unknownOutcome = { kind: 'unknown', failure: disordered } as const satisfies WriteResult

/** Checks the response to a create. */
export function createdAsAsked(
  resource: Resource,
  { recordId }: Pick<CreateRequest, 'recordId'>,
  result: WriteResult,
): WriteResult {
  if (result.kind !== 'ok') return result
  const { nativeId, native } = result
  const other = otherThan(resource, nativeId, result)
  if (other !== undefined)
    return { kind: 'unknown', failure: otherRecord(nativeId, other), others: [nativeId, other] }
  const marker = native === undefined ? undefined : resource.markerOf?.(native)
  const isAnothers = marker !== undefined && marker !== '' && marker.toLowerCase() !== recordId.toLowerCase()
  if (!isAnothers) return result
  const failure = {
    ...otherRecord(recordId, nativeId),
    message: `The response to a create is record ${nativeId}, which carries the mark of another record of ours.`,
  }
  return { kind: 'unknown', failure, others: [nativeId] }
}

/** Checks the responses to creates that were sent together. */
export function allCreatedAsAsked(
  resource: Resource,
  requests: readonly CreateRequest[],
  results: readonly WriteResult[],
): readonly WriteResult[] {
  if (results.length !== requests.length) return requests.map(() => unknownOutcome)
  const checked = results.map((result, index) => {
    const request = requests[index]
    return request === undefined ? unknownOutcome : createdAsAsked(resource, request, result)
  })
  const times = new Map<string, number>()
  for (const result of checked) {
    if (result.kind === 'ok') times.set(result.nativeId, (times.get(result.nativeId) ?? 0) + 1)
  }
  return checked.map((result) => {
    const isTwice = result.kind === 'ok' && (times.get(result.nativeId) ?? 0) > 1
    return isTwice ? { ...unknownOutcome, others: [result.nativeId] } : result
  })
}
