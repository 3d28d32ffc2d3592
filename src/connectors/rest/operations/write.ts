/** Creates, changes and removes. Each sends one request; what it may have done is told by `outcome.ts`. */

import type { Method } from '../../../http/call.ts'
import type { CallOptions } from '../../../http/options.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type {
  CallContext,
  CallFailure,
  CreateRequest,
  RemoveRequest,
  RestoreRequest,
  UpdateRequest,
  WriteResult,
} from '../../kit/contract.ts'
import { mergeNative, withoutOmitted, withValueAt } from '../../kit/native.ts'
import { writeResultOf } from '../../kit/outcome.ts'
import { accepted } from './accepted.ts'
import { wrapped } from './envelope.ts'
import { markerPath } from './find.ts'
import { readOne } from './read.ts'
import type { ResourceContext } from './resource-context.ts'

interface Sending {
  readonly method: Method
  readonly target: string
  readonly options: Pick<CallOptions, 'path' | 'headers'>
  /** The record, or the part of one, that is sent. */
  readonly json?: NativeRecord
  /** Known beforehand, except for creates where the system chooses. */
  readonly nativeId?: string
  readonly isCreate?: boolean
  readonly ifVersion?: string | undefined
}

/** Creates, with the identity that the manifest names. */
export async function createRecord(
  owner: ResourceContext,
  { body, recordId, idempotencyKey }: CreateRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { resource, item } = owner
  const { create } = resource
  const marker = markerPath(resource)
  const json = marker === undefined ? body : withValueAt(body, marker, recordId)
  if (create.as === 'clientId') {
    const sending = {
      method: 'PUT',
      target: item,
      options: { path: { id: recordId } },
      json,
      nativeId: recordId,
      isCreate: true,
    } as const
    return confirmed(owner, await send(owner, sending, context), context)
  }
  if (create.as === 'upsertKey' && create.path !== undefined) {
    return send(
      owner,
      { method: 'PUT', target: create.path, options: { path: { key: recordId } }, json, isCreate: true },
      context,
    )
  }
  const headers = create.as === 'idempotencyKey' ? { [create.header]: idempotencyKey } : {}
  const sending = {
    method: 'POST',
    target: resource.path,
    options: { headers },
    json,
    isCreate: true,
  } as const
  return send(owner, sending, context)
}

/**
 * A create under an id of our choosing whose response does not show the record: whether it was made is looked up. Taken for done, a create that
 * was not would look like a record that somebody deleted.
 */
async function confirmed(
  owner: ResourceContext,
  result: WriteResult,
  context: CallContext,
): Promise<WriteResult> {
  if (result.kind !== 'ok' || result.native !== undefined || result.accepted === true) return result
  const look = await readOne(owner, result.nativeId, context)
  if (look.kind === 'live') return result
  const failure: CallFailure = {
    code: 'CONNECTOR_RESPONSE_UNUSABLE',
    message: 'The response to a create does not show the record, and a read does not find it.',
    scope: 'record',
  }
  return { kind: 'unknown', failure }
}

/** Changes a record: by patch, or by replacing the record last read with the changes over it. */
export function updateRecord(
  owner: ResourceContext,
  { nativeId, patch, base, ifVersion }: UpdateRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { resource, item } = owner
  if (resource.write.with === 'patch') {
    const json = withoutOmitted(patch, resource.write.omit, 'patch')
    return send(
      owner,
      { method: 'PATCH', target: item, options: { path: { id: nativeId } }, json, nativeId, ifVersion },
      context,
    )
  }
  if (base === undefined) return Promise.resolve(withoutBase(nativeId))
  const json = replacement(owner, base, patch)
  return send(
    owner,
    { method: 'PUT', target: item, options: { path: { id: nativeId } }, json, nativeId, ifVersion },
    context,
  )
}

/** Deletes or archives a record. */
export function removeRecord(
  owner: ResourceContext,
  { nativeId, mode, ifVersion }: RemoveRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { resource, item } = owner
  if (mode === 'delete') {
    return send(
      owner,
      { method: 'DELETE', target: item, options: { path: { id: nativeId } }, nativeId, ifVersion },
      context,
    )
  }
  const patch = resource.remove.archive ?? {}
  if (resource.write.with === 'put')
    return replacePatched(owner, { nativeId, patch, ...given(ifVersion) }, context)
  const options = { path: { id: nativeId } }
  return send(owner, { method: 'PATCH', target: item, options, json: patch, nativeId, ifVersion }, context)
}

/** Takes an archived record back. */
export function restoreRecord(
  owner: ResourceContext,
  { nativeId }: RestoreRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { resource, item } = owner
  const patch = resource.remove.restore ?? {}
  if (resource.write.with === 'put') return replacePatched(owner, { nativeId, patch }, context)
  const options = { path: { id: nativeId } }
  return send(owner, { method: 'PATCH', target: item, options, json: patch, nativeId }, context)
}

/** Where records are only replaced whole, a patch needs the whole record: it is read, and sent back under the version that was read. */
async function replacePatched(
  owner: ResourceContext,
  {
    nativeId,
    patch,
    ifVersion,
  }: { readonly nativeId: string; readonly patch: NativeRecord; readonly ifVersion?: string },
  context: CallContext,
): Promise<WriteResult> {
  // An archived record counts as gone elsewhere; here it is what is wanted.
  const shown = { ...owner, resource: { ...owner.resource, tombstone: undefined } }
  const read = await readOne(shown, nativeId, context)
  if (read.kind === 'gone') return read
  if (read.kind === 'unknown') return { kind: 'not-sent', failure: read.failure }
  const json = replacement(owner, read.native, patch)
  const options = { path: { id: nativeId } }
  return send(
    owner,
    { method: 'PUT', target: owner.item, options, json, nativeId, ifVersion: ifVersion ?? read.version },
    context,
  )
}

function given(ifVersion: string | undefined): { readonly ifVersion?: string } {
  return ifVersion === undefined ? {} : { ifVersion }
}

/** What PUT sends: the record last read with the changes over it, less what the system does not take back. */
function replacement({ resource }: ResourceContext, base: NativeRecord, patch: NativeRecord): NativeRecord {
  return withoutOmitted(mergeNative(base, patch), resource.write.omit, 'put')
}

function withoutBase(nativeId: string): WriteResult {
  const failure: CallFailure = {
    code: 'CONNECTOR_BASE_MISSING',
    message: `Record ${nativeId} can't be replaced without having been read before.`,
    scope: 'record',
  }
  return { kind: 'not-sent', failure }
}

function send(owner: ResourceContext, sending: Sending, context: CallContext): Promise<WriteResult> {
  return owner.tags.write(owner.resource, sending.ifVersion, (precondition) =>
    sendUnder(owner, sending, { precondition, context }),
  )
}

async function sendUnder(
  { resource, client, rules }: ResourceContext,
  { method, target, options, json, nativeId, isCreate = false }: Sending,
  {
    precondition,
    context,
  }: { readonly precondition: Readonly<Record<string, string>> | undefined; readonly context: CallContext },
): Promise<WriteResult> {
  const headers = { ...options.headers, ...precondition }
  // A new record has its id already where we choose it, as under clientId.
  const body = json === undefined ? {} : { json: wrapped(resource, json, nativeId) }
  try {
    const response = await client.write(method, target, { ...options, ...body, headers }, context)
    const sent = { method, isCreate, json, ...(nativeId === undefined ? {} : { nativeId }) }
    return accepted(resource, sent, response)
  } catch (error) {
    return writeResultOf({ error, conditional: precondition !== undefined, rules, sent: json })
  }
}
