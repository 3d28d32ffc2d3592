import { isLosslessNumber } from '../../../http/json.ts'
import type { SearchEquality } from '../../../model/equality.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { FindRequest, FindResult } from '../../kit/contract.ts'
import { isNativeRecord, valueAt } from '../../kit/native.ts'
import { searchForm } from '../../kit/search/search-equality.ts'
import { failureOf, faultOf, type MemoryOwner } from './resource-context.ts'

/** Searches by our marker or by values, in an index as old as the declared lag allows. */
export function findRecords(owner: MemoryOwner, request: FindRequest): FindResult {
  const fault = faultOf(owner, { resource: owner.name, operation: 'find' })
  if (fault !== undefined) return { kind: 'unknown', failure: failureOf(fault) }
  const { search } = owner.table.config.capabilities
  const wanted = request.by === 'marker' ? { [owner.table.config.marker]: request.recordId } : request.values
  const nativeIds: string[] = []
  for (const { nativeId, native } of owner.table.living((search?.lagMs ?? 0) * owner.random())) {
    if (matches(native, wanted, search?.equality)) nativeIds.push(nativeId)
  }
  const max = search?.maxResults ?? Number.POSITIVE_INFINITY
  return { kind: 'found', nativeIds: nativeIds.slice(0, max), capped: nativeIds.length >= max }
}

/** Returns whether a record has these values. */
export function matches(
  native: NativeRecord,
  wanted: NativeRecord,
  equality: SearchEquality = 'ignoringCase',
): boolean {
  return Object.entries(wanted).every(([key, value]) => {
    const found = valueAt(native, [key])
    if (isNativeRecord(value)) return isNativeRecord(found) && matches(found, value, equality)
    return searchForm(scalar(found), equality) === searchForm(scalar(value), equality)
  })
}

function scalar(value: unknown): string {
  return isLosslessNumber(value) ? value.toString() : String(value)
}
