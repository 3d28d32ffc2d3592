/**
 * Applies the filter of a resource (`where`) to records that were read by id. The service itself evaluates
 * it, as it does for lists: the treatment of case, blanks, nulls and times differs from service to service,
 * and lists and reads need the same result.
 */
import type { CallContext, ReadResult } from '../../contract.ts'
import { isNativeRecord } from '../../native.ts'
import { callFailure } from '../../outcome.ts'
import { unusable } from '../../unusable.ts'
import { allOf, comparison, keyOf, nativeIdOf } from '../protocol/literals.ts'
import { fromWire } from '../protocol/values.ts'
import { collectionOf } from './record.ts'
import { type Bound, propertyOf, type ResourceContext } from './resource-context.ts'
import { isSameId } from './same-value.ts'

type Live = Extract<ReadResult, { readonly kind: 'live' }>

/** Maximum number of keys in one filter, which has to fit an address. */
const keysPerQuery = 20

/**
 * Returns the results; for each existing record, the service decides whether the filter of the resource
 * matches it. Never throws.
 */
export async function withinScope(
  owner: ResourceContext,
  bound: Bound,
  { results, context }: { readonly results: readonly ReadResult[]; readonly context: CallContext },
): Promise<readonly ReadResult[]> {
  const { where } = owner.settings
  const living = results.filter((result): result is Live => result.kind === 'live')
  if (where === undefined || living.length === 0) return results
  try {
    const inside: string[] = []
    for (let start = 0; start < living.length; start += keysPerQuery) {
      const nativeIds = living.slice(start, start + keysPerQuery).map(({ nativeId }) => nativeId)
      inside.push(...(await nativeIdsWithin(owner, bound, { nativeIds, where, context })))
    }
    return results.map((result) => {
      const isOutside =
        result.kind === 'live' && !inside.some((nativeId) => isSameId(bound.set, nativeId, result.nativeId))
      return isOutside ? { ...result, inScope: false } : result
    })
  } catch (error) {
    const failure = callFailure(error)
    return results.map((result) => (result.kind === 'live' ? { kind: 'unknown', failure } : result))
  }
}

async function nativeIdsWithin(
  owner: ResourceContext,
  bound: Bound,
  {
    nativeIds,
    where,
    context,
  }: { readonly nativeIds: readonly string[]; readonly where: string; readonly context: CallContext },
): Promise<readonly string[]> {
  const { set, model } = bound
  const ofThese = nativeIds.map((nativeId) => `(${keyCondition(bound, nativeId)})`).join(' or ')
  const query = {
    $filter: allOf([ofThese, where]),
    $select: set.type.key.join(','),
    $top: String(nativeIds.length),
  }
  const { data } = await owner.service.read({ target: `/${set.name}`, query }, context)
  return collectionOf(bound, data).items.map((wire) => {
    const nativeId = isNativeRecord(wire)
      ? nativeIdOf(set.type, fromWire(model, set.type, wire).native)
      : undefined
    if (nativeId === undefined) throw unusable(`a record of ${set.name} lacks its key`)
    return nativeId
  })
}

function keyCondition({ set, model }: Bound, nativeId: string): string {
  const key = keyOf(set.type, nativeId)
  if (key === undefined) throw unusable(`an id is no key of ${set.name}`)
  return set.type.key
    .map((name) => comparison(propertyOf(set, name), 'eq', key[name] ?? '', model.version))
    .join(' and ')
}
