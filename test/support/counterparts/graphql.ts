/**
 * The counterpart of the connector `graphql`: a shop on GraphQL Yoga with two resources of different capabilities.
 *
 * `products` are as in `src/connectors/graphql/fixtures/shop.yaml`: versions, a batch read by ids, several writes per request. `variants` have no
 * precondition, are read under aliases, and their list makes no promise about deleted rows.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Webhook } from 'standardwebhooks'
import { parse } from 'yaml'
import type {
  Counterpart,
  CounterpartResource,
  StartCounterpart,
} from '../../../src/connectors/kit/conformance/counterpart.ts'
import type { NativeRecord } from '../../../src/model/values.ts'
import { type ShopServer, startShop } from '../graphql/shop-server.ts'
import type { Changed } from '../graphql/shop-table.ts'

const token = 'let-me-in'
const secret = `whsec_${Buffer.from('the secret of the shop').toString('base64')}`
const manifestFile = new URL('../../../src/connectors/graphql/fixtures/shop.yaml', import.meta.url)

const variants = {
  type: 'Variant',
  fields: 'id productId sku title stock externalId version updatedAt',
  version: { path: 'version', ordered: true },
  changedAt: { path: 'updatedAt' },
  read: { query: 'query ($id: ID!) { variant(id: $id) { ...record } }', batch: { max: 20 } },
  list: {
    paging: 'connection',
    size: 7,
    query:
      'query ($first: Int, $after: String) { variants(first: $first, after: $after) { nodes { ...record } pageInfo { hasNextPage endCursor } } }',
  },
  changes: {
    position: 'updatedAt',
    size: 7,
    overlap: '1s',
    commitLag: '400ms',
    query:
      'query ($first: Int, $after: String, $since: DateTime) { variants(first: $first, after: $after, updatedSince: $since, sort: UPDATED_AT) { nodes { ...record } pageInfo { hasNextPage endCursor } } }',
  },
  search: {
    batch: { max: 10 },
    variables: { sku: 'sku', externalId: 'externalId' },
    query:
      'query ($sku: String, $externalId: String) { variants(sku: $sku, externalId: $externalId) { nodes { ...record } } }',
  },
  create: {
    as: 'marker',
    field: 'externalId',
    query:
      'mutation ($input: VariantCreateInput!) { variantCreate(input: $input) { variant { ...record } userErrors { field code } } }',
  },
  update: {
    query:
      'mutation ($id: ID!, $input: VariantInput!) { variantUpdate(id: $id, input: $input) { variant { ...record } userErrors { field code } } }',
  },
  remove: {
    delete: 'mutation ($id: ID!) { variantDelete(id: $id) { deletedId userErrors { field code } } }',
  },
  errors: { gone: ['NOT_FOUND'], stale: ['STALE_VERSION'] },
  inflight: '1s',
}

const webhooks = {
  scheme: { kind: 'standard' },
  resource: { path: 'type', before: '.' },
  id: 'data.id',
  deleted: { path: 'type', endsWith: '.deleted' },
}

/** A clock that never returns the same time twice, and can be set temporarily. */
class ShopClock {
  #last = 0
  fixed: number | undefined

  now(): number {
    if (this.fixed !== undefined) return this.fixed
    this.#last = Math.max(Date.now(), this.#last + 1)
    return this.#last
  }
}

export const startCounterpart: StartCounterpart = async () => {
  const clock = new ShopClock()
  const shop = await startShop({ token, now: () => clock.now() })
  const manifest = parse(readFileSync(manifestFile, 'utf8')) as {
    resources: { products: Record<string, unknown> & { list: object } }
  }
  const { products } = manifest.resources
  const resources = { products: { ...products, list: { ...products.list, size: 7 } }, variants }
  return {
    settings: {
      connector: 'graphql',
      url: shop.url,
      allowHttp: true,
      auth: { type: 'bearer', token },
      webhooks: { secret },
      manifest: { ...manifest, resources, webhooks },
    },
    resources: [doorOf(shop, clock, 'products'), doorOf(shop, clock, 'variants')],
    faults: shop.faults,
    delivery,
    stop: () => shop.close(),
  }
}

const delivery: NonNullable<Counterpart['delivery']> = ({ resource, nativeId, deleted = false }) => {
  const id = `msg_${randomUUID()}`
  const at = new Date()
  const body = JSON.stringify({
    type: `${resource}.${deleted ? 'deleted' : 'changed'}`,
    data: { id: nativeId },
  })
  return {
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    },
    body: Buffer.from(body),
    receivedAt: at.getTime(),
  }
}

function doorOf(shop: ShopServer, clock: ShopClock, name: 'products' | 'variants'): CounterpartResource {
  const table = shop[name]
  const insert = (body: NativeRecord): string =>
    rowOf(table.create({ stock: 0, status: 'ACTIVE', ...body })).id
  const insertAt = (bodies: readonly NativeRecord[], at: number): string[] => {
    clock.fixed = at
    const nativeIds = bodies.map(insert)
    clock.fixed = undefined
    return nativeIds
  }
  return {
    name,
    body: (seed) => ({
      sku: `${name}-${seed}`,
      title: `Title ${seed}`,
      stock: seed % 100,
      ...(name === 'products'
        ? { description: `Text ${seed}`, price: { amount: `${seed}.50`, currency: 'EUR' } }
        : { productId: 'Product-1' }),
    }),
    patch: (seed) => ({ title: `Changed ${seed}` }),
    texts: [
      { path: ['title'], maxLength: 120 },
      ...(name === 'products' ? [{ path: ['description'], maxLength: 2_000 }] : []),
    ],
    insert: async (body) => insert(body),
    change: async (nativeId, patch) => void rowOf(table.update(nativeId, patch)),
    remove: async (nativeId) => void rowOf(table.remove(nativeId)),
    insertTied: async (bodies) => insertAt(bodies, clock.now()),
    insertLate: async (body, ageMs) => insertAt([body], Date.now() - ageMs)[0] ?? '',
    refused: () => ({ sku: table.all()[0]?.sku, title: 'A twin' }),
    count: async () => table.size,
  }
}

function rowOf(changed: Changed): { readonly id: string } {
  if ('row' in changed) return changed.row
  throw new Error(`the back door was refused: ${changed.refusal.code} ${changed.refusal.field.join('.')}`)
}
