/**
 * Interprets the response to a write with a success status. A write is done only where the response shows it;
 * a status alone is not enough.
 *
 * | response | outcome of the write |
 * | --- | --- |
 * | the record, or a list that contains only it | done, with the values of the record |
 * | another record | not known: the kit makes it an unknown outcome |
 * | an error that the manifest declares, or a common one without the record | refused, with the API's own words |
 * | a common error next to the record; no record at all (204, `{}`) | done as far as reported: the engine checks |
 * | 202 | accepted: the engine checks until it shows |
 * | 207 with a part that failed | unknown: a part may have been done |
 * | to a create, without an id and without Location | unknown: the record may exist, but its id is not known |
 */

import type { ApiResponse } from '../../../http/api-response.ts'
import type { Method } from '../../../http/call.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { CallFailure, WriteResult } from '../../kit/contract.ts'
import { isNativeRecord, textAt } from '../../kit/native.ts'
import { quotedWords } from '../../kit/quoted-words.ts'
import { type ReportedError, reportedAsUsual, reportedBy } from '../../kit/reported-error.ts'
import { unusableFailure } from '../../kit/unusable.ts'
import type { ResourceManifest } from '../manifests/manifest.ts'
import { unwrapped } from './envelope.ts'
import { versionOf } from './record.ts'

/** What is needed to interpret the response to a write. */
export interface SentWrite {
  readonly method: Method
  /** Known in advance, except for creates where the system assigns the id. */
  readonly nativeId?: string
  readonly isCreate: boolean
  /** The sent body: its values are not quoted. */
  readonly json: unknown
}

/** Reads the record from the response. */
export function accepted(
  resource: ResourceManifest,
  sent: SentWrite,
  response: ApiResponse<unknown>,
): WriteResult {
  const { status, data, headers } = response
  const native = recordIn(unwrapped(resource, data), sent.method)
  const id = native === undefined ? undefined : textAt(native, resource.id)
  const reported = reportedError(resource, data, id !== undefined)
  if (reported?.certain === true) return refused(reported.error, sent, id)
  if (status === 207 && hasFailedPart(data, 0)) {
    return { kind: 'unknown', failure: failureOf('A part of the write failed (207).', reported?.error, sent) }
  }
  const isShown = resource.write.returns !== 'nothing' || sent.isCreate
  const nativeId = (isShown ? id : undefined) ?? sent.nativeId ?? idFromLocation(headers.location)
  if (nativeId === undefined) return { kind: 'unknown', failure: withoutId(resource) }
  if (status === 202) return { kind: 'ok', nativeId, accepted: true }
  if (sent.method === 'DELETE' || reported !== undefined || status === 207) return { kind: 'ok', nativeId }
  const body = id === undefined || resource.write.returns === 'nothing' ? undefined : native
  const version = versionOf(resource, body, headers)
  return {
    kind: 'ok',
    nativeId,
    ...(body === undefined ? {} : { native: body }),
    ...(version === undefined ? {} : { version }),
  }
}

/** The record of a response; some APIs respond to a single write with a list of one. */
function recordIn(data: unknown, method: Method): NativeRecord | undefined {
  if (isNativeRecord(data)) return data
  if (!Array.isArray(data) || data.length !== 1 || method === 'DELETE') return undefined
  const [only] = data
  return isNativeRecord(only) ? only : undefined
}

interface Reported {
  readonly error: ReportedError
  /** Certain: declared by the manifest, or in a response that holds no record. */
  readonly certain: boolean
}

function reportedError(
  { errors }: ResourceManifest,
  data: unknown,
  hasRecord: boolean,
): Reported | undefined {
  const entry: unknown = Array.isArray(data) && data.length === 1 ? data[0] : data
  if (errors.reported !== undefined) {
    const error = reportedBy(entry, errors.reported)
    return error === undefined ? undefined : { error, certain: true }
  }
  const error = reportedAsUsual(entry, hasRecord)
  return error === undefined ? undefined : { error, certain: !hasRecord }
}

/** An error next to a created record means that the record exists, but a part of it may be missing. */
function refused(error: ReportedError, sent: SentWrite, id: string | undefined): WriteResult {
  const failure = failureOf('The system responded with success and reported an error.', error, sent)
  if (sent.isCreate && id !== undefined) return { kind: 'unknown', failure }
  return { kind: 'rejected', failure: { code: failure.code, message: failure.message, scope: 'record' } }
}

function failureOf(what: string, error: ReportedError | undefined, { json }: SentWrite): CallFailure {
  const words = quotedWords(error?.words, json)
  const code = error?.code === undefined ? '' : ` The system says: ${error.code}.`
  const quote = words === undefined ? '' : ` In its own words: ${words}`
  return {
    code: 'CONNECTOR_REPORTED_ERROR',
    message: `${what}${code}${quote}`,
    scope: 'record',
    answered: true,
  }
}

const partsMax = 1_000
const depthMax = 5

/** Finds a status of 400 or more anywhere in a multi-status response. */
function hasFailedPart(data: unknown, depth: number): boolean {
  if (depth > depthMax || typeof data !== 'object' || data === null) return false
  const own = textAt(data, ['status']) ?? textAt(data, ['statusCode']) ?? textAt(data, ['httpStatusCode'])
  const number = /\b(\d{3})\b/.exec(own ?? '')?.[1]
  if (number !== undefined && Number(number) >= 400) return true
  return Object.values(data)
    .slice(0, partsMax)
    .some((inner: unknown) => hasFailedPart(inner, depth + 1))
}

function withoutId({ id, envelope }: ResourceManifest): CallFailure {
  return unusableFailure(
    `The response to a create has no id at ${[...(envelope?.response ?? []), ...id].join('.')} and no Location.`,
  )
}

function idFromLocation(location: string | undefined): string | undefined {
  const segment = location?.split(/[?#]/, 1)[0]?.split('/').at(-1)
  return segment === undefined || segment === '' ? undefined : decodeURIComponent(segment)
}
