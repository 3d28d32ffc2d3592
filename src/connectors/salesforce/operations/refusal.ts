/** What a refused write means, once it is known whether the record is still there. `errors.ts` decides what a failure may have done. */
import type { CallContext, CallFailure, ReadResult, WriteResult } from '../../kit/contract.ts'
import { isNativeRecord } from '../../kit/native.ts'
import { type Fault, refusedRecord } from '../errors.ts'
import type { ObjectContext } from './object-context.ts'
import { readOne } from './read.ts'

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

const foundAgain: CallFailure = {
  code: 'HTTP_STATUS_FINAL',
  message: 'Salesforce did not find a record for a write that it finds for a read.',
  scope: 'record',
}

/** `200 { success: false, errors: […] }`: a status of success says nothing about a result that says otherwise. */
export function reportedRefusal(data: unknown): WriteResult | undefined {
  return isNativeRecord(data) && data.success === false ? refusedRecord(data.errors) : undefined
}
