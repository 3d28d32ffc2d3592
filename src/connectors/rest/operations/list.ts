/** Walks the list of a resource, page by page, by whichever way of paging the manifest names. */

import type { Answer } from '../../../http/client.ts'
import { nextLink } from '../../../http/pagination/link-header.ts'
import type { CallContext, ListEnd, ListedRecord } from '../../kit/contract.ts'
import { judgedList, type ListPage } from '../../kit/list.ts'
import { textAt } from '../../kit/native.ts'
import type { Query } from '../client.ts'
import type { ListManifest } from '../manifests/manifest.ts'
import { isTombstone, itemsOf, listedRecord, unusable } from './record.ts'
import type { ResourceContext } from './resource-context.ts'

/** The capability that a way of paging gives. A list in one answer is a snapshot and skips nothing. */
export function pagingEvidence(list: ListManifest): 'offset' | 'keyset' {
  switch (list.paging) {
    case 'single':
    case 'keyset':
      return 'keyset'
    case 'cursor':
    case 'link':
      return list.stable ? 'keyset' : 'offset'
    case 'page':
    case 'offset':
      return 'offset'
  }
}

/** Hands on every page, and ends with the verdict whether that was everything. @throws the error that ended the listing */
export async function* listAll(
  owner: ResourceContext,
  list: ListManifest | undefined,
  context: CallContext,
): AsyncGenerator<readonly ListedRecord[], ListEnd> {
  if (list === undefined) return { complete: false, reason: 'the manifest has no list for the resource' }
  return yield* judgedList(pagesOf(owner, list, context), {
    paging: pagingEvidence(list),
    ...(list.cap === undefined ? {} : { cap: list.cap }),
  })
}

/** Where a page is: query parameters on the collection, or an address the system handed out. */
type Place = { readonly query: Query } | { readonly address: string }

async function* pagesOf(
  owner: ResourceContext,
  list: ListManifest,
  context: CallContext,
): AsyncGenerator<ListPage> {
  const { resource } = owner
  let place: Place | undefined = { query: firstQuery(list) }
  let walk: Walk = { pages: 0, seen: 0, expected: undefined, last: undefined }
  while (place !== undefined) {
    const answer: Answer<unknown> = await fetchPage(owner, list, place, context)
    const records = itemsOf(answer.data, list.items).map((value) => listedRecord(resource, value))
    // An inclusive page begins with the last record of the page before.
    const repeated = list.paging === 'keyset' && list.inclusive && records[0]?.rid === walk.last
    const fresh = repeated && walk.last !== undefined ? records.slice(1) : records
    const living = fresh.filter((record) => !isTombstone(resource, record.native))
    const expected = walk.expected ?? expectedOf(list, answer)
    walk = {
      pages: walk.pages + 1,
      seen: walk.seen + fresh.length,
      expected,
      last: fresh.at(-1)?.rid ?? walk.last,
    }
    yield {
      records: living,
      withheld: fresh.length - living.length,
      ...(expected === undefined ? {} : { expected }),
    }
    const next = nextPlace(list, answer, walk, fresh.length)
    if (next !== undefined && JSON.stringify(next) === JSON.stringify(place)) {
      throw unusable('the next page is the same as this one')
    }
    place = next
  }
}

/** How far the walk has come. */
interface Walk {
  readonly pages: number
  readonly seen: number
  /** What the first page that told said the count is; later pages of a keyset count only what is left. */
  readonly expected: number | undefined
  readonly last: string | undefined
}

function fetchPage(
  { resource, client }: ResourceContext,
  list: ListManifest,
  place: Place,
  context: CallContext,
): Promise<Answer<unknown>> {
  if ('address' in place) return client.read(place.address, {}, context)
  const size = list.size.parameter === undefined ? {} : { [list.size.parameter]: list.size.value }
  return client.read(resource.path, { query: { ...list.query, ...size, ...place.query } }, context)
}

function firstQuery(list: ListManifest): Query {
  if (list.paging === 'page') return { [list.parameter]: list.first }
  return list.paging === 'offset' ? { [list.parameter]: 0 } : {}
}

/**
 * Where the next page is; undefined at the end. Where the system does not say, the end is an empty page: a page that is merely shorter
 * than asked for may be a bound of the system's own.
 */
function nextPlace(
  list: ListManifest,
  answer: Answer<unknown>,
  walk: Walk,
  fresh: number,
): Place | undefined {
  const atEnd = fresh === 0 || (walk.expected !== undefined && walk.seen >= walk.expected)
  switch (list.paging) {
    case 'single':
      return undefined
    case 'keyset':
      if (list.next !== undefined) return queryPlace(list.after, textAt(answer.data, list.next))
      return atEnd ? undefined : queryPlace(list.after, walk.last)
    case 'cursor':
      return queryPlace(list.after, textAt(answer.data, list.next))
    case 'link': {
      const address = nextLink(answer.headers.link)
      return address === undefined ? undefined : { address }
    }
    case 'page':
      return atEnd ? undefined : { query: { [list.parameter]: list.first + walk.pages } }
    case 'offset':
      return atEnd ? undefined : { query: { [list.parameter]: walk.seen } }
  }
}

function queryPlace(parameter: string, value: string | undefined): Place | undefined {
  return value === undefined ? undefined : { query: { [parameter]: value } }
}

function expectedOf(list: ListManifest, answer: Answer<unknown>): number | undefined {
  const { total } = list
  const fromBody = total?.path === undefined ? undefined : textAt(answer.data, total.path)
  const text = fromBody ?? (total?.header === undefined ? undefined : answer.headers[total.header])
  const expected = text === undefined ? Number.NaN : Number(text)
  return Number.isSafeInteger(expected) && expected >= 0 ? expected : undefined
}
