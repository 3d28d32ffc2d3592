/**
 * Walks a list page by page.
 *
 * Page addresses are received from the API, so none is trusted: one outside of the base URL is refused before
 * anything is sent, including credentials, and one that was read before ends the walk with an error instead
 * of looping forever.
 */

import { UsageError } from '../../model/errors.ts'
import type { ApiResponse } from '../api-response.ts'
import { assertWithin } from '../bounds.ts'
import { ResponseValidationError } from '../errors.ts'
import { writeJson } from '../json.ts'
import type { CallOptions } from '../options.ts'
import type { StandardSchema } from '../standard-schema.ts'
import { type BodyPath, type PagePlace, type Pagination, valueAt } from './paginate.ts'

/** Options of a walk over pages; the options of a call apply to each page. */
export interface PagesOptions extends CallOptions {
  /** Method of pagination. */
  readonly paginate: Pagination
  /** Path of the items on a page. @default that of the method of pagination */
  readonly items?: BodyPath
  /**
   * Treats a page without a list at that path as an error, and not as the end of the list. @default false;
   * always for `items()`
   */
  readonly itemsRequired?: boolean
  /**
   * Number of pages after which the walk ends with an error, since a silently truncated list looks complete.
   * 1 to 10,000,000. @default 10000
   */
  readonly pagesMax?: number
}

/** Options of a walk over items. */
export interface ItemsOptions extends PagesOptions {
  /** Number of items after which the walk ends, without an error. @default all */
  readonly itemsMax?: number
}

/** Options of a list whose items are validated. */
export interface CheckedItemsOptions<Output> extends ItemsOptions {
  /** Validates and types each item. */
  readonly schema: StandardSchema<Output>
}

/** Reads one page. `target` is a path template or an absolute address. */
export type ReadPage = (target: string, options: CallOptions) => Promise<ApiResponse<unknown>>

/** The response type of a page. */
export interface Page extends ApiResponse<unknown> {
  /** Empty when the page has no items at their path. */
  readonly items: readonly unknown[]
}

const defaultPagesMax = 10_000

/**
 * Yields every page. `addressOf` returns a target's full address, which relative page links are relative to.
 */
export async function* walkPages(
  target: string,
  options: PagesOptions,
  read: ReadPage,
  addressOf: (target: string, options: CallOptions) => string,
): AsyncGenerator<Page> {
  const {
    paginate,
    items: itemsPath = paginate.items,
    itemsRequired,
    pagesMax = defaultPagesMax,
    ...rest
  } = options
  assertWithin('pagesMax', pagesMax, 1, 10_000_000)
  const seen = new Set<string>()
  let place: PagePlace | undefined = paginate.first()
  let from = addressOf(target, { ...rest, query: { ...rest.query, ...queryOf(place) } })
  let count = 0
  let before: string | undefined
  for (let pages = 1; place !== undefined; pages += 1) {
    if (pages > pagesMax) {
      throw new ResponseValidationError(
        'HTTP_PAGES_LIMIT',
        `GET ${target} has more than ${pagesMax} pages; the pages read so far are not the whole list.`,
        { outcome: 'answered', status: 200 },
      )
    }
    if (seen.has(from)) {
      throw new ResponseValidationError(
        'HTTP_PAGES_REPEATED',
        `GET ${target}: page ${pages} was read before; the list would never end.`,
        { outcome: 'answered', status: 200 },
      )
    }
    seen.add(from)
    const response = await readPlace(read, target, rest, place, from)
    const found = valueAt(response.data, itemsPath)
    const items = Array.isArray(found) ? found : undefined
    if (items === undefined && itemsRequired === true) throw noItems(target, pages, response.status)
    if (paginate.endsOnRepeat === true) {
      const shown = recordsShown(items)
      if (shown !== undefined && shown === before) return
      before = shown
    }
    count += items?.length ?? 0
    yield { ...response, items: items ?? [] }
    place = paginate.next({ data: response.data, headers: response.headers, items, pages, count })
    if (place === undefined) return
    from =
      'address' in place
        ? resolve(target, place.address, from)
        : addressOf(target, { ...rest, query: { ...rest.query, ...place.query } })
  }
}

/** Yields every item of every page. */
export async function* walkItems(pages: AsyncIterable<Page>, itemsMax: number): AsyncGenerator<unknown> {
  let left = itemsMax
  if (left <= 0) return
  for await (const { items } of pages) {
    for (const item of items) {
      yield item
      left -= 1
      if (left <= 0) return
    }
  }
}

/**
 * The records of a page, for a comparison; undefined where equal pages prove nothing: without records, or
 * with plain values.
 */
function recordsShown(items: readonly unknown[] | undefined): string | undefined {
  const first = items?.[0]
  return typeof first === 'object' && first !== null ? writeJson(items) : undefined
}

/** A page's own address already contains its query; the caller's parameters apply only to the first page. */
function readPlace(
  read: ReadPage,
  target: string,
  options: CallOptions,
  place: PagePlace,
  address: string,
): Promise<ApiResponse<unknown>> {
  if ('query' in place) return read(target, { ...options, query: { ...options.query, ...place.query } })
  const { path: _path, query: _query, ...rest } = options
  return read(address, rest)
}

function queryOf(place: PagePlace): NonNullable<CallOptions['query']> {
  return 'query' in place ? place.query : {}
}

function resolve(target: string, address: string, from: string): string {
  if (URL.canParse(address, from)) return new URL(address, from).href
  throw new UsageError('HTTP_BASE_URL_ESCAPE', `GET ${target}: the link to the next page can't be read.`)
}

function noItems(target: string, pages: number, status: number): ResponseValidationError {
  return new ResponseValidationError(
    'HTTP_RESPONSE_UNEXPECTED',
    `GET ${target}: page ${pages} has no list where its items should be; name their place as "items".`,
    { outcome: 'answered', status },
  )
}
