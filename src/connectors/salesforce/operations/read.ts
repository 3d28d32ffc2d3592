/**
 * Reads by id: one, or up to 2,000 in a call. Missing records are looked up among the deleted ones, which
 * also reveals merges.
 */
import { ResponseValidationError } from '../../../http/errors.ts'
import type { CallContext, ReadResult } from '../../kit/contract.ts'
import { textAt } from '../../kit/native.ts'
import { unusable, unusableFailure } from '../../kit/unusable.ts'
import { serverNow } from '../client.ts'
import { hasCode, readFailure, saysGone } from '../errors.ts'
import { isDeleted, isRecordId, listedRecord } from '../record.ts'
import { soqlText } from '../soql.ts'
import { type ObjectContext, readableObject } from './object-context.ts'

/** Longer lists of fields are sent in a body. */
const fieldsInAddressMax = 6_000
/** Ids within one query, which has to fit an address. */
const idsPerQuery = 300

/** Reads one record. Never throws: a failure is no information. */
export async function readOne(
  owner: ObjectContext,
  nativeId: string,
  context: CallContext,
): Promise<ReadResult> {
  try {
    const { names } = await readableObject(owner, context)
    if (names.join(',').length > fieldsInAddressMax && owner.config.precondition === 'none') {
      return (await retrieve(owner, [nativeId], context))[0] ?? gone
    }
    return await readByPath(owner, nativeId, names, context)
  } catch (error) {
    forgetIfStale(owner, error)
    if (!saysGone(error)) return { kind: 'unknown', failure: readFailure(error) }
    return (await explainAbsence(owner, [nativeId], context)).get(nativeId) ?? gone
  }
}

/** Reads several records with one request. Never throws. */
export async function readMany(
  owner: ObjectContext,
  nativeIds: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  // A single text that can't be an id would make the org refuse the whole call.
  const wellFormed = nativeIds.filter(isRecordId)
  try {
    const read = await retrieveInParts(owner, wellFormed, context)
    const byNativeId = new Map(wellFormed.map((nativeId, index) => [nativeId, read[index] ?? gone]))
    return await Promise.all(
      nativeIds.map((nativeId) => byNativeId.get(nativeId) ?? readOne(owner, nativeId, context)),
    )
  } catch (error) {
    forgetIfStale(owner, error)
    const failure = readFailure(error)
    return nativeIds.map(() => ({ kind: 'unknown', failure }))
  }
}

const gone: ReadResult = { kind: 'gone' }

async function readByPath(
  owner: ObjectContext,
  nativeId: string,
  names: readonly string[],
  context: CallContext,
): Promise<ReadResult> {
  const { client, object, clock, config } = owner
  const startedAt = clock.monotonic()
  const options = { path: { object, nativeId }, query: { fields: names.join(',') } }
  const response = await client.read('/sobjects/{object}/{nativeId}', options, context)
  const tookMs = clock.monotonic() - startedAt
  const record = listedRecord(response.data)
  const version =
    config.precondition === 'etag'
      ? response.headers.etag
      : config.precondition === 'lastModified'
        ? settledVersion(record.changedAt, serverNow(response, tookMs).serverNowMs)
        : undefined
  return { kind: 'live', ...record, ...(version === undefined ? {} : { version }) }
}

/**
 * Returns the time of change as a version once its second was over when the read began: within that second,
 * the record could change again under the same time.
 */
function settledVersion(changedAt: number | undefined, serverNowMs: number | undefined): string | undefined {
  if (changedAt === undefined || serverNowMs === undefined || serverNowMs < changedAt + 2_000)
    return undefined
  return new Date(changedAt).toUTCString()
}

/** Records whose response is refused because of its size are requested in halves. */
async function retrieveInParts(
  owner: ObjectContext,
  nativeIds: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  if (nativeIds.length === 0) return []
  try {
    return await retrieve(owner, nativeIds, context)
  } catch (error) {
    const isTooLarge = error instanceof ResponseValidationError && error.code === 'HTTP_RESPONSE_TOO_LARGE'
    if (!isTooLarge || nativeIds.length === 1) throw error
    const middle = Math.ceil(nativeIds.length / 2)
    const left = await retrieveInParts(owner, nativeIds.slice(0, middle), context)
    return [...left, ...(await retrieveInParts(owner, nativeIds.slice(middle), context))]
  }
}

async function retrieve(
  owner: ObjectContext,
  nativeIds: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  const { names } = await readableObject(owner, context)
  const target = `/composite/sobjects/${owner.object}`
  const response = await owner.client.readByPost(target, { ids: nativeIds, fields: names }, context)
  const rows: unknown = response.data
  if (!Array.isArray(rows) || rows.length !== nativeIds.length) {
    throw unusable('a retrieve answered another number of records than were asked for')
  }
  const missing = nativeIds.filter((_rid, index) => rows[index] === null)
  const absent = await explainAbsence(owner, missing, context)
  return nativeIds.map((nativeId, index): ReadResult => {
    if (rows[index] === null) return absent.get(nativeId) ?? gone
    return retrieved(rows[index])
  })
}

/** A row that is not a record says nothing about its own record, and nothing about the others. */
function retrieved(row: unknown): ReadResult {
  try {
    return { kind: 'live', ...listedRecord(row) }
  } catch (error) {
    return { kind: 'unknown', failure: { ...readFailure(error), scope: 'record' } }
  }
}

/**
 * Determines what became of records that a read did not return. A deleted one is marked, and names the
 * survivor of a merge; an unknown one is permanently gone. A failed query proves nothing, nor does one that
 * finds the record alive.
 */
async function explainAbsence(
  owner: ObjectContext,
  nativeIds: readonly string[],
  context: CallContext,
): Promise<ReadonlyMap<string, ReadResult>> {
  const found = new Map<string, ReadResult>()
  const asked = nativeIds.filter(isRecordId)
  try {
    const { schema } = await readableObject(owner, context)
    const extra = ['IsDeleted', 'MasterRecordId'].filter((name) => schema.fields.has(name))
    for (let start = 0; start < asked.length; start += idsPerQuery) {
      const ids = asked.slice(start, start + idsPerQuery)
      const soql = `SELECT ${['Id', ...extra].join(', ')} FROM ${owner.object} WHERE Id IN (${ids.map(soqlText).join(',')})`
      const { rows } = await owner.client.query(soql, context, 'all')
      const byId = new Map(rows.map((row) => [textAt(row, ['Id'])?.slice(0, 15), row]))
      for (const nativeId of ids) {
        const row = byId.get(nativeId.slice(0, 15))
        if (row === undefined) found.set(nativeId, gone)
        else found.set(nativeId, isDeleted(row) ? goneInto(textAt(row, ['MasterRecordId'])) : stillThere)
      }
    }
  } catch (error) {
    const failure = readFailure(error)
    for (const nativeId of asked) if (!found.has(nativeId)) found.set(nativeId, { kind: 'unknown', failure })
  }
  return found
}

function goneInto(mergedInto: string | undefined): ReadResult {
  return mergedInto === undefined ? gone : { kind: 'gone', mergedInto }
}

const stillThere: ReadResult = {
  kind: 'unknown',
  failure: unusableFailure('A read by id did not find a record that a query finds.'),
}

/** A field was removed or hidden after the describe. */
export function forgetIfStale(owner: ObjectContext, error: unknown): void {
  if (hasCode(error, 'INVALID_FIELD')) owner.schemas.forget(owner.object)
}
