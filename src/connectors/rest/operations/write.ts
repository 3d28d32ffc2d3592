/** Creates, changes and removes. Each sends one request; what it may have done is told by `outcome.ts`. */

import type { Method } from '../../../http/call.ts'
import type { Answer } from '../../../http/client.ts'
import type { CallOptions } from '../../../http/options.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type {
  CallContext,
  CallFailure,
  CreateRequest,
  RemoveRequest,
  UpdateRequest,
  WriteResult,
} from '../../kit/contract.ts'
import { isNativeRecord, mergeNative, textAt, withoutValueAt, withValueAt } from '../../kit/native.ts'
import { writeResultOf } from '../../kit/outcome.ts'
import { markerPath } from './find.ts'
import { readOne } from './read.ts'
import { versionOf } from './record.ts'
import type { ResourceContext } from './resource-context.ts'

interface Sending {
  readonly method: Method
  readonly target: string
  readonly options: CallOptions
  /** Known beforehand, except for creates where the system chooses. */
  readonly rid?: string
  readonly ifVersion?: string | undefined
}

/** Creates, with the identity that the manifest names. */
export function createRecord(
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
      options: { path: { id: recordId }, json },
      rid: recordId,
    } as const
    return send(owner, sending, context)
  }
  if (create.as === 'upsertKey' && create.path !== undefined) {
    return send(
      owner,
      { method: 'PUT', target: create.path, options: { path: { key: recordId }, json } },
      context,
    )
  }
  const headers = create.as === 'idempotencyKey' ? { [create.header]: idempotencyKey } : {}
  return send(owner, { method: 'POST', target: resource.path, options: { json, headers } }, context)
}

/** Changes a record: by patch, or by replacing the record last read with the changes over it. */
export function updateRecord(
  owner: ResourceContext,
  { rid, patch, base, ifVersion }: UpdateRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { resource, item } = owner
  if (resource.write.with === 'patch') {
    return send(
      owner,
      { method: 'PATCH', target: item, options: { path: { id: rid }, json: patch }, rid, ifVersion },
      context,
    )
  }
  if (base === undefined) return Promise.resolve(withoutBase(rid))
  const json = replacement(owner, base, patch)
  return send(
    owner,
    { method: 'PUT', target: item, options: { path: { id: rid }, json }, rid, ifVersion },
    context,
  )
}

/** Deletes or archives a record. */
export function removeRecord(
  owner: ResourceContext,
  { rid, mode, ifVersion }: RemoveRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { resource, item } = owner
  if (mode === 'delete') {
    return send(
      owner,
      { method: 'DELETE', target: item, options: { path: { id: rid } }, rid, ifVersion },
      context,
    )
  }
  const { archive } = resource.remove
  if (resource.write.with === 'put') return replaceByArchived(owner, { rid, ...given(ifVersion) }, context)
  const options = { path: { id: rid }, json: archive ?? {} }
  return send(owner, { method: 'PATCH', target: item, options, rid, ifVersion }, context)
}

/** Where records are only replaced whole, archiving needs the whole record: it is read, and sent back under the version that was read. */
async function replaceByArchived(
  owner: ResourceContext,
  { rid, ifVersion }: { readonly rid: string; readonly ifVersion?: string },
  context: CallContext,
): Promise<WriteResult> {
  const read = await readOne(owner, rid, context)
  if (read.kind === 'gone') return read
  if (read.kind === 'unknown') return { kind: 'not-sent', failure: read.failure }
  const json = replacement(owner, read.native, owner.resource.remove.archive ?? {})
  const options = { path: { id: rid }, json }
  return send(
    owner,
    { method: 'PUT', target: owner.item, options, rid, ifVersion: ifVersion ?? read.version },
    context,
  )
}

function given(ifVersion: string | undefined): { readonly ifVersion?: string } {
  return ifVersion === undefined ? {} : { ifVersion }
}

/** What PUT sends: the record last read with the changes over it, less what the system does not take back. */
function replacement({ resource }: ResourceContext, base: NativeRecord, patch: NativeRecord): NativeRecord {
  const whole = mergeNative(base, patch)
  return resource.write.omit.reduce<NativeRecord>((record, path) => withoutValueAt(record, path), whole)
}

function withoutBase(rid: string): WriteResult {
  const failure: CallFailure = {
    code: 'CONNECTOR_BASE_MISSING',
    message: `Record ${rid} can't be replaced without having been read before.`,
    scope: 'record',
  }
  return { kind: 'not-sent', failure }
}

async function send(owner: ResourceContext, sending: Sending, context: CallContext): Promise<WriteResult> {
  const { resource, client, rules } = owner
  const precondition = preconditionOf(resource, sending.ifVersion)
  const headers = { ...sending.options.headers, ...precondition }
  try {
    const answer = await client.write(
      sending.method,
      sending.target,
      { ...sending.options, headers },
      context,
    )
    return accepted(owner, sending, answer)
  } catch (error) {
    return writeResultOf({ error, conditional: precondition !== undefined, rules })
  }
}

function preconditionOf(
  { version }: ResourceContext['resource'],
  ifVersion: string | undefined,
): Readonly<Record<string, string>> | undefined {
  if (ifVersion === undefined || version?.ifMatch === undefined) return undefined
  return { 'if-match': version.ifMatch.replaceAll('{version}', ifVersion) }
}

/** Reads what the answer says about the record. A created record without an id is an unknown outcome: it exists, and we don't know which. */
function accepted({ resource }: ResourceContext, sending: Sending, answer: Answer<unknown>): WriteResult {
  const native = isNativeRecord(answer.data) ? answer.data : undefined
  const rid =
    sending.rid ?? (native === undefined ? undefined : textAt(native, resource.id)) ?? idFromLocation(answer)
  if (rid === undefined) {
    const failure: CallFailure = {
      code: 'CONNECTOR_ANSWER_UNUSABLE',
      message: `The answer to a create has no id at ${resource.id.join('.')} and no Location.`,
      scope: 'record',
    }
    return { kind: 'unknown', failure }
  }
  const isRecord = sending.method !== 'DELETE' && native !== undefined && textAt(native, resource.id) === rid
  const body = isRecord && resource.write.returns !== 'nothing' ? native : undefined
  const version = sending.method === 'DELETE' ? undefined : versionOf(resource, body, answer.headers)
  return {
    kind: 'ok',
    rid,
    ...(body === undefined ? {} : { native: body }),
    ...(version === undefined ? {} : { version }),
    // RFC 9110, 15.3.3: taken, but not necessarily acted upon yet.
    ...(answer.status === 202 ? { accepted: true as const } : {}),
  }
}

function idFromLocation(answer: Answer<unknown>): string | undefined {
  const segment = answer.headers.location?.split(/[?#]/, 1)[0]?.split('/').at(-1)
  return segment === undefined || segment === '' ? undefined : decodeURIComponent(segment)
}
