/** Finds records by our marker or by values. */
import type { SearchEquality } from '../../../../model/equality.ts'
import type { NativeRecord } from '../../../../model/values.ts'
import type { CallContext, FindRequest, FindResult } from '../../contract.ts'
import { readEach } from '../../entries.ts'
import { isNativeRecord, textAt } from '../../native.ts'
import { callFailure } from '../../outcome.ts'
import { searchForm } from '../../search/search-equality.ts'
import { unusable } from '../../unusable.ts'
import type { EntitySet, ServiceModel } from '../metadata/model.ts'
import { allOf, comparison, nativeIdOf } from '../protocol/literals.ts'
import { fromWire } from '../protocol/values.ts'
import { type Marker, markerOfSettings, spelt } from './marker.ts'
import { collectionOf } from './record.ts'
import { type Bound, boundTo, entitySetOf, propertyOf, type ResourceContext } from './resource-context.ts'
import { isSameValue } from './same-value.ts'

/** Maximum number of hits that are read; at that number, there may be more. */
export const hitsMax = 100

/** A search in the terms of the service. */
export interface Search {
  readonly set: EntitySet
  readonly values: NativeRecord
}

/** A hit: the id of the record, and the record with the searched properties. */
export interface Hit {
  readonly nativeId: string
  readonly native: NativeRecord
}

/** Searches. Never throws: a failure is no information. */
export async function findRecords(
  owner: ResourceContext,
  request: FindRequest,
  context: CallContext,
): Promise<FindResult> {
  try {
    const bound = await boundTo(owner)
    const search = searchOf(owner, bound, request)
    const { items, isCut } = await hitsOf(
      owner,
      bound,
      { ...search, filter: conditionOf(bound, search) },
      context,
    )
    const nativeIds = items.map((hit) => checked(search, hit, owner.settings.search.equality))
    return { kind: 'found', nativeIds: [...new Set(nativeIds)], capped: isCut }
  } catch (error) {
    return { kind: 'unknown', failure: callFailure(error) }
  }
}

/**
 * Determines what to search for, and where. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE for values that
 * can't be searched by
 */
export function searchOf(owner: ResourceContext, { model, set }: Bound, request: FindRequest): Search {
  if (request.by === 'values') {
    if (Object.keys(request.values).length === 0) throw unusable('a search needs at least one value')
    return { set, values: scalars(request.values) }
  }
  const marker = markerOfSettings(owner.settings)
  if (marker === undefined) throw unusable('the resource has no property for our record id')
  return markerSearch(model, set, marker, request.recordId)
}

function markerSearch(model: ServiceModel, set: EntitySet, marker: Marker, recordId: string): Search {
  const id = { [marker.field]: spelt(marker, recordId) }
  if (marker.within === undefined) return { set, values: id }
  return { set: entitySetOf(model, marker.within.entitySet), values: { ...marker.within.values, ...id } }
}

/** Parts of a record can't be searched with one filter in both protocol versions. */
function scalars(values: NativeRecord): NativeRecord {
  const nested = Object.entries(values).find(([, value]) => isNativeRecord(value) || Array.isArray(value))
  if (nested !== undefined) throw unusable(`records can't be searched by what is within ${nested[0]}`)
  return values
}

/** The filter of one search. */
export function conditionOf({ model }: Bound, { set, values }: Search): string | undefined {
  return allOf(
    Object.keys(values).map((name) => comparison(propertyOf(set, name), 'eq', values[name], model.version)),
  )
}

/**
 * Returns the records that match a filter, at most {@link hitsMax}. `values` names the properties to return.
 */
export async function hitsOf(
  owner: ResourceContext,
  bound: Bound,
  { set, values, filter }: Search & { readonly filter: string | undefined },
  context: CallContext,
): Promise<{ readonly items: readonly Hit[]; readonly isCut: boolean }> {
  const query = {
    $filter: filter,
    $select: [...new Set([...bound.set.type.key, ...set.type.key, ...Object.keys(values)])].join(','),
    $top: String(hitsMax),
  }
  const { data } = await owner.service.read({ target: `/${set.name}`, query }, context)
  const { items, next } = collectionOf(bound, data)
  const { records: hits, unreadable } = readEach(items, (wire) => hitOf(bound, set, wire))
  // A hit that can't be read may be the record in question: finding none proves nothing then.
  const isCut = next !== undefined || unreadable !== undefined || items.length >= hitsMax
  return { items: hits, isCut }
}

function hitOf({ model, set: owner }: Bound, set: EntitySet, wire: unknown): Hit {
  if (!isNativeRecord(wire)) throw unusable('a record is not a JSON object')
  const { native } = fromWire(model, set.type, wire)
  // The key of the record itself, even where the hit is one of its parts, which carries it.
  const nativeId = nativeIdOf(owner.type, native)
  if (nativeId === undefined) throw unusable(`a hit in ${set.name} lacks the key of ${owner.name}`)
  return { nativeId, native }
}

/**
 * Checks each hit, since taking an unrelated record for ours would be as bad as creating ours a second time.
 * A hit of the service that does not match here therefore proves neither: the service may treat values as
 * equal that we distinguish, or it may have ignored the filter.
 */
function checked(search: Search, hit: Hit, equality: SearchEquality): string {
  const differing = Object.keys(search.values).find((name) => !isHeld(search, hit, name, equality))
  if (differing === undefined) return hit.nativeId
  throw unusable(`a hit of a search has another value of ${differing}`)
}

/** Returns whether a hit has the value that was searched for. */
export function isHeld(
  { set, values }: Search,
  { native }: Hit,
  name: string,
  equality: SearchEquality,
): boolean {
  const found = textAt(native, [name]) ?? ''
  const wanted = textAt(values, [name]) ?? ''
  if (isSameValue(propertyOf(set, name), found, wanted)) return true
  return equality === 'ignoringCaseAndSpace' && searchForm(found, equality) === searchForm(wanted, equality)
}
