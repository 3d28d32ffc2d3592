/** Interprets a native record by the manifest: its id, version, time, and whether it counts as deleted. */
import type { NativePath } from '../../../model/lens/spec.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { ListedRecord, ReadResult } from '../../kit/contract.ts'
import { isOutside } from '../../kit/manifest/record-marks.ts'
import { isNativeRecord, textAt, valueAt } from '../../kit/native.ts'
import { timeAt } from '../../kit/times.ts'
import { unusable } from '../../kit/unusable.ts'
import type { ResourceManifest } from '../manifests/manifest.ts'

/** Headers of the response to a single read; a list's headers do not describe its records. */
export type RecordHeaders = Readonly<Record<string, string>> | undefined

/** @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when the record has no id */
export function listedRecord(
  resource: ResourceManifest,
  value: unknown,
  headers?: RecordHeaders,
): ListedRecord {
  const native = recordOf(value)
  const nativeId = textAt(native, resource.id)
  if (nativeId === undefined) throw unusable(`a record has no id at ${resource.id.join('.')}`)
  const version = versionOf(resource, native, headers)
  const changedAt =
    resource.changedAt === undefined ? undefined : timeAt(native, resource.changedAt.path, resource.changedAt)
  return {
    nativeId,
    native,
    ...(version === undefined ? {} : { version }),
    ...(changedAt === undefined ? {} : { changedAt }),
  }
}

/** Converts a record to an observation: a tombstone is gone. */
export function observed(resource: ResourceManifest, record: ListedRecord): ReadResult {
  if (isTombstone(resource, record.native)) return { kind: 'gone' }
  return { kind: 'live', ...record, ...(isOutside(resource, record.native) ? { inScope: false } : {}) }
}

/** Returns whether the record still exists but counts as deleted. */
export function isTombstone(resource: ResourceManifest, native: NativeRecord): boolean {
  const { tombstone } = resource
  return tombstone !== undefined && textAt(native, tombstone.path) === String(tombstone.equals)
}

/** The version, from the header of a single response or from the record. */
export function versionOf(
  resource: ResourceManifest,
  native: NativeRecord | undefined,
  headers: RecordHeaders,
): string | undefined {
  const { version } = resource
  if (version === undefined) return undefined
  const fromHeader = version.header === undefined ? undefined : headers?.[version.header]
  if (fromHeader !== undefined && fromHeader !== '') return fromHeader
  return version.path === undefined || native === undefined ? undefined : textAt(native, version.path)
}

/** @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when the value is not an object */
export function recordOf(value: unknown): NativeRecord {
  if (isNativeRecord(value)) return value
  throw unusable(textInstead(value) ?? 'a record is not a JSON object')
}

/** Returns the list within a response. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when there is none */
export function itemsOf(body: unknown, path: NativePath | undefined): readonly unknown[] {
  const items = path === undefined ? body : valueAt(body, path)
  if (Array.isArray(items)) return items
  const missing =
    path === undefined ? 'the response is not a list' : `the response has no list at ${path.join('.')}`
  throw unusable(textInstead(body) ?? missing)
}

/** What a response is that is no JSON at all; undefined when it is. */
function textInstead(body: unknown): string | undefined {
  if (typeof body !== 'string') return undefined
  if (!/^\s*<[?!A-Za-z]/.test(body.slice(0, 256))) return undefined
  return 'it is XML, and only JSON is read: ask the API for JSON, by mediaType or a query parameter of the manifest (list.query) or by another address'
}
