/** One record of a response: its id, version and time, and whether it counts as deleted. */
import type { NativeRecord } from '../../../../model/values.ts'
import type { ListedRecord, ReadResult } from '../../contract.ts'
import { isNativeRecord, textAt } from '../../native.ts'
import { unusable } from '../../unusable.ts'
import { nativeIdOf } from '../protocol/literals.ts'
import { fromWire } from '../protocol/values.ts'
import type { ResourceSettings } from '../settings.ts'
import { positionMs } from './positions.ts'
import type { Bound } from './resource-context.ts'

/** Returns the entity of a response. V2 wraps it in `d`. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE */
export function entityOf({ model }: Bound, body: unknown): NativeRecord {
  const entity = model.version === 2 && isNativeRecord(body) ? body.d : body
  if (isNativeRecord(entity)) return entity
  throw unusable('a record is not a JSON object')
}

/** One page of a list. */
export interface CollectionPage {
  readonly items: readonly unknown[]
  /** The total number, if the service reports it. */
  readonly count?: number
  /** The link to the next page, if the service reports one. */
  readonly next?: string
}

/** Reads the page of a response. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE */
export function collectionOf({ model }: Bound, body: unknown): CollectionPage {
  const outer = model.version === 2 && isNativeRecord(body) ? body.d : body
  // OData V1 returns a bare list, and some V2 services still do.
  if (model.version === 2 && Array.isArray(outer)) return { items: outer }
  const holder = isNativeRecord(outer) ? outer : {}
  const items = holder[model.version === 2 ? 'results' : 'value']
  if (!Array.isArray(items)) throw unusable('the response holds no list')
  const count = Number(textAt(holder, [model.version === 2 ? '__count' : '@odata.count']) ?? Number.NaN)
  const next = textAt(holder, [model.version === 2 ? '__next' : '@odata.nextLink'])
  return {
    items,
    ...(Number.isSafeInteger(count) ? { count } : {}),
    ...(next === undefined ? {} : { next }),
  }
}

/**
 * Reads a record of a list or of a single response.
 *
 * @param header ETag of a response that contains only this record
 * @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when it has no id
 */
export function listedRecord(
  { model, set }: Bound,
  settings: ResourceSettings,
  wire: unknown,
  header?: string,
): ListedRecord {
  if (!isNativeRecord(wire)) throw unusable('a record is not a JSON object')
  const { native, etag = header } = fromWire(model, set.type, wire)
  const nativeId = nativeIdOf(set.type, native)
  if (nativeId === undefined) throw unusable(`a record of ${set.name} lacks its key`)
  const changedAt = changedAtOf(settings, native)
  return {
    nativeId,
    native,
    ...(settings.etag && etag !== undefined ? { version: etag } : {}),
    ...(changedAt === undefined ? {} : { changedAt }),
  }
}

/** The latest of the times that the change feed follows. */
function changedAtOf({ changes }: ResourceSettings, native: NativeRecord): number | undefined {
  const times = (changes?.tracks ?? [])
    .map((track) => positionMs(track, native, changes?.timeZone ?? 'UTC'))
    .filter((ms) => ms !== undefined)
  return times.length === 0 ? undefined : Math.max(...times)
}

/** Converts a record to an observation: a tombstone is gone. */
export function observed(settings: ResourceSettings, record: ListedRecord): ReadResult {
  return isTombstone(settings, record.native) ? { kind: 'gone' } : { kind: 'live', ...record }
}

/** Returns whether the record still exists but counts as deleted. */
export function isTombstone({ tombstone }: ResourceSettings, native: NativeRecord): boolean {
  return tombstone !== undefined && textAt(native, [tombstone.field]) === String(tombstone.equals)
}
