/**
 * Several searches as one request: `?email=a@x&email=b@x`, or `?email[in]=a@x,b@x`. Only searches by the same
 * field are combined. A hit is assigned to its search by its value; searches that can't be assigned are
 * repeated with fewer at once.
 */
import type { CallContext, FindRequest, FindResult } from '../../kit/contract.ts'
import { textAt, valueAt } from '../../kit/native.ts'
import { callFailure } from '../../kit/outcome.ts'
import { findTogether } from '../../kit/search/find-together.ts'
import type { Query } from '../client.ts'
import type { ResourceManifest } from '../manifests/manifest.ts'
import { entriesOf, findRecords, hitsOf, idsOf, type Wanted, wantedBy } from './find.ts'
import type { ResourceContext } from './resource-context.ts'

type SearchBatch = NonNullable<NonNullable<ResourceManifest['search']>['batch']>

/**
 * Maximum length of the values as encoded in an address: servers refuse addresses of 4,000 to 8,000
 * characters.
 */
const valuesMax = 2_500

/** Maximum number of hits that count as complete where nothing indicates how many a response can contain. */
const usualPageSize = 100

/** Runs the searches; each gets the result that it would get alone. Never throws. */
export async function findManyRecords(
  owner: ResourceContext,
  batch: SearchBatch,
  requests: readonly FindRequest[],
  context: CallContext,
): Promise<readonly FindResult[]> {
  const single = (request: FindRequest): Promise<FindResult> => findRecords(owner, request, context)
  const groups = new Map<string, number[]>()
  for (const [place, request] of requests.entries()) {
    const key = groupOf(owner, batch, request) ?? `alone ${place}`
    groups.set(key, [...(groups.get(key) ?? []), place])
  }
  const results = new Map<number, FindResult>()
  for (const places of groups.values()) {
    const some = places.flatMap((place) => requests[place] ?? [])
    const responses = await findTogether(some, {
      together: (few) => queryFor(owner, batch, few, context),
      single,
    })
    for (const [index, place] of places.entries()) {
      const response = responses[index]
      if (response !== undefined) results.set(place, response)
    }
  }
  return Promise.all(requests.map((request, place) => results.get(place) ?? single(request)))
}

/** What combined searches share: the path of their only value. */
function groupOf(owner: ResourceContext, batch: SearchBatch, request: FindRequest): string | undefined {
  const only = onlyValue(owner, request)
  if (only === undefined || (batch.style === 'comma' && only.value.includes(','))) return undefined
  return JSON.stringify(only.path)
}

function onlyValue(owner: ResourceContext, request: FindRequest): Wanted | undefined {
  try {
    const [first, ...others] = wantedBy(owner, request)
    return others.length === 0 ? first : undefined
  } catch {
    return undefined // Sent alone, it gets the precise error.
  }
}

async function queryFor(
  owner: ResourceContext,
  batch: SearchBatch,
  requests: readonly FindRequest[],
  context: CallContext,
): Promise<readonly FindResult[] | undefined> {
  const { resource, client } = owner
  try {
    const wanted = requests.flatMap((request) => onlyValue(owner, request) ?? [])
    const [first] = wanted
    const values = [...new Set(wanted.map(({ value }) => value))]
    const spelt = values.join(',')
    if (first === undefined || encodeURIComponent(spelt).length > valuesMax) return undefined
    const path = first.path.join('.')
    const filters = (batch.filters ?? resource.search?.filters ?? ['{path}']).map(
      (filter) => [filter.replaceAll('{path}', path), batch.style === 'comma' ? spelt : values] as const,
    )
    const query = { ...pageSize(resource), ...resource.search?.query, ...Object.fromEntries(filters) }
    const { data } = await client.read(resource.path, { query }, context)
    const { items, records, isDamaged } = entriesOf(owner, data)
    if (isDamaged || isCut(resource, data, items.length)) return undefined
    const found = wanted.map((one) => hitsOf(owner, records, [one]))
    // A hit that belongs to none of them: the API compares differently than we do, or ignores the filter, so
    // nothing is known about the missing ones.
    if (!records.every((record) => found.some((hits) => hits.includes(record)))) return undefined
    return found.map((hits) => ({ kind: 'found', nativeIds: idsOf(hits), capped: false }))
  } catch (error) {
    const failure = callFailure(error)
    // One value that the API refuses must not fail the other searches; an unreachable API fails all of them.
    if (failure.scope === 'record' && failure.kind === undefined) return undefined
    return requests.map(() => ({ kind: 'unknown', failure }))
  }
}

/** Requests pages as large as those of the list, so that it is known how many hits fill a page. */
function pageSize({ list }: ResourceManifest): Query {
  return list?.size.parameter === undefined ? {} : { [list.size.parameter]: list.size.value }
}

/**
 * Returns whether there may be hits on a further page: several searches together have more of them than one.
 */
function isCut({ search, list }: ResourceManifest, data: unknown, count: number): boolean {
  if (count >= (search?.maxResults ?? list?.size.value ?? usualPageSize)) return true
  if (list === undefined) return false
  const total = list.total?.path === undefined ? undefined : Number(textAt(data, list.total.path))
  if (total !== undefined && total > count) return true
  const next = 'next' in list && Array.isArray(list.next) ? valueAt(data, list.next) : undefined
  return next !== undefined && next !== null && next !== '' && next !== false
}
