/**
 * Shared by the writes: each sends one request, and the kit's `outcome.ts` decides what a failure may have
 * done.
 */
import type { Method } from '../../../http/call.ts'
import type { CallOptions } from '../../../http/options.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, WriteResult } from '../../kit/contract.ts'
import { mergeNative, withoutOmitted } from '../../kit/native.ts'
import { writeResultOf } from '../../kit/outcome.ts'
import { accepted } from './accepted.ts'
import { wrapped } from './envelope.ts'
import { readOne } from './read.ts'
import type { ResourceContext } from './resource-context.ts'

interface Sending {
  readonly method: Method
  readonly target: string
  readonly options: Pick<CallOptions, 'path' | 'headers'>
  /** The record, or the part of one, that is sent. */
  readonly json?: NativeRecord
  /** Known in advance, except for creates where the system assigns the id. */
  readonly nativeId?: string
  readonly isCreate?: boolean
  readonly ifVersion?: string | undefined
}

/**
 * Where records are only replaced whole, a patch needs the whole record: it is read, and sent back with the
 * version that was read.
 */
export async function replacePatched(
  owner: ResourceContext,
  {
    nativeId,
    patch,
    ifVersion,
  }: { readonly nativeId: string; readonly patch: NativeRecord; readonly ifVersion?: string },
  context: CallContext,
): Promise<WriteResult> {
  // An archived record counts as gone elsewhere; here it is the one to change.
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

/**
 * The body of a PUT: the record last read with the changes applied, without properties that the system does
 * not accept.
 */
export function replacement(
  { resource }: ResourceContext,
  base: NativeRecord,
  patch: NativeRecord,
): NativeRecord {
  return withoutOmitted(mergeNative(base, patch), resource.write.omit, 'put')
}

export function send(owner: ResourceContext, sending: Sending, context: CallContext): Promise<WriteResult> {
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
  // A new record already contains its id where we choose it, as under clientId.
  const body = json === undefined ? {} : { json: wrapped(resource, json, nativeId) }
  try {
    const response = await client.write(method, target, { ...options, ...body, headers }, context)
    const sent = { method, isCreate, json, ...(nativeId === undefined ? {} : { nativeId }) }
    return accepted(resource, sent, response)
  } catch (error) {
    return writeResultOf({ error, conditional: precondition !== undefined, rules, sent: json })
  }
}
