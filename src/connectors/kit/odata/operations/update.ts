/** Changes records, one by one or several in a batch. */
import type { NativeRecord } from '../../../../model/values.ts'
import type { CallContext, UpdateRequest, WriteResult } from '../../contract.ts'
import { mergeNative } from '../../native.ts'
import { recordAddress } from '../protocol/literals.ts'
import { withoutFixedParts } from '../protocol/updatable-parts.ts'
import { toWire, unusableValue } from '../protocol/values.ts'
import { readOne } from './read.ts'
import type { Bound, ResourceContext } from './resource-context.ts'
import { type Sending, sendOne } from './send.ts'
import { sendMany } from './send-many.ts'

/** Changes one record. */
export function updateRecord(
  owner: ResourceContext,
  request: UpdateRequest,
  context: CallContext,
): Promise<WriteResult> {
  return sendOne(owner, (bound) => change(owner, bound, request), context)
}

/**
 * Where changes replace the whole record, it is read first: properties that are not sent would be emptied.
 */
export async function patchRecord(
  owner: ResourceContext,
  { nativeId, patch, ifVersion }: Pick<UpdateRequest, 'nativeId' | 'patch' | 'ifVersion'>,
  context: CallContext,
): Promise<WriteResult> {
  const { settings } = owner
  const guard = ifVersion === undefined ? {} : { ifVersion }
  if (settings.update !== 'put') {
    return sendOne(owner, (bound) => change(owner, bound, { nativeId, patch, ...guard }), context)
  }
  // An archived record counts as gone elsewhere; here it is the one to change.
  const shown = { ...owner, settings: { ...settings, tombstone: undefined } }
  const read = await readOne(shown, nativeId, context)
  if (read.kind === 'gone') return read
  if (read.kind === 'unknown') return { kind: 'not-sent', failure: read.failure }
  const base = read.native
  return sendOne(owner, (bound) => change(owner, bound, { nativeId, patch, base, ...guard }), context)
}

/** Changes several, each in its own change set. */
export function updateRecords(
  owner: ResourceContext,
  requests: readonly UpdateRequest[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  return sendMany(
    owner,
    requests.map((request) => (bound: Bound) => change(owner, bound, request)),
    context,
  )
}

const verbs = { patch: 'PATCH', merge: 'MERGE', put: 'PUT', unsupported: 'PATCH' } as const

export function change(
  { settings }: ResourceContext,
  { model, set }: Bound,
  { nativeId, patch, base, ifVersion }: Omit<UpdateRequest, 'idempotencyKey'>,
): Sending {
  // Neither V2 nor SAP's V4 changes parts through the whole record; they would be refused or, worse, dropped.
  const part = Object.keys(patch).find((name) => set.type.navigations.has(name))
  if (part !== undefined) throw unusableValue({ name: part }, partsByThemselves)
  // Properties that are not sent would be emptied.
  if (settings.update === 'put' && base === undefined) throw unusableValue(set, unknownWhole)
  const body = settings.update === 'put' ? replacement({ model, set }, base ?? {}, patch) : patch
  return {
    method: verbs[settings.update],
    address: recordAddress(set.name, set.type, nativeId, model.version),
    json: toWire(model, set.type, withoutFixedParts(model, set.type, body)),
    nativeId,
    ...(settings.etag && ifVersion !== undefined ? { ifMatch: ifVersion } : {}),
  }
}

const unknownWhole = 'replaces the whole record, which was not read before'

const partsByThemselves = 'is a record of its own to the service: map it as a resource'

/** The body of a PUT: the record last read with the changes applied, without read-only properties. */
function replacement({ set }: Bound, base: NativeRecord, patch: NativeRecord): NativeRecord {
  const whole = Object.entries(mergeNative(base, patch))
  return Object.fromEntries(
    whole.filter(([name]) => set.type.properties.get(name)?.updatable ?? name in patch),
  )
}
