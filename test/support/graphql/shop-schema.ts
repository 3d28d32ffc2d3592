/** A small shop as GraphQL schema: products with price and stock, their variants, Relay connections, mutations that list their refusals. */
import { GraphQLError, GraphQLScalarType } from 'graphql'
import { createSchema } from 'graphql-yoga'
import { type Changed, compare, type ShopRow, type ShopTable } from './shop-table.ts'

export const shopTypes = /* GraphQL */ `
  scalar DateTime
  scalar Decimal

  interface Node { id: ID! }
  enum ProductStatus { DRAFT ACTIVE ARCHIVED }
  enum SortKey { ID UPDATED_AT }

  type Money { amount: Decimal! currency: String! }
  input MoneyInput { amount: Decimal! currency: String! }

  type Product implements Node {
    id: ID!
    sku: String!
    title: String!
    description: String
    price: Money
    stock: Int!
    status: ProductStatus!
    externalId: String
    version: Int!
    createdAt: DateTime!
    updatedAt: DateTime!
    variants: [Variant!]!
    "Fails for products whose title says so: to see what an error inside a record does."
    margin: Decimal
  }
  type Variant implements Node {
    id: ID!
    productId: ID!
    sku: String!
    title: String!
    stock: Int!
    externalId: String
    version: Int!
    createdAt: DateTime!
    updatedAt: DateTime!
  }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type ProductEdge { cursor: String! node: Product! }
  type ProductConnection { edges: [ProductEdge!]! nodes: [Product!]! pageInfo: PageInfo! totalCount: Int! }
  type VariantConnection { nodes: [Variant!]! pageInfo: PageInfo! totalCount: Int! }
  type UserError { field: [String!] message: String! code: String }
  type ProductPayload { product: Product userErrors: [UserError!]! }
  type VariantPayload { variant: Variant userErrors: [UserError!]! }
  type DeletePayload { deletedId: ID userErrors: [UserError!]! }
  type Shop { id: ID! name: String! }

  input ProductInput {
    sku: String
    title: String
    description: String
    price: MoneyInput
    stock: Int
    status: ProductStatus
    externalId: String
  }
  input ProductCreateInput {
    sku: String!
    title: String!
    description: String
    price: MoneyInput
    stock: Int
    status: ProductStatus
    externalId: String
  }
  input VariantInput { productId: ID sku: String title: String stock: Int externalId: String }
  input VariantCreateInput { productId: ID! sku: String! title: String! stock: Int externalId: String }

  type Query {
    shop: Shop!
    node(id: ID!): Node
    nodes(ids: [ID!]!): [Node]!
    product(id: ID!): Product
    productBySku(sku: String!): Product
    products(
      first: Int = 50
      after: String
      sort: SortKey = ID
      updatedSince: DateTime
      sku: String
      externalId: String
    ): ProductConnection!
    variant(id: ID!): Variant
    variants(
      first: Int = 50
      after: String
      sort: SortKey = ID
      updatedSince: DateTime
      sku: String
      externalId: String
    ): VariantConnection!
  }
  type Mutation {
    productCreate(input: ProductCreateInput!): ProductPayload!
    productUpdate(id: ID!, input: ProductInput!, version: Int): ProductPayload!
    productDelete(id: ID!, version: Int): DeletePayload!
    variantCreate(input: VariantCreateInput!): VariantPayload!
    variantUpdate(id: ID!, input: VariantInput!, version: Int): VariantPayload!
    variantDelete(id: ID!, version: Int): DeletePayload!
  }
`

export interface ShopTables {
  readonly products: ShopTable
  readonly variants: ShopTable
}

interface PageArguments {
  readonly first: number
  readonly after?: string
  readonly sort: 'ID' | 'UPDATED_AT'
  readonly updatedSince?: string
  readonly sku?: string
  readonly externalId?: string
}

const keyOf = (row: ShopRow, sort: PageArguments['sort']): string =>
  sort === 'ID' ? row.id : `${row.updatedAt} ${row.id}`

const pageMax = 250

/** A keyset page: deleted rows don't shift others. */
function connection(table: ShopTable, { first, after, sort, updatedSince, sku, externalId }: PageArguments) {
  if (first > pageMax)
    throw new GraphQLError(`at most ${pageMax} per page`, { extensions: { code: 'BAD_USER_INPUT' } })
  const wanted = table
    .all()
    .filter(
      (row) =>
        (updatedSince === undefined || row.updatedAt >= updatedSince) &&
        (sku === undefined || row.sku === sku) &&
        (externalId === undefined || row.externalId === externalId),
    )
    .sort((a, b) => compare(keyOf(a, sort), keyOf(b, sort)))
  const from = after === undefined ? undefined : Buffer.from(after, 'base64url').toString('utf8')
  const rest = from === undefined ? wanted : wanted.filter((row) => keyOf(row, sort) > from)
  const nodes = rest.slice(0, first)
  const cursorOf = (row: ShopRow): string => Buffer.from(keyOf(row, sort)).toString('base64url')
  const last = nodes.at(-1)
  return {
    nodes,
    edges: nodes.map((node) => ({ node, cursor: cursorOf(node) })),
    totalCount: wanted.length,
    pageInfo: {
      hasNextPage: rest.length > nodes.length,
      endCursor: last === undefined ? null : cursorOf(last),
    },
  }
}

function payload(key: string, changed: Changed) {
  return 'row' in changed
    ? { [key]: changed.row, userErrors: [] }
    : { [key]: null, userErrors: [changed.refusal] }
}

function deleted(changed: Changed) {
  return 'row' in changed
    ? { deletedId: changed.row.id, userErrors: [] }
    : { deletedId: null, userErrors: [changed.refusal] }
}

const decimal = new GraphQLScalarType({
  name: 'Decimal',
  parseValue: (value) => {
    if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return value
    throw new GraphQLError('a decimal is a text of digits', { extensions: { code: 'BAD_USER_INPUT' } })
  },
})

interface Change {
  readonly id: string
  readonly input: Readonly<Record<string, unknown>>
  readonly version?: number
}

/** The schema over tables. */
export function shopSchema({ products, variants }: ShopTables) {
  const find = (id: string): ShopRow | undefined => products.get(id) ?? variants.get(id)
  const defaults = { stock: 0, status: 'ACTIVE' }
  return createSchema({
    typeDefs: shopTypes,
    resolvers: {
      Decimal: decimal,
      Node: { __resolveType: (row: ShopRow) => (row.id.startsWith('Product') ? 'Product' : 'Variant') },
      Product: {
        variants: ({ id }: ShopRow) => variants.all().filter((row) => row.productId === id),
        margin: ({ title }: ShopRow) => {
          if (String(title).includes('broken margin')) throw new GraphQLError('the margin is not known')
          return '0.25'
        },
      },
      Query: {
        shop: () => ({ id: 'shop-1', name: 'The shop' }),
        node: (_: unknown, { id }: { id: string }) => find(id) ?? null,
        nodes: (_: unknown, { ids }: { ids: readonly string[] }) => ids.map((id) => find(id) ?? null),
        product: (_: unknown, { id }: { id: string }) => products.get(id) ?? null,
        productBySku: (_: unknown, { sku }: { sku: string }) =>
          products.all().find((row) => row.sku === sku) ?? null,
        products: (_: unknown, page: PageArguments) => connection(products, page),
        variant: (_: unknown, { id }: { id: string }) => variants.get(id) ?? null,
        variants: (_: unknown, page: PageArguments) => connection(variants, page),
      },
      Mutation: {
        productCreate: (_: unknown, { input }: Change) =>
          payload('product', products.create({ ...defaults, ...input })),
        productUpdate: (_: unknown, { id, input, version }: Change) =>
          payload('product', products.update(id, input, version)),
        productDelete: (_: unknown, { id, version }: Change) => deleted(products.remove(id, version)),
        variantCreate: (_: unknown, { input }: Change) =>
          payload('variant', variants.create({ stock: 0, ...input })),
        variantUpdate: (_: unknown, { id, input, version }: Change) =>
          payload('variant', variants.update(id, input, version)),
        variantDelete: (_: unknown, { id, version }: Change) => deleted(variants.remove(id, version)),
      },
    },
  })
}
