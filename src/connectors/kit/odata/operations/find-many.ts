/**
 * Several searches as one filter: `Email eq 'a@x' or Email eq 'b@x'`. Only searches by the same property are
 * combined, since services that turn filters into ranges (SAP Gateway) can't join different ones by `or`. A
 * hit is assigned to its search by its value; searches that can't be assigned are repeated with fewer at
 * once.
 */

import type { CallContext, FindRequest, FindResult } from '../../contract.ts'
import { callFailure } from '../../outcome.ts'
import { findTogether } from '../../search/find-together.ts'
import { unusableFailure } from '../../unusable.ts'
import { conditionOf, findRecords, hitsMax, hitsOf, isHeld, type Search, searchOf } from './find.ts'
import { boundTo, type ResourceContext } from './resource-context.ts'

/**
 * Maximum length of a filter as encoded in an address: servers refuse addresses of 4,000 to 8,000 characters.
 */
const filterMax = 2_500

/** Runs the searches; each gets the result that it would get alone. Never throws. */
export async function findManyRecords(
  owner: ResourceContext,
  requests: readonly FindRequest[],
  context: CallContext,
): Promise<readonly FindResult[]> {
  const groups = new Map<string, number[]>()
  for (const [place, request] of requests.entries()) {
    const key = request.by === 'marker' ? '' : JSON.stringify(Object.keys(request.values))
    groups.set(key, [...(groups.get(key) ?? []), place])
  }
  const results = new Map<number, FindResult>()
  for (const places of groups.values()) {
    const some = places.flatMap((place) => requests[place] ?? [])
    const responses = await findTogether(some, {
      together: (few) => queryFor(owner, few, context),
      single: (request) => findRecords(owner, request, context),
    })
    for (const [index, place] of places.entries()) {
      const response = responses[index]
      if (response !== undefined) results.set(place, response)
    }
  }
  return requests.map((_, place) => results.get(place) ?? unanswered)
}

const unanswered: FindResult = {
  kind: 'unknown',
  failure: unusableFailure('The search was not answered.'),
}

async function queryFor(
  owner: ResourceContext,
  requests: readonly FindRequest[],
  context: CallContext,
): Promise<readonly FindResult[] | undefined> {
  try {
    const bound = await boundTo(owner)
    const searches = requests.map((request) => searchOf(owner, bound, request))
    const [first] = searches
    if (first === undefined || !searches.every((search) => Object.keys(search.values).length === 1))
      return undefined
    const filter = [...new Set(searches.map((search) => conditionOf(bound, search)))].join(' or ')
    if (encodeURIComponent(filter).length > filterMax) return undefined
    const { items, isCut } = await hitsOf(owner, bound, { ...first, filter }, context)
    if (isCut) return undefined
    const found = searches.map((search) => items.filter((hit) => isHitOf(owner, search, hit)))
    // A hit that belongs to none of them: the service compares differently than we do, so it is not known
    // which search it belongs to.
    if (items.some((hit) => !found.some((hits) => hits.includes(hit)))) return undefined
    return found.map((hits) => ({
      kind: 'found',
      nativeIds: [...new Set(hits.map(({ nativeId }) => nativeId))],
      capped: hits.length >= hitsMax,
    }))
  } catch (error) {
    const failure = callFailure(error)
    // One value that the service refuses must not fail the other searches; an unreachable service fails all
    // of them.
    if (failure.scope === 'record' && failure.kind === undefined) return undefined
    return requests.map(() => ({ kind: 'unknown', failure }))
  }
}

function isHitOf({ settings }: ResourceContext, search: Search, hit: Parameters<typeof isHeld>[1]): boolean {
  return Object.keys(search.values).every((name) => isHeld(search, hit, name, settings.search.equality))
}
