/** The envelopes of APIs around a record and around a page of records. */
import type { Row } from './shaped-api.ts'

/** One page as the API knows it. */
export interface ListPage {
  readonly rows: readonly Row[]
  readonly total: number
  readonly start: number
  readonly limit: number
  readonly nextToken?: string
  readonly nextAddress?: string
}

export interface Shape {
  list(page: ListPage, collection: string): unknown
  one(row: Row, collection: string): unknown
  /** Returns the record within a request body. @throws when it does not have the shape of this API */
  sent(body: unknown): Record<string, unknown>
}

function inside(body: unknown, key: string): Record<string, unknown> {
  const value: unknown = Reflect.get(Object(body) as object, key)
  if (typeof value === 'object' && value !== null) return { ...value }
  throw new TypeError(`the body has no ${key}`)
}

const bare = {
  one: (row: Row): unknown => row,
  sent: (body: unknown) => ({ ...(body as Record<string, unknown>) }),
}

const resourceObject = ({ id, ...attributes }: Row, type: string) => ({ type, id, attributes })

const underOddName = ({ id, ...rest }: Row): unknown => ({ ...rest, badge: `b-${id}`, ref: id })

export const shapes = {
  /** Its id has a name that says nothing, and there is another property with distinct values. */
  oddIds: {
    list: ({ rows }) => rows.map(underOddName),
    one: underOddName,
    sent: (body: unknown) => ({ ...(body as Record<string, unknown>) }),
  },
  array: { ...bare, list: ({ rows }) => rows },
  total: { ...bare, list: ({ rows, total }) => ({ items: rows, totalItems: total }) },
  offsets: {
    ...bare,
    list: ({ rows, total, start, limit }) => ({ results: rows, offset: start, limit, total }),
  },
  next: { ...bare, list: ({ rows, nextAddress }) => ({ data: rows, next: nextAddress ?? null }) },
  token: {
    ...bare,
    list: ({ rows, nextToken }) => ({
      data: rows,
      next_cursor: nextToken ?? null,
      has_more: nextToken !== undefined,
    }),
  },
  relay: {
    ...bare,
    list: ({ rows, nextToken }) => ({
      edges: rows.map((node) => ({ node, cursor: `c${node.id}` })),
      pageInfo: { hasNextPage: nextToken !== undefined, endCursor: nextToken ?? 'end' },
    }),
  },
  wrapped: {
    list: ({ rows, nextToken }) => ({ data: rows, meta: { next_cursor: nextToken ?? null } }),
    one: (row) => ({ data: row }),
    sent: (body) => inside(body, 'data'),
  },
  hal: {
    list: ({ rows, nextAddress }, collection) => ({
      _embedded: { [collection]: rows.map((row) => halOf(row, collection)) },
      _links: nextAddress === undefined ? {} : { next: { href: nextAddress } },
    }),
    one: (row, collection) => halOf(row, collection),
    sent: (body) => ({ ...(body as Record<string, unknown>) }),
  },
  jsonApi: {
    list: ({ rows, nextAddress }, type) => ({
      data: rows.map((row) => resourceObject(row, type)),
      links: { next: nextAddress ?? null },
    }),
    one: (row, type) => ({ data: resourceObject(row, type) }),
    sent: (body) => {
      const data = inside(body, 'data')
      if (typeof data.type !== 'string') throw new TypeError('the body has no type')
      return inside(data, 'attributes')
    },
  },
} as const satisfies Record<string, Shape>

function halOf(row: Row, collection: string): object {
  return { ...row, _links: { self: { href: `/api/${collection}/${row.id}` } } }
}
