/** Interprets successful responses to writes. */
import type { ApiResponse } from '../../../../http/api-response.ts'
import type { NativeRecord } from '../../../../model/values.ts'
import type { WriteResult } from '../../contract.ts'
import { isNativeRecord } from '../../native.ts'
import { callFailure } from '../../outcome.ts'
import { unusable } from '../../unusable.ts'
import type { EntitySet } from '../metadata/model.ts'
import { nativeIdOf } from '../protocol/literals.ts'
import { hasWarning, reportedProblem } from '../protocol/messages.ts'
import { fromWire } from '../protocol/values.ts'
import { expandedParts } from './query.ts'
import { entityOf } from './record.ts'
import type { Bound, ResourceContext } from './resource-context.ts'
import { isSameId } from './same-value.ts'

/** What is needed to interpret the response to a write. */
export interface SentWrite {
  readonly method: string
  /** Known in advance, except for creates. */
  readonly nativeId?: string
  readonly json?: NativeRecord
}

/**
 * Reads the record from the response. A created record without an id is an unknown outcome: it exists, but
 * its id is not known.
 */
export function accepted(
  { settings }: ResourceContext,
  bound: Bound,
  sending: SentWrite,
  { status, headers, data }: ApiResponse<unknown>,
): WriteResult {
  const header = settings.etag ? headers.etag : undefined
  const problem = reportedProblem(headers, data, sending.json)
  if (problem !== undefined) return { kind: 'unknown', failure: problem }
  if (sending.nativeId !== undefined) {
    const nativeId = keyOfResponse(bound, data, sending.nativeId)
    if (status === 202) return { kind: 'ok', nativeId, accepted: true }
    const version = sending.method === 'DELETE' ? undefined : header
    return { kind: 'ok', nativeId, ...(version === undefined ? {} : { version }) }
  }
  const { model, set } = bound
  const wire = isNativeRecord(data) ? entityOf(bound, data) : undefined
  const read = wire === undefined ? undefined : fromWire(model, set.type, wire)
  const nativeId =
    (read === undefined ? undefined : nativeIdOf(set.type, read.native)) ?? idInLocation(set, headers)
  if (nativeId === undefined) {
    const failure = callFailure(unusable('the response to a create has neither key nor Location'))
    return { kind: 'unknown', failure }
  }
  const version = settings.etag ? (read?.etag ?? header) : undefined
  // With a warning, the service may have stored something other than what was sent: a read shows it.
  const isDoubtful = status === 202 || hasWarning(headers)
  const native = read === undefined || isDoubtful ? undefined : asRead(settings, bound, read.native)
  return {
    kind: 'ok',
    nativeId,
    ...(native === undefined ? {} : { native }),
    ...(version === undefined || isDoubtful ? {} : { version }),
    ...(status === 202 ? { accepted: true } : {}),
  }
}

/**
 * The key of the record in the response to a change: the requested key if the service only formats it
 * differently.
 */
function keyOfResponse(bound: Bound, data: unknown, nativeId: string): string {
  const { model, set } = bound
  const entity = model.version === 2 && isNativeRecord(data) ? data.d : data
  const answered = isNativeRecord(entity)
    ? nativeIdOf(set.type, fromWire(model, set.type, entity).native)
    : undefined
  return answered === undefined || isSameId(set, nativeId, answered) ? nativeId : answered
}

/**
 * Converts the record of a create's response to the form that a read returns. The response to a deep insert
 * contains the created parts, requested or not. A response that lacks a part that a read would include would
 * look like a record without it, and is not used.
 */
function asRead(
  settings: ResourceContext['settings'],
  { set }: Bound,
  native: NativeRecord,
): NativeRecord | undefined {
  const shown = new Set(expandedParts(settings).map((path) => path.split('/', 1)[0] ?? path))
  const isDeeper = expandedParts(settings).some((path) => path.includes('/'))
  const lacksOne = [...shown].some((part) => !Object.hasOwn(native, part))
  if (settings.select !== undefined || isDeeper || lacksOne) return undefined
  const members = Object.entries(native)
  return Object.fromEntries(members.filter(([name]) => shown.has(name) || !set.type.navigations.has(name)))
}

/**
 * `…/A_Partner('100')`: the key of a record with one key property. V2 appends a letter to long numbers:
 * `(5L)`.
 */
function idInLocation(
  { name, type }: EntitySet,
  { location }: Readonly<Record<string, string>>,
): string | undefined {
  const match = new RegExp(`/${name}\\((?:guid)?'?([^'()=]+)'?\\)$`).exec(location ?? '')
  if (match?.[1] === undefined) return undefined
  const text = decodeURIComponent(match[1])
  const isText = location?.endsWith("')") === true
  const [only = ''] = type.key
  return isText || type.properties.get(only)?.type === 'Edm.Guid' ? text : text.replace(/(?<=\d)[LMDF]$/i, '')
}
