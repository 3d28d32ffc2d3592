import { fileURLToPath } from 'node:url'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, test } from 'vitest'
import { type ShopOptions, type ShopServer, startShop } from '../../../test/support/graphql/shop-server.ts'
import { sendJson, startServer } from '../../../test/support/local-server.ts'
import type { CallContext, ConnectedSystem, ListEnd, Resource } from '../kit/contract.ts'
import { connectSystem } from '../registry.ts'

const open: { close(): Promise<void> }[] = []
const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }
const manifestFile = fileURLToPath(new URL('./fixtures/shop.yaml', import.meta.url))

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

function connect(url: string, config: Record<string, unknown> = {}, timeoutMs = 5_000): ConnectedSystem {
  const system = connectSystem(
    {
      name: 'shop',
      connector: 'graphql',
      config: { url, allowHttp: true, manifest: manifestFile, ...config },
      timing: { readTimeoutMs: timeoutMs, writeTimeoutMs: timeoutMs, concurrency: 8 },
    },
    { clock },
  )
  open.push(system)
  return system
}

async function shopOf(
  options: ShopOptions = {},
  config: Record<string, unknown> = {},
): Promise<{ shop: ShopServer; system: ConnectedSystem; products: Resource }> {
  const shop = await startShop(options)
  open.push(shop)
  const system = connect(shop.url, config)
  return { shop, system, products: system.resource('products') }
}

const readThing = 'query ($id: ID!) { thing(id: $id) { ...record } }'

/** A GraphQL API whose answers the test writes itself. */
async function scripted(
  answer: (query: string, calls: number) => unknown,
  resource: Record<string, unknown> = {},
  status = 200,
): Promise<{ things: Resource; system: ConnectedSystem; seen: () => number }> {
  let calls = 0
  const server = await startServer((request, response) => {
    calls += 1
    const { query } = JSON.parse(request.body) as { query: string }
    sendJson(response, status, answer(query, calls))
  })
  open.push(server)
  const manifest = {
    resources: {
      things: {
        type: 'Thing',
        fields: 'id name',
        read: { query: readThing },
        create: {
          as: 'none',
          query:
            'mutation ($input: T!) { thingCreate(input: $input) { thing { ...record } userErrors { code field } } }',
        },
        update: {
          query:
            'mutation ($id: ID!, $input: T!) { thingUpdate(id: $id, input: $input) { thing { ...record } userErrors { code field } } }',
        },
        ...resource,
      },
    },
  }
  const system = connect(server.url, { manifest }, 1_000)
  return { system, things: system.resource('things'), seen: () => calls }
}

async function listOf(resource: Resource): Promise<{ rids: string[]; end: ListEnd }> {
  const rids: string[] = []
  const pages = resource.list(context)
  for (;;) {
    const next = await pages.next()
    if (next.done === true) return { rids, end: next.value }
    rids.push(...next.value.map(({ rid }) => rid))
  }
}

const body = (seed: number) => ({
  sku: `SKU-${seed}`,
  title: `Product ${seed}`,
  price: { amount: '12.50', currency: 'EUR' },
  stock: seed,
})

function insert(shop: ShopServer, count: number): string[] {
  return Array.from({ length: count }, (_, seed) => {
    const made = shop.products.create({ status: 'ACTIVE', ...body(seed) })
    return 'row' in made ? made.row.id : ''
  })
}

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
    const { rid } = made
    expect(await products.read(rid, context)).toMatchObject({
      kind: 'live',
      rid,
      version: '1',
      native: { stock: 1 },
    })
    expect(await products.find?.({ by: 'marker', recordId: 'r-1' }, context)).toEqual({
      kind: 'found',
      rids: [rid],
      capped: false,
    })
    const bySku = await products.find?.(
      { by: 'values', values: { sku: 'SKU-1', title: 'product 1' } },
      context,
    )
    expect(bySku).toMatchObject({ rids: [rid] })
    const other = await products.find?.({ by: 'values', values: { sku: 'SKU-1', title: 'another' } }, context)
    expect(other, 'what the search can not ask for is compared here').toMatchObject({ rids: [] })
    const update = { rid, patch: { stock: 9 }, idempotencyKey: 'k' }
    expect(await products.update?.({ ...update, ifVersion: '1' }, context)).toMatchObject({
      kind: 'ok',
      version: '2',
      native: { stock: 9, title: 'Product 1' },
    })
    expect(await products.update?.({ ...update, ifVersion: '1' }, context)).toEqual({ kind: 'stale' })
    expect(await products.remove?.({ rid, mode: 'delete', ifVersion: '1' }, context)).toEqual({
      kind: 'stale',
    })
    expect(await products.remove?.({ rid, mode: 'delete', ifVersion: '2' }, context)).toEqual({
      kind: 'ok',
      rid,
    })
    expect(await products.remove?.({ rid, mode: 'delete' }, context)).toEqual({ kind: 'gone' })
    expect(await products.read(rid, context)).toEqual({ kind: 'gone' })
    expect(await products.update?.(update, context)).toEqual({ kind: 'gone' })
  })

  test('a search by a field that it has no variable for finds nothing out, and says so', async () => {
    const { products } = await shopOf()
    const found = await products.find?.({ by: 'values', values: { title: 'x' } }, context)
    expect(found).toMatchObject({ kind: 'unknown', failure: { code: 'CONNECTOR_ANSWER_UNUSABLE' } })
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
    expect(await products.read(made.rid, context)).toMatchObject({ native: { title } })
  })

  test('reads many in one request, and asks by id for what did not come back', async () => {
    const { products, shop } = await shopOf()
    const [a = '', b = ''] = insert(shop, 2)
    const before = shop.requests.length
    const many = await products.readMany?.([b, 'Product-99999999', a], context)
    expect(many?.map((one) => (one.kind === 'live' ? one.rid : one.kind))).toEqual([b, 'gone', a])
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
    const { rids, end } = await listOf(products)
    expect(new Set(rids).size).toBe(230)
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
      { rid: first.rid, patch: { stock: 5 }, ifVersion: '1', idempotencyKey: 'a' },
      { rid: last.rid, patch: { stock: 6 }, ifVersion: '9', idempotencyKey: 'b' },
      { rid: 'nobody', patch: { stock: 7 }, idempotencyKey: 'c' },
    ]
    const changed = await products.updateMany?.(updates, context)
    expect(changed?.map(({ kind }) => kind)).toEqual(['ok', 'stale', 'gone'])
    expect(shop.products.get(first.rid)).toMatchObject({ stock: 5, version: 2 })
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

  test('a lost answer to a write is an unknown outcome, never sent again', async () => {
    const { products, shop } = await shopOf()
    shop.faults.loseNextAnswer({ method: 'POST' })
    const made = await products.create?.({ body: body(1), recordId: 'r', idempotencyKey: 'k' }, context)
    expect(made).toMatchObject({ kind: 'unknown' })
    expect(shop.products.size).toBe(1)
    shop.faults.loseNextAnswer({ method: 'GET' })
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
    const told = await drain(products, undefined)
    expect(new Set(told.rids).size).toBe(280)
    expect(told.rids).toHaveLength(280)
    now += 60_000
    shop.products.update('Product-00000007', { stock: 99 })
    const next = await drain(products, told.cursor)
    expect(next.rids).toEqual(['Product-00000007'])
    expect((await drain(products, next.cursor)).rids).toEqual([])
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
      seen.push(...page.changed.map(({ rid }) => rid))
      cursor = page.cursor
      more = page.more
    }
    expect(new Set(seen).size).toBe(250)
    expect(products.capabilities.changes.cursor).toBe('ts')
  })

  async function drain(
    resource: Resource,
    from: string | undefined,
  ): Promise<{ rids: string[]; cursor: string }> {
    const rids: string[] = []
    let cursor = from
    for (let pages = 0; pages < 50; pages += 1) {
      const page = await resource.changes?.(cursor, context)
      if (page?.kind !== 'page') return expect.fail(JSON.stringify(page))
      rids.push(...page.changed.map(({ rid }) => rid))
      cursor = page.cursor
      if (!page.more) return { rids, cursor }
    }
    return expect.fail('the feed does not end')
  }

  function insert0(shop: ShopServer, from: number, count: number): void {
    for (let seed = from; seed < from + count; seed += 1)
      shop.products.create({ status: 'ACTIVE', ...body(seed) })
  }
})

describe('an answer with errors is never taken for a record, for absence or for an empty list', () => {
  const error = { message: 'no', extensions: { code: 'INTERNAL_SERVER_ERROR' } }

  test.each([
    ['null with an error', { data: { thing: null }, errors: [{ ...error, path: ['thing'] }] }],
    [
      'a field that is null because of an error',
      { data: { thing: { id: '1', name: null } }, errors: [{ ...error, path: ['thing', 'name'] }] },
    ],
    ['no data', { errors: [error] }],
    ['data that is null', { data: null, errors: [error] }],
    ['neither data nor errors', {}],
    ['a list', []],
    ['no such field', { data: {} }],
    ['a record without an id', { data: { thing: { name: 'x' } } }],
  ])('a read answered with %s', async (_title, answer) => {
    const { things } = await scripted(() => answer)
    expect(await things.read('1', context)).toMatchObject({ kind: 'unknown' })
  })

  test('null without an error is gone, unless the manifest says otherwise', async () => {
    const plain = await scripted(() => ({ data: { thing: null } }))
    expect(await plain.things.read('1', context)).toEqual({ kind: 'gone' })
    const careful = await scripted(() => ({ data: { thing: null } }), { errors: { nullIsGone: false } })
    expect(await careful.things.read('1', context)).toMatchObject({ kind: 'unknown' })
    const coded = {
      data: null,
      errors: [{ message: 'x', extensions: { code: 'NOT_THERE' }, path: ['thing'] }],
    }
    const named = await scripted(() => coded, { errors: { gone: ['NOT_THERE'] } })
    expect(await named.things.read('1', context)).toEqual({ kind: 'gone' })
    const owner = { ...coded, errors: [{ ...coded.errors[0], path: ['thing', 'owner'] }] }
    const refers = await scripted(() => owner, { errors: { gone: ['NOT_THERE'] } })
    expect(await refers.things.read('1', context), 'what it refers to is gone').toMatchObject({
      kind: 'unknown',
    })
  })

  const list = {
    paging: 'connection',
    stable: true,
    query:
      'query ($after: String) { things(after: $after) { nodes { ...record } pageInfo { hasNextPage endCursor } } }',
  }
  const pageInfo = { hasNextPage: false, endCursor: null }

  test.each([
    ['null for the list', { data: { things: { nodes: null, pageInfo } } }],
    ['null for the connection', { data: { things: null } }],
    [
      'an error beside an empty list',
      { data: { things: { nodes: [], pageInfo } }, errors: [{ ...error, path: ['things'] }] },
    ],
    ['a null record', { data: { things: { nodes: [null], pageInfo } } }],
    ['no word about a next page', { data: { things: { nodes: [], pageInfo: {} } } }],
    [
      'a next page without a cursor',
      { data: { things: { nodes: [{ id: '1' }], pageInfo: { hasNextPage: true, endCursor: null } } } },
    ],
    [
      'the same cursor for ever',
      { data: { things: { nodes: [{ id: '1' }], pageInfo: { hasNextPage: true, endCursor: 'c' } } } },
    ],
  ])('a list answered with %s', async (_title, answer) => {
    const { things, seen } = await scripted(() => answer, { list })
    await expect(listOf(things)).rejects.toMatchObject({ code: expect.stringMatching(/^CONNECTOR_ANSWER/) })
    expect(seen()).toBeLessThan(5)
  })

  test('cursors that go in a circle are noticed', async () => {
    const page = (calls: number) => ({ hasNextPage: true, endCursor: `c${calls % 7}` })
    const { things, seen } = await scripted(
      (_query, calls) => ({ data: { things: { nodes: [], pageInfo: page(calls) } } }),
      { list },
    )
    await expect(listOf(things)).rejects.toMatchObject({ code: 'CONNECTOR_ANSWER_UNUSABLE' })
    expect(seen()).toBeLessThan(40)
  })
})

describe('what may have taken effect', () => {
  const create = { body: { name: 'x' }, recordId: 'r', idempotencyKey: 'k' }
  const coded = (code: string) => ({ message: 'told', extensions: { code } })
  const at = (code: string) => ({ ...coded(code), path: ['thingCreate'] })
  const made = { thing: { id: '1', name: 'x' }, userErrors: [] }

  test.each([
    ['a request error: nothing ran', { errors: [{ message: 'Unknown argument' }] }, 'rejected'],
    ['THROTTLED', { errors: [coded('THROTTLED')] }, 'not-sent'],
    ['UNAUTHENTICATED', { errors: [coded('UNAUTHENTICATED')] }, 'not-sent'],
    ['FORBIDDEN by the resolver', { data: null, errors: [at('FORBIDDEN')] }, 'not-sent'],
    [
      'BAD_USER_INPUT by the resolver',
      { data: { thingCreate: null }, errors: [at('BAD_USER_INPUT')] },
      'rejected',
    ],
    ['a resolver that threw', { data: null, errors: [at('INTERNAL_SERVER_ERROR')] }, 'unknown'],
    [
      'an error without a code',
      { data: { thingCreate: null }, errors: [{ message: 'oops', path: ['thingCreate'] }] },
      'unknown',
    ],
    [
      'two errors of which one is not understood',
      { data: null, errors: [at('FORBIDDEN'), at('E42')] },
      'unknown',
    ],
    [
      'a result beside an error',
      {
        data: { thingCreate: made },
        errors: [{ ...coded('FORBIDDEN'), path: ['thingCreate', 'thing', 'name'] }],
      },
      'unknown',
    ],
    [
      'a field of the result that is FORBIDDEN, with the result lost to it',
      { data: null, errors: [{ ...coded('FORBIDDEN'), path: ['thingCreate', 'thing', 'name'] }] },
      'unknown',
    ],
    [
      'a field of the result that is THROTTLED, with the result lost to it',
      { data: { thingCreate: null }, errors: [{ ...coded('THROTTLED'), path: ['thingCreate', 'thing'] }] },
      'unknown',
    ],
    [
      'a field of the result with BAD_USER_INPUT, with the result lost to it',
      {
        data: { thingCreate: null },
        errors: [{ ...coded('BAD_USER_INPUT'), path: ['thingCreate', 'thing', 'name'] }],
      },
      'unknown',
    ],
    ['null without an error', { data: { thingCreate: null } }, 'unknown'],
    [
      'a record without an id',
      { data: { thingCreate: { thing: { name: 'x' }, userErrors: [] } } },
      'unknown',
    ],
    [
      'user errors',
      { data: { thingCreate: { thing: null, userErrors: [{ code: 'TAKEN', field: ['input', 'name'] }] } } },
      'rejected',
    ],
    ['a page of a proxy', 'oops', 'unknown'],
    ['the record', { data: { thingCreate: made } }, 'ok'],
  ])('a create answered with %s', async (_title, answer, kind) => {
    const { things, seen } = await scripted(() => answer)
    expect(await things.create?.(create, context)).toMatchObject({ kind })
    expect(seen()).toBe(1)
  })

  test.each([
    [400, { errors: [coded('GRAPHQL_VALIDATION_FAILED')] }, 'rejected'],
    [404, { errors: [{ message: 'no such route' }] }, 'rejected'],
    [404, { message: 'not here' }, 'unknown'],
    [429, {}, 'not-sent'],
    [500, { errors: [coded('BAD_USER_INPUT')] }, 'unknown'],
    [503, {}, 'unknown'],
  ])('a create answered with status %i', async (status, answer, kind) => {
    const { things } = await scripted(() => answer, {}, status)
    expect(await things.create?.(create, context)).toMatchObject({ kind })
    const read = await things.read('1', context)
    expect(read, 'no status of the one address says that a record is gone').toMatchObject({ kind: 'unknown' })
  })

  test('refusals of an API that may have done a part of the work are an unknown outcome', async () => {
    const answer = { data: { thingCreate: { thing: null, userErrors: [{ code: 'X' }] } } }
    const { things } = await scripted(() => answer, { errors: { userErrorsArePartial: true } })
    expect(await things.create?.(create, context)).toMatchObject({ kind: 'unknown' })
  })

  test('numbers keep their digits, both ways', async () => {
    const server = await startServer((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const isWrite = request.body.includes('mutation')
      const thing = '{"id":9007199254740993,"name":0.1000000000000000055}'
      response.end(isWrite ? `{"data":{"thingUpdate":{"thing":${thing}}}}` : `{"data":{"thing":${thing}}}`)
    })
    open.push(server)
    const manifest = {
      resources: {
        things: {
          type: 'Thing',
          fields: 'id name',
          read: { query: 'query ($id: Long!) { thing(id: $id) { ...record } }' },
          update: {
            query:
              'mutation ($id: Long!, $input: T!) { thingUpdate(id: $id, input: $input) { thing { ...record } } }',
          },
        },
      },
    }
    const things = connect(server.url, { manifest }).resource('things')
    const read = await things.read('9007199254740993', context)
    if (read.kind !== 'live') return expect.fail(JSON.stringify(read))
    expect(read.rid).toBe('9007199254740993')
    await things.update?.({ rid: read.rid, patch: { name: read.native.name }, idempotencyKey: 'k' }, context)
    expect(server.seen[0]?.body).toContain('"id":9007199254740993')
    expect(server.seen[1]?.body).toContain('"name":0.1000000000000000055')
  })
})

describe('cost', () => {
  test('waits until the points for a request are there, and tells how many are left', async () => {
    const { products, shop, system } = await shopOf({ cost: { maximum: 40, restoreRate: 200 } })
    insert(shop, 3)
    for (let n = 0; n < 12; n += 1) {
      const update = { rid: 'Product-00000001', patch: { stock: n }, idempotencyKey: 'k' }
      expect(await products.update?.(update, context)).toMatchObject({ kind: 'ok' })
    }
    expect(shop.requests, 'none was throttled').toHaveLength(12)
    const usage = await system.usage?.(context)
    expect(usage).toMatchObject({ kind: 'known', quotas: [{ name: 'queryCost', limit: 40, windowMs: 200 }] })
  })

  test('a throttled request says when to come back, and a write whose start time passes is not sent', async () => {
    const { products, shop } = await shopOf({ cost: { maximum: 12, restoreRate: 2 } })
    const [rid = ''] = insert(shop, 1)
    const update = { rid, patch: { stock: 4 }, idempotencyKey: 'k' }
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
    expect(shop.products.get(rid)).toMatchObject({ stock: 4 })
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
    ['no GraphQL', { read: { query: 'query {' } }, /read\.query: this is no GraphQL.*line 1/],
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
    ['fields with braces that do not close', { read, fields: 'id price {' }, /fields: this is no GraphQL/],
    ['a mistyped key', { read, chnges: {} }, /chnges.*changes/],
  ])('%s', async (_title, resource, message) => {
    const manifest = { resources: { things: { type: 'Thing', fields: 'id', ...resource } } }
    expect(() => connect('http://127.0.0.1:1', { manifest })).toThrow(message)
  })
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
    changed: [{ resource: 'products', rid: 'p1', deleted: true }],
  })
  const forged = { ...delivery, body: Buffer.from(text.replace('p1', 'p2')) }
  expect(await system.webhook?.(forged)).toMatchObject({ kind: 'refused' })
})
