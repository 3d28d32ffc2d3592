/** What an answer says that went well. */
import type { Answer } from '../../../http/client.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { WriteResult } from '../../kit/contract.ts'
import { isNativeRecord } from '../../kit/native.ts'
import { callFailure } from '../../kit/outcome.ts'
import { unusableAnswer } from '../client.ts'
import type { EntitySet } from '../metadata/model.ts'
import { ridOf } from '../protocol/literals.ts'
import { fromWire } from '../protocol/values.ts'
import { expandedParts } from './query.ts'
import { entityOf } from './record.ts'
import type { Bound, ResourceContext } from './resource-context.ts'

/** What has to be known of a write to read its answer. */
export interface SentWrite {
  readonly method: string
  /** Known beforehand, except for creates. */
  readonly rid?: string
}

/** Reads what the answer says about the record. A created record without an id is an unknown outcome: it exists, and we don't know which. */
export function accepted(
  { settings }: ResourceContext,
  bound: Bound,
  sending: SentWrite,
  { headers, data }: Answer<unknown>,
): WriteResult {
  const header = settings.etag ? headers.etag : undefined
  if (sending.rid !== undefined) {
    const version = sending.method === 'DELETE' ? undefined : header
    return { kind: 'ok', rid: sending.rid, ...(version === undefined ? {} : { version }) }
  }
  const { model, set } = bound
  const wire = isNativeRecord(data) ? entityOf(bound, data) : undefined
  const read = wire === undefined ? undefined : fromWire(model, set.type, wire)
  const rid = (read === undefined ? undefined : ridOf(set.type, read.native)) ?? idInLocation(set, headers)
  if (rid === undefined) {
    const failure = callFailure(unusableAnswer('the answer to a create has neither key nor Location'))
    return { kind: 'unknown', failure }
  }
  const version = settings.etag ? (read?.etag ?? header) : undefined
  const native = read === undefined ? undefined : asRead(settings, bound, read.native)
  return {
    kind: 'ok',
    rid,
    ...(native === undefined ? {} : { native }),
    ...(version === undefined ? {} : { version }),
  }
}

/**
 * The record of a create's answer in the form that a read has. A deep insert is answered with the parts that were made, asked for or not; an
 * answer that lacks one that a read would show would look like a record without it, and is not used.
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

/** `…/A_Partner('100')`: the key of a record with one key property. V2 spells long numbers with a letter after them: `(5L)`. */
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
