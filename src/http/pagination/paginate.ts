/** The ways in which APIs divide lists into pages: where the first page is, and what leads from one to the next. */
import type { QueryValue } from '../options.ts'
import { nextLink } from './link-header.ts'

/** A page that was read. */
export interface PageSoFar {
  /** Decoded body of the page. */
  readonly data: unknown
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Items on this page, if it is known where they are. */
  readonly items: readonly unknown[] | undefined
  /** Pages read, this one included. */
  readonly pages: number
  /** Items read, those of this page included. */
  readonly count: number
}

/** Where a page is: further query parameters on the list's address, or an address that the API handed out (relative or absolute). */
export type PagePlace =
  | {
      /** Query parameters that ask for the page. */
      readonly query: Readonly<Record<string, QueryValue>>
    }
  | {
      /** Address of the page, absolute or relative to the one before. */
      readonly address: string
    }

/** A place in a body: a path with dots (`meta.next_cursor`), or its keys, which may have dots themselves. */
export type BodyPath = string | readonly (string | number)[]

/** One way of paging. Bring an own one for an API that has a way of its own. */
export interface Pagination {
  /** Kind of pagination, for messages. */
  readonly name: string
  /** Where the items are on a page when the caller does not say; empty for the whole body. */
  readonly items: BodyPath
  /** A page with the very records of the one before it is past the end: APIs that count pages often give their last one again. @default false */
  readonly endsOnRepeat?: boolean
  /** Where the first page is. */
  first(): PagePlace
  /** Undefined at the end. */
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

/** The address of the next page is in the body: `links.next` of JSON:API, `_links.next.href` of HAL, `next`. */
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

/** A token from one page is a query parameter of the next. `next` is its path in the body: `meta.next_cursor`. */
export function cursor(options: {
  /** Query parameter that takes the cursor. */
  readonly parameter: string
  /** Where the next cursor is in a page. */
  readonly next: BodyPath
  /** Where the body says whether there is a further page, as `pageInfo.hasNextPage` of Relay. @default a token means that there is one */
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

/** Pages by number, until one is empty, shorter than `size`, or the one before it again. */
export function pageNumber(
  options: {
    /** @default 'page' */
    readonly parameter?: string
    /** @default 1 */
    readonly first?: number
    /** Query parameter of the page's size, sent when `size` is given. @default 'per_page' */
    readonly sizeParameter?: string
    /** Items per page. @default what the API gives */
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

/** Pages by the number of items before them, until one is empty, shorter than `size`, or the one before it again. */
export function offsetLimit(
  options: {
    /** @default 'offset' */
    readonly parameter?: string
    /** Query parameter of the page's size, sent when `size` is given. @default 'limit' */
    readonly sizeParameter?: string
    /** Items per page. @default what the API gives */
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
  /** Version of the protocol. @default both are understood */
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

/** What lies at a path; the value itself for an empty one. */
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

/** A page whose items can't be found is the last one: going on would never end. */
function isLast({ items }: PageSoFar, size: number | undefined): boolean {
  return items === undefined || items.length === 0 || (size !== undefined && items.length < size)
}
