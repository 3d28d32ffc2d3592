import { afterEach, describe, expect, test } from 'vitest'
import {
  closeAll,
  connect,
  context,
  insert,
  readThing,
  shopOf,
} from '../../../test/support/graphql/connected.ts'

afterEach(closeAll)

describe('cost', () => {
  test('waits until the points for a request are there, and tells how many are left', async () => {
    const { products, shop, system } = await shopOf({ cost: { maximum: 40, restoreRate: 200 } })
    insert(shop, 3)
    for (let n = 0; n < 12; n += 1) {
      const update = { nativeId: 'Product-00000001', patch: { stock: n }, idempotencyKey: 'k' }
      expect(await products.update?.(update, context)).toMatchObject({ kind: 'ok' })
    }
    expect(shop.requests, 'none was throttled').toHaveLength(12)
    const usage = await system.usage?.(context)
    expect(usage).toMatchObject({ kind: 'known', quotas: [{ name: 'queryCost', limit: 40, windowMs: 200 }] })
  })

  test('a throttled request says when to come back, and a write whose start time passes is not sent', async () => {
    const { products, shop } = await shopOf({ cost: { maximum: 12, restoreRate: 2 } })
    const [nativeId = ''] = insert(shop, 1)
    const update = { nativeId, patch: { stock: 4 }, idempotencyKey: 'k' }
    expect(await products.update?.(update, context)).toMatchObject({ kind: 'ok' })
    const startBefore = performance.now() + 100
    const late = await products.update?.({ ...update, patch: { stock: 5 } }, { ...context, startBefore })
    expect(late).toMatchObject({
      kind: 'not-sent',
      failure: { scope: 'system', retryAfterMs: expect.any(Number) },
    })
    expect(shop.requests).toHaveLength(1)
    const other = connect(shop.url).resource('products')
    expect(await other.update?.(update, context), 'a process that knows nothing yet').toMatchObject({
      kind: 'not-sent',
      failure: { code: 'HTTP_RATE_LIMITED', scope: 'system', retryAfterMs: expect.any(Number) },
    })
    expect(shop.products.get(nativeId)).toMatchObject({ stock: 4 })
  })
})

describe('the schema', () => {
  test('describes the fields that the manifest reads, and what its mutations take', async () => {
    const { system } = await shopOf()
    const described = await system.describe?.(['products'], context)
    if (described?.kind !== 'known') return expect.fail(JSON.stringify(described))
    const [products] = described.resources
    const field = (path: string) => products?.fields.find((one) => one.path.join('.') === path)
    expect(products?.key).toEqual([['id']])
    expect(field('sku')).toEqual({
      path: ['sku'],
      nativeType: 'String!',
      type: { kind: 'string' },
      required: true,
      nullable: false,
      creatable: true,
      updatable: true,
    })
    expect(field('price.amount')).toMatchObject({ type: { kind: 'decimal' }, updatable: true })
    expect(field('status')).toMatchObject({ values: ['DRAFT', 'ACTIVE', 'ARCHIVED'] })
    expect(field('updatedAt')).toMatchObject({
      type: { kind: 'instant' },
      creatable: false,
      updatable: false,
    })
  })

  test('names the documents that do not fit what the API serves now', async () => {
    const { shop } = await shopOf()
    const products = {
      type: 'Product',
      fields: 'id title weight',
      read: { query: 'query ($id: ID!) { product(id: $id) { ...record } }' },
    }
    const system = connect(shop.url, { manifest: { resources: { products } } })
    const described = await system.describe?.(undefined, context)
    expect(described).toMatchObject({ kind: 'unknown', failure: { code: 'CONNECTOR_CONFIG_INVALID' } })
    expect(JSON.stringify(described)).toMatch(/resources\.products\.read\.query.*weight/)
  })
})

describe('a manifest that can not work is refused before anything is called', () => {
  const read = { query: readThing }
  test.each([
    ['no GraphQL', { read: { query: 'query {' } }, /read\.query: this is not valid GraphQL.*line 1/],
    [
      'a mutation for a query',
      { read: { query: 'mutation ($id: ID!) { thing(id: $id) { ...record } }' } },
      /where a query is expected/,
    ],
    [
      'no mark for the records',
      { read: { query: 'query ($id: ID!) { thing(id: $id) { id } }' } },
      /put `...record`/,
    ],
    ['no variable for the id', { read: { query: '{ thing(id: 1) { ...record } }' } }, /declare \$id/],
    [
      'another fragment',
      { read: { query: 'query ($id: ID!) { thing(id: $id) { ...record ...more } }' } },
      /no fragment "more"/,
    ],
    [
      'two fields at the top',
      { read: { query: 'query ($id: ID!) { a: thing(id: $id) { ...record } b }' } },
      /one field at the top/,
    ],
    [
      'a connection without pageInfo',
      {
        read,
        list: {
          paging: 'connection',
          query: 'query ($after: String) { things(after: $after) { nodes { ...record } } }',
        },
      },
      /pageInfo/,
    ],
    [
      'fields with braces that do not close',
      { read, fields: 'id price {' },
      /fields: this is not valid GraphQL/,
    ],
    ['a mistyped key', { read, chnges: {} }, /chnges.*changes/],
  ])('%s', async (_title, resource, message) => {
    const manifest = { resources: { things: { type: 'Thing', fields: 'id', ...resource } } }
    expect(() => connect('http://127.0.0.1:1', { manifest })).toThrow(message)
  })
})
