/** Interprets a native record by the manifest: its id, version, time, and whether it counts as deleted. */
import type { NativeRecord } from '../../../model/values.ts'
import type { ListedRecord, ReadResult } from '../../kit/contract.ts'
import { isOutside } from '../../kit/manifest/record-marks.ts'
import { isNativeRecord, textAt, valueAt } from '../../kit/native.ts'
import { timeAt } from '../../kit/times.ts'
import { unusable } from '../../kit/unusable.ts'
import type { ResourceManifest } from '../manifests/manifest.ts'

/** @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when the value is not a record with an id */
export function listedRecord(resource: ResourceManifest, value: unknown): ListedRecord {
  if (!isNativeRecord(value)) throw unusable('a record is not an object')
  const nativeId = textAt(value, resource.id)
  if (nativeId === undefined) throw unusable(`a record has no id at ${resource.id.join('.')}`)
  const { version, changedAt } = resource
  const itsVersion = version === undefined ? undefined : textAt(value, version.path)
  const itsTime = changedAt === undefined ? undefined : timeAt(value, changedAt.path, changedAt)
  return {
    nativeId,
    native: value,
    ...(itsVersion === undefined ? {} : { version: itsVersion }),
    ...(itsTime === undefined ? {} : { changedAt: itsTime }),
  }
}

/** Converts a record to an observation: a tombstone is gone. */
export function observed(resource: ResourceManifest, record: ListedRecord): ReadResult {
  if (isTombstone(resource, record.native)) return { kind: 'gone' }
  return { kind: 'live', ...record, ...(isOutside(resource, record.native) ? { inScope: false } : {}) }
}

/** Returns whether the record still exists but counts as deleted. */
export function isTombstone({ tombstone }: ResourceManifest, native: NativeRecord): boolean {
  return tombstone !== undefined && textAt(native, tombstone.path) === String(tombstone.equals)
}

/**
 * Returns the records at a path, with lists on the way flattened: `products.edges.node`. Null instead of a
 * list makes the response unusable and never counts as an empty list; null within a list is an entry that is
 * not a record.
 *
 * @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE
 */
export function recordsAt(data: unknown, path: readonly string[]): readonly unknown[] {
  let values: readonly unknown[] = [data]
  let listed = false
  for (const step of path) {
    values = values.flatMap((value) => {
      const next = valueAt(value, [step])
      if (next === null || next === undefined) {
        if (listed) return [undefined]
        throw unusable(`there is nothing at ${path.join('.')}`)
      }
      if (!Array.isArray(next)) return [next]
      listed = true
      return next
    })
  }
  if (!listed) throw unusable(`there is no list at ${path.join('.')}`)
  return values
}
