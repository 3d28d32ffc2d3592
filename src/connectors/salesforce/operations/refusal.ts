/**
 * Interprets a refused write, depending on whether the record still exists. `errors.ts` decides what a
 * failure may have done.
 */
import type { CallContext, CallFailure, ReadResult, WriteResult } from '../../kit/contract.ts'
import { isNativeRecord } from '../../kit/native.ts'
import { type Fault, refusedRecord } from '../errors.ts'
import type { ObjectContext } from './object-context.ts'
import { readOne } from './read.ts'

/** The outcome of a write to one record, and its error codes. */
export interface Refusal {
  readonly result: WriteResult
  readonly faults: readonly Fault[]
}

/**
 * A credential that may no longer see the object also gets "not found", and "deleted" may concern a record
 * that ours refers to, so the record counts as gone only when a read confirms it. In either case nothing was
 * written.
 */
export async function confirmed(
  owner: ObjectContext,
  nativeId: string,
  { result, faults }: Refusal,
  context: CallContext,
): Promise<WriteResult> {
  return result.kind === 'gone' ? goneBy(await readOne(owner, nativeId, context), faults) : result
}

/** Interprets a refusal as gone after the record was read. */
export function goneBy(read: ReadResult, faults: readonly Fault[]): WriteResult {
  if (read.kind === 'gone') return read
  const isAnothers = faults.some(({ code }) => code === 'ENTITY_IS_DELETED')
  if (read.kind === 'live' && isAnothers) return pointsToDeleted
  return { kind: 'not-sent', failure: read.kind === 'unknown' ? read.failure : foundAgain }
}

/** Refused because of a record that the written one refers to. */
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

/**
 * `200 { success: false, errors: […] }`: a success status does not override a result that reports failure.
 */
export function reportedRefusal(data: unknown): WriteResult | undefined {
  return isNativeRecord(data) && data.success === false ? refusedRecord(data.errors) : undefined
}
