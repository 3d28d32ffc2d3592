/** Converts rows to the engine's records. */
import { parseJson } from '../../http/json.ts'
import type { NativeRecord } from '../../model/values.ts'
import type { ListedRecord, ReadResult } from '../kit/contract.ts'
import { isNativeRecord } from '../kit/native.ts'
import { unusable } from '../kit/unusable.ts'
import type { TextRow } from './client.ts'

/** JSON columns may be nested; a value nested deeper than this is not accepted as a record. */
const depthMax = 64

/** @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when the row has no key or its JSON can't be read */
export function listedRow(row: TextRow): ListedRecord {
  const { nativeId, version, changed } = row
  if (nativeId === null || nativeId === undefined) throw unusable('a row has no value in its key')
  return {
    nativeId,
    native: nativeOf(row),
    ...(version === null || version === undefined ? {} : { version }),
    ...(changed === null || changed === undefined ? {} : { changedAt: Number(changed) }),
  }
}

/** Converts a row to an observation: one that is marked as deleted is gone. */
export function observedRow(row: TextRow): ReadResult {
  return row.deleted === 't' ? { kind: 'gone' } : { kind: 'live', ...listedRow(row) }
}

function nativeOf({ record }: TextRow): NativeRecord {
  const parsed = parseJson(record ?? '', { maxDepth: depthMax, numbers: 'lossless' })
  if (parsed.ok && isNativeRecord(parsed.value)) return parsed.value
  throw unusable('a row can not be read as JSON')
}
