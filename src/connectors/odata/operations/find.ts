/** Looks records up by our marker or by values. */
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, FindRequest, FindResult } from '../../kit/contract.ts'
import { isNativeRecord, textAt } from '../../kit/native.ts'
import { callFailure } from '../../kit/outcome.ts'
import { unusableAnswer } from '../client.ts'
import type { EntitySet, ServiceModel } from '../metadata/model.ts'
import { allOf, comparison, ridOf } from '../protocol/literals.ts'
import { fromWire } from '../protocol/values.ts'
import { type Marker, markerOfSettings, spelt } from './marker.ts'
import { collectionOf } from './record.ts'
import { boundTo, entitySetOf, propertyOf, type ResourceContext } from './resource-context.ts'
import { isSameValue } from './same-value.ts'

/** Hits that are read; with as many as that, there may be more. */
export const hitsMax = 100

interface Search {
  readonly set: EntitySet
  readonly values: NativeRecord
}

/** Searches. Never throws: a failure is no information. */
export async function findRecords(
  owner: ResourceContext,
  request: FindRequest,
  context: CallContext,
): Promise<FindResult> {
  try {
    const bound = await boundTo(owner)
    const { set, values } = searchOf(owner, bound.model, bound.set, request)
    const names = Object.keys(values)
    if (names.length === 0) throw unusableAnswer('a search needs at least one value')
    const conditions = names.map((name) =>
      comparison(propertyOf(set, name), 'eq', values[name], bound.model.version),
    )
    const ownKey = bound.set.type.key
    const query = {
      $filter: allOf(conditions),
      $select: [...new Set([...ownKey, ...set.type.key, ...names])].join(','),
      $top: String(hitsMax),
    }
    const { data } = await owner.service.read({ target: `/${set.name}`, query }, context)
    const { items, next } = collectionOf(bound, data)
    const rids = items.map((wire) => hit(bound.model, { set, values }, bound.set, wire))
    return { kind: 'found', rids: [...new Set(rids)], capped: next !== undefined || items.length >= hitsMax }
  } catch (error) {
    return { kind: 'unknown', failure: callFailure(error) }
  }
}

function searchOf(owner: ResourceContext, model: ServiceModel, set: EntitySet, request: FindRequest): Search {
  if (request.by === 'values') return { set, values: scalars(request.values) }
  const marker = markerOfSettings(owner.settings)
  if (marker === undefined) throw unusableAnswer('the resource has no property for our record id')
  return markerSearch(model, set, marker, request.recordId)
}

function markerSearch(model: ServiceModel, set: EntitySet, marker: Marker, recordId: string): Search {
  const id = { [marker.field]: spelt(marker, recordId) }
  if (marker.within === undefined) return { set, values: id }
  return { set: entitySetOf(model, marker.within.entitySet), values: { ...marker.within.values, ...id } }
}

/** Parts of a record can't be searched in one filter by both versions. */
function scalars(values: NativeRecord): NativeRecord {
  const nested = Object.entries(values).find(([, value]) => isNativeRecord(value) || Array.isArray(value))
  if (nested !== undefined) throw unusableAnswer(`records can't be searched by what is within ${nested[0]}`)
  return values
}

/**
 * Each hit is checked, since taking a stranger's record for ours would be as bad as making ours a second time. What the service takes for a
 * hit and we don't is therefore neither: its search may see values as one that we tell apart, or it may not have searched at all.
 */
function hit(model: ServiceModel, { set, values }: Search, owner: EntitySet, wire: unknown): string {
  if (!isNativeRecord(wire)) throw unusableAnswer('a record is not a JSON object')
  const { native } = fromWire(model, set.type, wire)
  const differing = Object.entries(values).find(([name, value]) => !isHeld(set, native, name, value))
  if (differing !== undefined) throw unusableAnswer(`a hit of a search has another value of ${differing[0]}`)
  // The key of the record itself, also where the hit is one of its parts, which carries it.
  const rid = ridOf(owner.type, native)
  if (rid === undefined) throw unusableAnswer(`a hit in ${set.name} lacks the key of ${owner.name}`)
  return rid
}

function isHeld(set: EntitySet, native: NativeRecord, name: string, wanted: unknown): boolean {
  const found = textAt(native, [name]) ?? ''
  return isSameValue(propertyOf(set, name), found, textAt({ wanted }, ['wanted']) ?? '')
}
