/**
 * The ways in which APIs divide lists into pages: the address of the first page, and how one page leads to
 * the next.
 */
import type { QueryValue } from '../address.ts'
import { nextLink } from './link-header.ts'

/** A page that was read. */
export interface PageSoFar {
  /** Decoded body of the page. */
  readonly data: unknown
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Items on this page, if their position is known. */
  readonly items: readonly unknown[] | undefined
  /** Number of pages read, including this one. */
  readonly pages: number
  /** Number of items read, including those of this page. */
  readonly count: number
}

/**
 * Address of a page: additional query parameters on the list's address, or an address that the API returned
 * (relative or absolute).
 */
export type PagePlace =
  | {
      /** Query parameters that request the page. */
      readonly query: Readonly<Record<string, QueryValue>>
    }
  | {
      /** Address of the page, absolute or relative to the previous one. */
      readonly address: string
    }

/**
 * A path in a body, with dots (`meta.next_cursor`), or as a list of keys, which may contain dots themselves.
 */
export type BodyPath = string | readonly (string | number)[]

/** One method of pagination. Implement it for an API with its own method. */
export interface Pagination {
  /** Kind of pagination, for messages. */
  readonly name: string
  /** Path of the items on a page when the caller does not specify it; empty for the whole body. */
  readonly items: BodyPath
  /**
   * A page with the same records as the one before it is past the end: APIs that count pages often return
   * their last one again. @default false
   */
  readonly endsOnRepeat?: boolean
  /** Returns the first page's address. */
  first(): PagePlace
  /** Returns the next page's address; undefined at the end. */
  next(page: PageSoFar): PagePlace | undefined
}

const firstPage: PagePlace = { query: {} }

/** `Link: <…>; rel="next"` (RFC 8288): GitHub, GitLab, Shopify and many others. */
export function linkHeader(): Pagination {
  return {
    name: 'link',
    items: '',
    first: () => firstPage,
    next: ({ headers }) => addressPlace(nextLink(headers.link)),
  }
}

/**
 * The body contains the address of the next page: `links.next` of JSON:API, `_links.next.href` of HAL,
 * `next`.
 */
export function nextAddress(options: {
  readonly next: BodyPath
  /** @default '' */
  readonly items?: BodyPath
}): Pagination {
  return {
    name: 'next',
    items: options.items ?? '',
    first: () => firstPage,
    next: ({ data }) => {
      const found = valueAt(data, options.next)
      return addressPlace(typeof found === 'string' ? found : undefined)
    },
  }
}

/**
 * A token from one page is a query parameter of the next. `next` is its path in the body: `meta.next_cursor`.
 */
export function cursor(options: {
  /** Query parameter for the cursor. */
  readonly parameter: string
  /** Path of the next cursor in a page. */
  readonly next: BodyPath
  /**
   * Path of the value that indicates a further page, such as `pageInfo.hasNextPage` of Relay. @default a
   * token means that there is one
   */
  readonly more?: BodyPath
  /** @default '' */
  readonly items?: BodyPath
}): Pagination {
  return {
    name: 'cursor',
    items: options.items ?? '',
    first: () => firstPage,
    next: ({ data }) => {
      const value = valueAt(data, options.next)
      if (options.more !== undefined && valueAt(data, options.more) === false) return undefined
      return isToken(value) ? { query: { [options.parameter]: value } } : undefined
    },
  }
}

/** Pages by number, until one is empty, shorter than `size`, or equal to the one before it. */
export function pageNumber(
  options: {
    /** @default 'page' */
    readonly parameter?: string
    /** @default 1 */
    readonly first?: number
    /** Query parameter for the page size, sent when `size` is given. @default 'per_page' */
    readonly sizeParameter?: string
    /** Items per page. @default the API's own page size */
    readonly size?: number
    /** @default '' */
    readonly items?: BodyPath
  } = {},
): Pagination {
  const { parameter = 'page', first = 1, sizeParameter = 'per_page', size, items = '' } = options
  const place = (page: number): PagePlace => ({
    query: { [parameter]: page, ...(size === undefined ? {} : { [sizeParameter]: size }) },
  })
  return {
    name: 'page',
    items,
    endsOnRepeat: true,
    first: () => place(first),
    next: (page) => (isLast(page, size) ? undefined : place(first + page.pages)),
  }
}

/**
 * Pages by the number of preceding items, until one is empty, shorter than `size`, or equal to the one before
 * it.
 */
export function offsetLimit(
  options: {
    /** @default 'offset' */
    readonly parameter?: string
    /** Query parameter for the page size, sent when `size` is given. @default 'limit' */
    readonly sizeParameter?: string
    /** Items per page. @default the API's own page size */
    readonly size?: number
    /** @default '' */
    readonly items?: BodyPath
  } = {},
): Pagination {
  const { parameter = 'offset', sizeParameter = 'limit', size, items = '' } = options
  const place = (offset: number): PagePlace => ({
    query: { [parameter]: offset, ...(size === undefined ? {} : { [sizeParameter]: size }) },
  })
  return {
    name: 'offset',
    items,
    endsOnRepeat: true,
    first: () => place(0),
    next: (page) => (isLast(page, size) ? undefined : place(page.count)),
  }
}

/** Options of {@link odata}. */
export interface ODataPages {
  /** Version of the protocol. @default both are supported */
  readonly version?: 2 | 4
}

/** OData: `@odata.nextLink` and `value` (version 4), `d.__next` and `d.results` (version 2). */
export function odata(options: ODataPages = {}): Pagination {
  const isOld = options.version === 2
  return {
    name: 'odata',
    items: isOld ? 'd.results' : 'value',
    first: () => firstPage,
    next: ({ data }) => {
      const found = isOld ? valueAt(data, 'd.__next') : ownValue(data, '@odata.nextLink')
      return addressPlace(typeof found === 'string' ? found : undefined)
    },
  }
}

/** Salesforce queries: `nextRecordsUrl` until `done`, items in `records`. */
export function salesforceQuery(): Pagination {
  return {
    name: 'salesforce',
    items: 'records',
    first: () => firstPage,
    next: ({ data }) => {
      const found = valueAt(data, 'nextRecordsUrl')
      return valueAt(data, 'done') === true || typeof found !== 'string' ? undefined : addressPlace(found)
    },
  }
}

/** Returns the value at a path; the value itself for an empty one. */
export function valueAt(value: unknown, path: BodyPath): unknown {
  let current = value
  for (const key of keysOf(path)) current = ownValue(current, key)
  return current
}

function keysOf(path: BodyPath): readonly (string | number)[] {
  if (typeof path !== 'string') return path
  return path === '' ? [] : path.split('.')
}

function ownValue(value: unknown, key: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return Reflect.get(value, key)
}

function addressPlace(address: string | undefined): PagePlace | undefined {
  return address === undefined || address === '' ? undefined : { address }
}

function isToken(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || typeof value === 'number'
}

/** A page whose items can't be found is the last one: continuing would never end. */
function isLast({ items }: PageSoFar, size: number | undefined): boolean {
  return items === undefined || items.length === 0 || (size !== undefined && items.length < size)
}
