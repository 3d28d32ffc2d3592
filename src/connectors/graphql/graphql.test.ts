import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, test } from 'vitest'
import {
  body,
  closeAll,
  connect,
  context,
  insert,
  listOf,
  shopOf,
} from '../../../test/support/graphql/connected.ts'
import type { ShopServer } from '../../../test/support/graphql/shop-server.ts'
import type { Resource } from '../kit/contract.ts'

afterEach(closeAll)

describe('a shop on GraphQL Yoga, from a manifest of 40 lines', () => {
  test('declares what the manifest and its documents say', async () => {
    const { products, system } = await shopOf()
    expect(products.capabilities).toMatchObject({
      read: { batch: 50 },
      version: 'ordered',
      conditionalWrites: true,
      write: 'patch',
      writeReturns: 'body+version',
      create: 'marker',
      marker: ['externalId'],
      list: { paging: 'keyset', pageSize: 100 },
      changes: { cursor: 'ts' },
      deletes: 'byId',
      remove: 'delete',
      writeBatch: 20,
    })
    expect(await system.fingerprint(context)).toEqual({ kind: 'known', value: 'shop-1' })
  })

  test('creates with our marker, reads, finds, changes and deletes', async () => {
    const { products } = await shopOf()
    const made = await products.create?.({ body: body(1), recordId: 'r-1', idempotencyKey: 'k' }, context)
    if (made?.kind !== 'ok') return expect.fail(JSON.stringify(made))
    expect(made).toMatchObject({ version: '1', native: { externalId: 'r-1', price: { amount: '12.50' } } })
    const { nativeId } = made
    expect(await products.read(nativeId, context)).toMatchObject({
      kind: 'live',
      nativeId,
      version: '1',
      native: { stock: 1 },
    })
    expect(await products.find?.({ by: 'marker', recordId: 'r-1' }, context)).toEqual({
      kind: 'found',
      nativeIds: [nativeId],
      capped: false,
    })
    const bySku = await products.find?.(
      { by: 'values', values: { sku: 'SKU-1', title: 'product 1' } },
      context,
    )
    expect(bySku).toMatchObject({ nativeIds: [nativeId] })
    const other = await products.find?.({ by: 'values', values: { sku: 'SKU-1', title: 'another' } }, context)
    expect(other, 'what the search can not ask for is compared here').toMatchObject({ nativeIds: [] })
    const update = { nativeId, patch: { stock: 9 }, idempotencyKey: 'k' }
    expect(await products.update?.({ ...update, ifVersion: '1' }, context)).toMatchObject({
      kind: 'ok',
      version: '2',
      native: { stock: 9, title: 'Product 1' },
    })
    expect(await products.update?.({ ...update, ifVersion: '1' }, context)).toEqual({ kind: 'stale' })
    expect(await products.remove?.({ nativeId, mode: 'delete', ifVersion: '1' }, context)).toEqual({
      kind: 'stale',
    })
    expect(await products.remove?.({ nativeId, mode: 'delete', ifVersion: '2' }, context)).toEqual({
      kind: 'ok',
      nativeId,
    })
    expect(await products.remove?.({ nativeId, mode: 'delete' }, context)).toEqual({ kind: 'gone' })
    expect(await products.read(nativeId, context)).toEqual({ kind: 'gone' })
    expect(await products.update?.(update, context)).toEqual({ kind: 'gone' })
  })

  test('a search by a field that it has no variable for finds nothing out, and says so', async () => {
    const { products } = await shopOf()
    const found = await products.find?.({ by: 'values', values: { title: 'x' } }, context)
    expect(found).toMatchObject({ kind: 'unknown', failure: { code: 'CONNECTOR_RESPONSE_UNUSABLE' } })
  })

  test('a refusal names its code and its fields, in the terms of the record', async () => {
    const { products, shop } = await shopOf()
    insert(shop, 2)
    const taken = await products.create?.({ body: body(1), recordId: 'r', idempotencyKey: 'k' }, context)
    expect(taken).toMatchObject({ kind: 'rejected', fields: ['sku'] })
    expect(JSON.stringify(taken)).toContain('TAKEN')
    const wrong = { ...body(7), stock: 'many' }
    const coerced = await products.create?.({ body: wrong, recordId: 'r', idempotencyKey: 'k' }, context)
    expect(coerced, 'a variable of the wrong type: nothing ran').toMatchObject({ kind: 'rejected' })
    expect(JSON.stringify(coerced), 'values stay out of messages').not.toContain('many')
  })

  test('texts that would break out of a query come back as they were', async () => {
    const { products } = await shopOf()
    const title = '"}) { id } } # \\" \n 🧾 $x {{y}}'
    const made = await products.create?.(
      { body: { ...body(1), title }, recordId: 'r', idempotencyKey: 'k' },
      context,
    )
    if (made?.kind !== 'ok') return expect.fail(JSON.stringify(made))
    expect(await products.read(made.nativeId, context)).toMatchObject({ native: { title } })
  })

  test('reads many in one request, and asks by id for what did not come back', async () => {
    const { products, shop } = await shopOf()
    const [a = '', b = ''] = insert(shop, 2)
    const before = shop.requests.length
    const many = await products.readMany?.([b, 'Product-99999999', a], context)
    expect(many?.map((one) => (one.kind === 'live' ? one.nativeId : one.kind))).toEqual([b, 'gone', a])
    expect(shop.requests.length - before).toBe(2)
  })

  test('without a query for several, reads them under aliases', async () => {
    const { shop } = await shopOf()
    const [a = '', b = ''] = insert(shop, 2)
    const products = connect(shop.url, {
      manifest: {
        resources: {
          products: {
            type: 'Product',
            fields: 'id title margin',
            read: { query: 'query ($id: ID!) { product(id: $id) { ...record } }', batch: { max: 10 } },
          },
        },
      },
    }).resource('products')
    shop.products.update(b, { title: 'with a broken margin' })
    const before = shop.requests.length
    const many = await products.readMany?.([a, 'nobody', b], context)
    expect(
      many?.map(({ kind }) => kind),
      'an error within one record says nothing about its neighbours',
    ).toEqual(['live', 'gone', 'unknown'])
    expect(shop.requests.length - before).toBe(1)
  })

  test('walks the whole list page by page, and counts it as evidence', async () => {
    const { products, shop } = await shopOf()
    insert(shop, 230)
    const { nativeIds, end } = await listOf(products)
    expect(new Set(nativeIds).size).toBe(230)
    expect(end).toEqual({ complete: true, expected: 230 })
  })

  test('several writes go out in one request, and one that is refused takes no neighbour along', async () => {
    const { products, shop } = await shopOf()
    const requests = [body(1), { ...body(2), title: '' }, body(1), body(3)].map((one, index) => ({
      body: one,
      recordId: `r-${index}`,
      idempotencyKey: `k-${index}`,
    }))
    const results = await products.createMany?.(requests, context)
    expect(results?.map(({ kind }) => kind)).toEqual(['ok', 'rejected', 'rejected', 'ok'])
    expect(shop.requests).toHaveLength(1)
    const [first, , , last] = results ?? []
    if (first?.kind !== 'ok' || last?.kind !== 'ok') return expect.fail('not made')
    const updates = [
      { nativeId: first.nativeId, patch: { stock: 5 }, ifVersion: '1', idempotencyKey: 'a' },
      { nativeId: last.nativeId, patch: { stock: 6 }, ifVersion: '9', idempotencyKey: 'b' },
      { nativeId: 'nobody', patch: { stock: 7 }, idempotencyKey: 'c' },
    ]
    const changed = await products.updateMany?.(updates, context)
    expect(changed?.map(({ kind }) => kind)).toEqual(['ok', 'stale', 'gone'])
    expect(shop.products.get(first.nativeId)).toMatchObject({ stock: 5, version: 2 })
  })

  test('several writes of which one has a value of the wrong type: it alone is refused', async () => {
    const { products, shop } = await shopOf()
    const requests = [body(1), { ...body(2), stock: 'many' }, body(3)].map((one, index) => ({
      body: one,
      recordId: `r-${index}`,
      idempotencyKey: `k-${index}`,
    }))
    const results = await products.createMany?.(requests, context)
    expect(results?.map(({ kind }) => kind)).toEqual(['ok', 'rejected', 'ok'])
    expect(shop.products.size).toBe(2)
  })

  test('a lost response to a write is an unknown outcome, never sent again', async () => {
    const { products, shop } = await shopOf()
    shop.faults.loseNextResponse({ method: 'POST' })
    const made = await products.create?.({ body: body(1), recordId: 'r', idempotencyKey: 'k' }, context)
    expect(made).toMatchObject({ kind: 'unknown' })
    expect(shop.products.size).toBe(1)
    shop.faults.loseNextResponse({ method: 'GET' })
    expect(await products.read('Product-00000001', context), 'a read is bridged').toMatchObject({
      kind: 'live',
    })
  })
})

describe('changes', () => {
  test('follows changes by time, past records of one moment, and tells each once', async () => {
    let now = Date.now() - 3_600_000
    const { products, shop } = await shopOf({ now: () => now })
    insert(shop, 150)
    now += 1_000
    insert0(shop, 150, 130)
    const reported = await drain(products, undefined)
    expect(new Set(reported.nativeIds).size).toBe(280)
    expect(reported.nativeIds).toHaveLength(280)
    now += 60_000
    shop.products.update('Product-00000007', { stock: 99 })
    const next = await drain(products, reported.cursor)
    expect(next.nativeIds).toEqual(['Product-00000007'])
    expect((await drain(products, next.cursor)).nativeIds).toEqual([])
  })

  test('a restarted process walks to the page that it had reached', async () => {
    const now = Date.now() - 3_600_000
    const { products, shop } = await shopOf({ now: () => now })
    insert(shop, 250)
    const seen: string[] = []
    let cursor: string | undefined
    for (let more = true; more; ) {
      const page = await connect(shop.url).resource('products').changes?.(cursor, context)
      if (page?.kind !== 'page') return expect.fail(JSON.stringify(page))
      seen.push(...page.changed.map(({ nativeId }) => nativeId))
      cursor = page.cursor
      more = page.more
    }
    expect(new Set(seen).size).toBe(250)
    expect(products.capabilities.changes.cursor).toBe('ts')
  })

  async function drain(
    resource: Resource,
    from: string | undefined,
  ): Promise<{ nativeIds: string[]; cursor: string }> {
    const nativeIds: string[] = []
    let cursor = from
    for (let pages = 0; pages < 50; pages += 1) {
      const page = await resource.changes?.(cursor, context)
      if (page?.kind !== 'page') return expect.fail(JSON.stringify(page))
      nativeIds.push(...page.changed.map(({ nativeId }) => nativeId))
      cursor = page.cursor
      if (!page.more) return { nativeIds, cursor }
    }
    return expect.fail('the feed does not end')
  }

  function insert0(shop: ShopServer, from: number, count: number): void {
    for (let seed = from; seed < from + count; seed += 1)
      shop.products.create({ status: 'ACTIVE', ...body(seed) })
  }
})

test('reads a signed webhook, and refuses a forged one', async () => {
  const secret = `whsec_${Buffer.from('the secret of the shop').toString('base64')}`
  const manifest = {
    resources: {
      products: {
        type: 'Product',
        fields: 'id',
        read: { query: 'query ($id: ID!) { product(id: $id) { ...record } }' },
      },
    },
    webhooks: {
      scheme: { kind: 'standard' },
      resource: { path: 'type', before: '.' },
      id: 'data.id',
      deleted: { path: 'type', endsWith: '.deleted' },
    },
  }
  const system = connect('http://127.0.0.1:1', { manifest, webhooks: { secret } })
  const text = JSON.stringify({ type: 'products.deleted', data: { id: 'p1' } })
  const at = new Date()
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign('msg_1', at, text),
  }
  const delivery = { headers, body: Buffer.from(text), receivedAt: at.getTime() }
  expect(await system.webhook?.(delivery)).toEqual({
    kind: 'accepted',
    deliveryId: 'msg_1',
    changed: [{ resource: 'products', nativeId: 'p1', deleted: true }],
  })
  const forged = { ...delivery, body: Buffer.from(text.replace('p1', 'p2')) }
  expect(await system.webhook?.(forged)).toMatchObject({ kind: 'refused' })
})
