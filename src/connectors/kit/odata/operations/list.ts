/** Lists an entity set page by page: by its key, or by the links that the service returns. */
import type { CallContext, ListEnd, ListedRecord } from '../../contract.ts'
import { readEach } from '../../entries.ts'
import { judgedList, type ListPage } from '../../list.ts'
import { unusable } from '../../unusable.ts'
import type { ServiceCall } from '../client.ts'
import { afterPosition, allOf, comparison, keyOf } from '../protocol/literals.ts'
import { countQuery, keyOrder, shapeQuery } from './query.ts'
import { type CollectionPage, collectionOf, isTombstone, listedRecord } from './record.ts'
import { type Bound, boundTo, propertyOf, type ResourceContext } from './resource-context.ts'

/**
 * Yields every page, and returns whether the listing was complete. @throws the error that ended the listing
 */
export async function* listAll(
  owner: ResourceContext,
  context: CallContext,
): AsyncGenerator<readonly ListedRecord[], ListEnd> {
  const bound = await boundTo(owner)
  const { paging } = owner.settings.list
  const pages = paging === 'server' ? linkedPages(owner, bound, context) : keyPages(owner, bound, context)
  // How the service pages behind a link is unspecified: records may be skipped while others disappear.
  return yield* judgedList(pages, { paging: paging === 'server' ? 'offset' : 'keyset' })
}

/**
 * By key: each page begins after the last key of the previous one, so no remaining record is skipped when
 * others disappear. A service may return shorter pages than requested without indicating it, so only an empty
 * page ends the listing, or a shorter one once as many records as counted were returned.
 */
async function* keyPages(
  owner: ResourceContext,
  bound: Bound,
  context: CallContext,
): AsyncGenerator<ListPage> {
  const { settings } = owner
  const { pageSize, count } = settings.list
  const scope = scopeOf(owner, bound)
  let after: string | undefined
  let expected: number | undefined
  let seen = 0
  for (let isFirst = true; ; isFirst = false) {
    const query = {
      ...shapeQuery(bound, settings),
      $filter: allOf([...scope, after === undefined ? undefined : afterKey(bound, after)]),
      $orderby: keyOrder(bound),
      $top: String(pageSize),
      ...(isFirst && count ? countQuery(bound) : {}),
    }
    const page = await fetchPage(owner, bound, { target: `/${bound.set.name}`, query }, context)
    const { records, unreadable } = readEach(page.items, (wire) => listedRecord(bound, settings, wire))
    expected ??= page.count
    seen += page.items.length
    yield { ...judged(owner, records, expected), unreadable }
    const last = records.at(-1)?.nativeId
    if (last === undefined && page.next !== undefined) throw unusable(emptyWithMore)
    if (last === undefined) return
    const isShort = page.items.length < pageSize && page.next === undefined
    if (isShort && expected !== undefined && seen >= expected) return
    if (last === after) throw unusable('the next page is the same as this one')
    after = last
  }
}

const emptyWithMore =
  'an empty page promises more; such a service is listed by its links (list.paging: server)'

/**
 * The filter of the listing: the definition's, without what counts as deleted, so that the service's count
 * covers existing records only.
 */
function scopeOf({ settings }: ResourceContext, { set, model }: Bound): readonly (string | undefined)[] {
  const { where, tombstone } = settings
  if (tombstone === undefined) return [where]
  const property = propertyOf(set, tombstone.field)
  return [where, comparison(property, 'ne', tombstone.equals, model.version)]
}

function afterKey({ set, model }: Bound, nativeId: string): string {
  const key = keyOf(set.type, nativeId)
  const positions = set.type.key.map((name) => ({
    property: propertyOf(set, name),
    value: key?.[name] ?? '',
  }))
  return afterPosition(positions, model.version)
}

async function* linkedPages(
  owner: ResourceContext,
  bound: Bound,
  context: CallContext,
): AsyncGenerator<ListPage> {
  const { settings, service } = owner
  const { pageSize, count } = settings.list
  const headers = { prefer: `odata.maxpagesize=${pageSize}` }
  const query = {
    ...shapeQuery(bound, settings),
    $filter: allOf(scopeOf(owner, bound)),
    ...(count ? countQuery(bound) : {}),
  }
  let call: ServiceCall = { target: `/${bound.set.name}`, query, headers }
  let expected: number | undefined
  // The link of every 2^n-th page is kept, so that a circle of links of any length returns to it.
  let landmark = call.target
  for (let count = 1; ; count += 1) {
    const page = await fetchPage(owner, bound, call, context)
    expected ??= page.count
    const { records, unreadable } = readEach(page.items, (wire) => listedRecord(bound, settings, wire))
    yield { ...judged(owner, records, expected), unreadable }
    if (page.next === undefined) return
    const target = service.ownPath(page.next)
    if (target === undefined) throw unusable('the link to the next page leads out of the service')
    // A link is used as received: braces in it would be taken for placeholders.
    call = { target: target.replaceAll('{', '%7B').replaceAll('}', '%7D'), headers }
    if (call.target === landmark) throw unusable('the links to next pages lead back to an earlier one')
    if ((count & (count - 1)) === 0) landmark = call.target
  }
}

async function fetchPage(
  owner: ResourceContext,
  bound: Bound,
  call: ServiceCall,
  context: CallContext,
): Promise<CollectionPage> {
  return collectionOf(bound, (await owner.service.read(call, context)).data)
}

function judged(
  { settings }: ResourceContext,
  records: readonly ListedRecord[],
  expected: number | undefined,
): ListPage {
  const living = records.filter((record) => !isTombstone(settings, record.native))
  return {
    records: living,
    withheld: records.length - living.length,
    ...(expected === undefined ? {} : { expected }),
  }
}
