/** Shared by the writes: sends one request. `protocol/errors.ts` decides what a failure may have done. */
import type { NativeRecord } from '../../../../model/values.ts'
import type { CallContext, CallFailure, WriteResult } from '../../contract.ts'
import { callFailure } from '../../outcome.ts'
import type { ProtocolVersion } from '../metadata/model.ts'
import type { BatchRequest } from '../protocol/batch.ts'
import { failedWrite } from '../protocol/errors.ts'
import type { RecordAddress } from '../protocol/literals.ts'
import { accepted } from './accepted.ts'
import { type Bound, boundTo, type ResourceContext } from './resource-context.ts'

type Verb = BatchRequest['method']

/** One write as it is sent. */
export interface Sending {
  readonly method: Exclude<Verb, 'GET'>
  readonly address: RecordAddress
  readonly json?: NativeRecord
  /** Known in advance, except for creates. */
  readonly nativeId?: string
  readonly ifMatch?: string
}

export type MakeSending = (bound: Bound) => Sending

export async function sendOne(
  owner: ResourceContext,
  make: MakeSending,
  context: CallContext,
): Promise<WriteResult> {
  const ready = await prepared(owner)
  if ('failure' in ready) return { kind: 'not-sent', failure: ready.failure }
  const { bound } = ready
  let sending: Sending | undefined
  try {
    sending = make(bound)
    const { method, address, json } = sending
    // MERGE is not a standard HTTP method; single requests carry it in a header.
    const isMerge = method === 'MERGE'
    const response = await owner.service.write(
      isMerge ? 'POST' : method,
      {
        ...address,
        ...(json === undefined ? {} : { json }),
        headers: {
          ...ownHeaders(sending, bound.model.version),
          ...(isMerge ? { 'x-http-method': 'MERGE' } : {}),
        },
      },
      context,
    )
    return accepted(owner, bound, sending, response)
  } catch (error) {
    return failed(owner, sending, error)
  }
}

/** Metadata and session come first: a failure there happens before anything is sent. */
export async function prepared(
  owner: ResourceContext,
): Promise<{ readonly bound: Bound } | { readonly failure: CallFailure }> {
  try {
    const bound = await boundTo(owner)
    await owner.service.prepareWrite()
    return { bound }
  } catch (error) {
    return { failure: { ...callFailure(error), scope: 'system' } }
  }
}

/**
 * The precondition and, for changes over V4, the preference for no response body, since the next read fetches
 * it anyway.
 */
export function ownHeaders(
  { method, ifMatch }: Sending,
  version: ProtocolVersion,
): Readonly<Record<string, string>> {
  const isChange = version === 4 && (method === 'PATCH' || method === 'PUT')
  return {
    ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    ...(isChange ? { prefer: 'return=minimal' } : {}),
  }
}

export function failed(
  { settings, locks }: ResourceContext,
  sending: Sending | undefined,
  error: unknown,
): WriteResult {
  return failedWrite({
    error,
    kind: sending?.method === 'POST' ? 'create' : 'change',
    conditional: sending?.ifMatch !== undefined,
    versioned: settings.etag,
    locks,
  })
}
