/** Creates, changes and removes, one by one or several in a batch. What a failure may have done is told by `errors.ts`. */
import { HttpStatusError } from '../../../http/errors.ts'
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
import { mergeNative } from '../../kit/native.ts'
import { callFailure } from '../../kit/outcome.ts'
import { unusable } from '../../kit/unusable.ts'
import { type MaybeResponses, settledResponse } from '../client.ts'
import type { ProtocolVersion } from '../metadata/model.ts'
import type { BatchRequest } from '../protocol/batch.ts'
import { failedWrite } from '../protocol/errors.ts'
import { filledAddress, type RecordAddress, recordAddress } from '../protocol/literals.ts'
import { withoutFixedParts } from '../protocol/updatable-parts.ts'
import { toWire, unusableValue } from '../protocol/values.ts'
import { accepted } from './accepted.ts'
import { marked, markerOfSettings } from './marker.ts'
import { readOne } from './read.ts'
import { type Bound, boundTo, type ResourceContext } from './resource-context.ts'

type Verb = BatchRequest['method']

/** One write as it will be sent. */
interface Sending {
  readonly method: Exclude<Verb, 'GET'>
  readonly address: RecordAddress
  readonly json?: NativeRecord
  /** Known beforehand, except for creates. */
  readonly nativeId?: string
  readonly ifMatch?: string
}

/** Creates one record, with what the body holds of its parts (a deep insert). */
export function createRecord(
  owner: ResourceContext,
  request: CreateRequest,
  context: CallContext,
): Promise<WriteResult> {
  return sendOne(owner, (bound) => creation(owner, bound, request), context)
}

/** Changes one record. */
export function updateRecord(
  owner: ResourceContext,
  request: UpdateRequest,
  context: CallContext,
): Promise<WriteResult> {
  return sendOne(owner, (bound) => change(owner, bound, request), context)
}

/** Deletes or archives one record. */
export function removeRecord(
  owner: ResourceContext,
  request: RemoveRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { settings } = owner
  const { nativeId, mode, ifVersion } = request
  if (mode === 'archive')
    return patchRecord(owner, { ...request, patch: settings.remove.archive ?? {} }, context)
  return sendOne(
    owner,
    (bound) => {
      const { model, set } = bound
      const address = recordAddress(set.name, set.type, nativeId, model.version)
      // Services with ETags refuse a delete without a precondition; whoever gives no version means whatever is there.
      const ifMatch = settings.etag ? (ifVersion ?? '*') : undefined
      return { method: 'DELETE', address, nativeId, ...(ifMatch === undefined ? {} : { ifMatch }) }
    },
    context,
  )
}

/** Takes an archived record back. Services with ETags want a precondition: the version is read first. */
export async function restoreRecord(
  owner: ResourceContext,
  { nativeId }: RestoreRequest,
  context: CallContext,
): Promise<WriteResult> {
  const { remove, etag } = owner.settings
  const patch = remove.restore ?? {}
  return patchRecord(owner, { nativeId, patch, ...(etag ? { ifVersion: '*' } : {}) }, context)
}

/** Where changes replace the whole record, it is read first: what is not sent would be emptied. */
async function patchRecord(
  owner: ResourceContext,
  { nativeId, patch, ifVersion }: Pick<UpdateRequest, 'nativeId' | 'patch' | 'ifVersion'>,
  context: CallContext,
): Promise<WriteResult> {
  const { settings } = owner
  const guard = ifVersion === undefined ? {} : { ifVersion }
  if (settings.update !== 'put') {
    return sendOne(owner, (bound) => change(owner, bound, { nativeId, patch, ...guard }), context)
  }
  // An archived record counts as gone elsewhere; here it is what is wanted.
  const shown = { ...owner, settings: { ...settings, tombstone: undefined } }
  const look = await readOne(shown, nativeId, context)
  if (look.kind === 'gone') return look
  if (look.kind === 'unknown') return { kind: 'not-sent', failure: look.failure }
  const base = look.native
  return sendOne(owner, (bound) => change(owner, bound, { nativeId, patch, base, ...guard }), context)
}

/** Creates several, each in a change set of its own. */
export function createRecords(
  owner: ResourceContext,
  requests: readonly CreateRequest[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  return sendMany(
    owner,
    requests.map((request) => (bound: Bound) => creation(owner, bound, request)),
    context,
  )
}

/** Changes several, each in a change set of its own. */
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

function creation(
  { settings }: ResourceContext,
  { model, set }: Bound,
  { body, recordId }: CreateRequest,
): Sending {
  const marker = markerOfSettings(settings)
  const whole = marker === undefined ? body : marked(marker, body, recordId)
  return {
    method: 'POST',
    address: { target: `/${set.name}`, path: {} },
    json: toWire(model, set.type, whole),
  }
}

const verbs = { patch: 'PATCH', merge: 'MERGE', put: 'PUT', unsupported: 'PATCH' } as const

function change(
  { settings }: ResourceContext,
  { model, set }: Bound,
  { nativeId, patch, base, ifVersion }: Omit<UpdateRequest, 'idempotencyKey'>,
): Sending {
  // Neither V2 nor SAP's V4 changes parts through the whole; sent along they would be refused, or worse, dropped.
  const part = Object.keys(patch).find((name) => set.type.navigations.has(name))
  if (part !== undefined) throw unusableValue({ name: part }, partsByThemselves)
  // What is not sent would be emptied.
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

/** What a PUT sends: the record last read with the changes over it, less what may not be given. */
function replacement({ set }: Bound, base: NativeRecord, patch: NativeRecord): NativeRecord {
  const whole = Object.entries(mergeNative(base, patch))
  return Object.fromEntries(
    whole.filter(([name]) => set.type.properties.get(name)?.updatable ?? name in patch),
  )
}

type MakeSending = (bound: Bound) => Sending

async function sendOne(
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
    // MERGE is no method of HTTP; single requests carry it in a header.
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

async function sendMany(
  owner: ResourceContext,
  makes: readonly MakeSending[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  const ready = await prepared(owner)
  if ('failure' in ready) return makes.map(() => ({ kind: 'not-sent', failure: ready.failure }))
  const { bound } = ready
  const results = makes.map((make) => madeOrFailed(owner, bound, make))
  const sendings = results.filter((one) => 'method' in one)
  const sent = sendings.length === 0 ? [] : await sendBatch(owner, bound, sendings, context)
  const outcomes = sent.values()
  return results.map((one) => ('method' in one ? (outcomes.next().value ?? unanswered()) : one))
}

/** A record that can't be spelt is refused by itself; the others go on. */
function madeOrFailed(owner: ResourceContext, bound: Bound, make: MakeSending): Sending | WriteResult {
  try {
    return make(bound)
  } catch (error) {
    return failed(owner, undefined, error)
  }
}

async function sendBatch(
  owner: ResourceContext,
  bound: Bound,
  sendings: readonly Sending[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  try {
    const sets = sendings.map((one) => [partOf(owner, bound, one)])
    const responses = await owner.service.writeBatch(sets, context)
    return sendings.map((one, index) => settled(owner, bound, one, responses[index]))
  } catch (error) {
    if (!refusedAsAWhole(error)) return sendings.map((one) => failed(owner, one, error))
  }
  // A service that takes no batch, or not this one, did none of it: one by one then.
  const results: WriteResult[] = []
  for (const one of sendings) results.push(await sendOne(owner, () => one, context))
  return results
}

/** The service understood that it was asked and declined; 401 and 403 would meet each single write as well. */
function refusedAsAWhole(error: unknown): boolean {
  if (!(error instanceof HttpStatusError) || error.outcome !== 'answered') return false
  return error.status === 400 || error.status === 404 || error.status === 405 || error.status === 413
}

function partOf({ service }: ResourceContext, { model }: Bound, sending: Sending): BatchRequest {
  const { method, address, json } = sending
  return {
    method,
    path: filledAddress(address).slice(1),
    headers: {
      ...service.partHeaders(model.version, json !== undefined),
      ...ownHeaders(sending, model.version),
    },
    ...(json === undefined ? {} : { body: json }),
  }
}

function settled(
  owner: ResourceContext,
  bound: Bound,
  sending: Sending,
  responses: MaybeResponses,
): WriteResult {
  const [response] = responses ?? []
  if (response === undefined) return unanswered()
  try {
    return accepted(owner, bound, sending, settledResponse(response, `${sending.method} ${bound.set.name}`))
  } catch (error) {
    return failed(owner, sending, error)
  }
}

function unanswered(): WriteResult {
  return {
    kind: 'unknown',
    failure: callFailure(unusable('a batch has fewer answers than requests')),
  }
}

/** Metadata and session come first: what fails there happened before anything was sent. */
async function prepared(
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

/** The precondition, and for changes over V4 the wish to get no body back, since the next look reads it anyway. */
function ownHeaders(
  { method, ifMatch }: Sending,
  version: ProtocolVersion,
): Readonly<Record<string, string>> {
  const isChange = version === 4 && (method === 'PATCH' || method === 'PUT')
  return {
    ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    ...(isChange ? { prefer: 'return=minimal' } : {}),
  }
}

function failed(
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
