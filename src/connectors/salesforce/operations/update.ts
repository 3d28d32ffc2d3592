/** Changes a record. */
import type { CallContext, UpdateRequest, WriteResult } from '../../kit/contract.ts'
import { textAt } from '../../kit/native.ts'
import { failedWrite, faultsOf } from '../errors.ts'
import type { ObjectContext } from './object-context.ts'
import { forgetIfStale } from './read.ts'
import { confirmed, reportedRefusal } from './refusal.ts'

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

/** Updates of this object are guarded, and no version is available to guard this one. */
export function lacksVersion({ config }: ObjectContext, ifVersion: string | undefined): boolean {
  return config.precondition !== 'none' && ifVersion === undefined
}

/**
 * A read after the second of the change returns a version; without one, the update could undo a change made
 * within it.
 */
export const unguarded: WriteResult = {
  kind: 'not-sent',
  failure: {
    code: 'CONNECTOR_RECORD_LOCKED',
    message: 'The record was changed just now and has no version yet that an update could be guarded by.',
    scope: 'record',
    retryAfterMs: 2_000,
  },
}

/** Returns the headers that guard an update; empty when it is unguarded. */
export function preconditionOf(
  { config }: ObjectContext,
  ifVersion: string | undefined,
): Readonly<Record<string, string>> {
  if (ifVersion === undefined || config.precondition === 'none') return {}
  return config.precondition === 'etag' ? { 'if-match': ifVersion } : { 'if-unmodified-since': ifVersion }
}
