import { expect, test } from 'vitest'
import { connectFake, context, listAllOf } from '../../../test/support/stripe/connected.ts'

const create = (body: Record<string, unknown>, recordId = 'r-1', idempotencyKey = `key of ${recordId}`) => ({
  body,
  recordId,
  idempotencyKey,
})

test('a customer is created with our record id in its metadata, read, changed and deleted', async () => {
  await using shop = await connectFake()
  const customers = shop.resource('customers')
  const made = await customers.create?.(
    create({ name: 'Ada', address: { city: 'London', line2: null }, metadata: { crm: '7' }, phone: null }),
    context,
  )
  expect(made).toMatchObject({
    kind: 'ok',
    native: { name: 'Ada', metadata: { crm: '7', isthmus_id: 'r-1' } },
  })
  if (made?.kind !== 'ok') return
  const { nativeId } = made
  expect(customers.markerOf?.(made.native ?? {})).toBe('r-1')
  expect(await customers.find?.({ by: 'marker', recordId: 'r-1' }, context)).toEqual({
    kind: 'found',
    nativeIds: [nativeId],
    capped: false,
  })
  const changed = await customers.update?.(
    { nativeId, patch: { name: 'Ada L.' }, base: made.native ?? {}, idempotencyKey: 'k-2' },
    context,
  )
  expect(changed).toMatchObject({
    kind: 'ok',
    nativeId,
    native: { name: 'Ada L.', address: { city: 'London' } },
  })
  expect(await customers.remove?.({ nativeId, mode: 'delete' }, context)).toEqual({ kind: 'ok', nativeId })
  expect(await customers.read(nativeId, context)).toEqual({ kind: 'gone' })
  expect(await customers.remove?.({ nativeId, mode: 'delete' }, context)).toEqual({ kind: 'gone' })
  expect(
    await customers.update?.({ nativeId, patch: { name: 'x' }, idempotencyKey: 'k-3' }, context),
  ).toEqual({
    kind: 'gone',
  })
})

test('every call names the pinned version, and the connected account where there is one', async () => {
  await using shop = await connectFake({ account: 'acct_shop' }, { connected: ['acct_shop'] })
  expect(await shop.system.fingerprint(context)).toEqual({ kind: 'known', value: 'acct_shop test' })
  await shop.resource('customers').create?.(create({ name: 'Ada' }), context)
  for (const { headers } of shop.fake.seen) {
    expect(headers['stripe-version']).toBe('2026-10-28.endive')
    expect(headers['stripe-account']).toBe('acct_shop')
  }
  expect(shop.fake.account.objects.size).toBe(0)
  expect(shop.fake.accountOf('acct_shop').objects.size).toBe(1)
})

test('a patch of one part sends a nested object whole, keeps the metadata of others and clears what became null', async () => {
  await using shop = await connectFake()
  const customers = shop.resource('customers')
  const nativeId = shop.fake.insert('customers', {
    name: 'Ada',
    phone: '1',
    address: { city: 'London', line1: 'a', line2: 'b', country: null, postal_code: null, state: null },
    metadata: { isthmus_id: 'r-1', theirs: '1', ours: '1', old: '1' },
  })
  const read = await customers.read(nativeId, context)
  if (read.kind !== 'live') throw new RangeError(read.kind)
  // Meanwhile another application changes a key of its own.
  shop.fake.change(nativeId, { metadata: { isthmus_id: 'r-1', theirs: '2', ours: '1', old: '1' } })
  await customers.update?.(
    {
      nativeId,
      base: read.native,
      patch: {
        phone: null,
        address: { city: 'Paris', line1: 'a', line2: null, country: null, postal_code: null, state: null },
        metadata: { theirs: '1', ours: '2' },
        shipping: null,
      },
      idempotencyKey: 'k',
    },
    context,
  )
  expect(shop.fake.account.objects.get(nativeId)?.native).toMatchObject({
    phone: null,
    address: { city: 'Paris', line1: 'a', line2: null },
    metadata: { isthmus_id: 'r-1', theirs: '2', ours: '2' },
  })
  expect(new URLSearchParams(shop.fake.seen.at(-1)?.body)).toEqual(
    new URLSearchParams(
      'phone=&address[city]=Paris&address[line1]=a&address[line2]=&metadata[ours]=2&metadata[old]=',
    ),
  )
})

test('a create under the same key makes one record, and a stored 500 comes again until it is found by its marker', async () => {
  await using shop = await connectFake()
  const products = shop.resource('products')
  const first = await products.create?.(create({ name: 'Tea' }), context)
  expect(await products.create?.(create({ name: 'Tea' }), context)).toEqual(first)
  shop.fake.failNext({ method: 'POST', takesEffect: true })
  const request = create({ name: 'Milk' }, 'r-2')
  for (let time = 0; time < 3; time += 1) {
    expect(await products.create?.(request, context)).toMatchObject({
      kind: 'unknown',
      failure: {
        code: 'HTTP_STATUS_TRANSIENT',
        message: expect.stringMatching(/Stripe says: api_error\. Request req_/),
      },
    })
  }
  expect(products.capabilities.idempotency).toEqual({ ttlMs: 86_400_000, replaysErrors: true })
  const found = await products.find?.({ by: 'marker', recordId: 'r-2' }, context)
  expect(found).toMatchObject({ kind: 'found', nativeIds: [expect.stringMatching(/^prod_/)] })
  // The key is bound to those parameters: another request with it may mean that the first one took effect.
  expect(await products.create?.(create({ name: 'Cream' }, 'r-2'), context)).toMatchObject({
    kind: 'unknown',
    failure: { message: expect.stringContaining('idempotency_error') },
  })
  expect(shop.fake.account.events.filter(({ type }) => type === 'product.created')).toHaveLength(2)
})

test('a list is emptied where Stripe allows that, refused where it does not, and left alone where it is empty already', async () => {
  await using shop = await connectFake()
  const images = ['https://example.org/a.png']
  const product = shop.fake.insert('products', { name: 'Tea', images })
  const emptied = { nativeId: product, patch: { images: [] }, base: { images }, idempotencyKey: 'k' }
  expect(await shop.resource('products').update?.(emptied, context)).toMatchObject({ native: { images: [] } })
  const customer = shop.fake.insert('customers', { preferred_locales: ['en'] })
  const update = (before: string[]) =>
    shop.resource('customers').update?.(
      {
        nativeId: customer,
        patch: { preferred_locales: [] },
        base: { preferred_locales: before },
        idempotencyKey: `k${before.length}`,
      },
      context,
    )
  expect(await update(['en'])).toMatchObject({ kind: 'rejected', failure: { code: 'MAPPING_FAILED' } })
  expect(await update([])).toMatchObject({ kind: 'ok' })
})

test('a lock concerns the record, a limit the whole system, and neither took effect', async () => {
  await using shop = await connectFake()
  const customers = shop.resource('customers')
  const nativeId = shop.fake.insert('customers', { name: 'Ada' })
  const update = () => customers.update?.({ nativeId, patch: { name: 'x' }, idempotencyKey: 'k' }, context)
  shop.fake.lockNext('POST')
  expect(await update()).toMatchObject({
    kind: 'not-sent',
    failure: { scope: 'record', message: expect.stringContaining('lock_timeout') },
  })
  shop.fake.limitNext('POST')
  expect(await update()).toMatchObject({ kind: 'not-sent', failure: { scope: 'system' } })
  expect(await update()).toMatchObject({ kind: 'ok', native: { name: 'x' } })
})

test('refused data is rejected with code, parameter and request id, and without the values', async () => {
  await using shop = await connectFake()
  const prices = shop.resource('prices')
  const refused = await prices.create?.(create({ currency: 'eur', unit_amount: 'ten' }), context)
  expect(refused).toMatchObject({ kind: 'rejected', fields: ['unit_amount'] })
  expect(JSON.stringify(refused)).not.toContain('ten')
  expect(refused).toMatchObject({
    failure: {
      scope: 'record',
      message: expect.stringMatching(/parameter_invalid_integer\. Request req_\d+\.$/),
    },
  })
  // An object that a create refers to is missing: the record itself can't be gone.
  expect(
    await prices.create?.(create({ currency: 'eur', unit_amount: 1, product: 'prod_none' }, 'r-2'), context),
  ).toMatchObject({ kind: 'rejected', fields: ['product'] })
})

test('only the API’s own word about this very record is a deletion', async () => {
  await using shop = await connectFake()
  const customers = shop.resource('customers')
  expect(await customers.read('cus_none', context)).toEqual({ kind: 'gone' })
  const other = shop.again({ auth: { type: 'bearer', token: 'sk_test_other' } })
  expect(await other.resource('customers').read('cus_none', context)).toMatchObject({
    kind: 'unknown',
    failure: { scope: 'system' },
  })
  expect(await customers.read(shop.fake.insert('products', { name: 'Tea' }), context)).toEqual({
    kind: 'gone',
  })
})

test('the list goes newest first over ties and is complete while others come and go', async () => {
  await using shop = await connectFake({ pageSize: 5 })
  shop.fake.freeze()
  const nativeIds = Array.from({ length: 23 }, (_, n) =>
    shop.fake.insert('customers', { name: `n${n}` }),
  ).toReversed()
  const { nativeIds: listed, end } = await listAllOf(shop.resource('customers'), (page) => {
    if (page > 2) return
    shop.fake.insert('customers', { name: 'new' })
    // The last object of the page, after which the next one begins, and one that is still to come.
    shop.fake.remove(String(nativeIds[page * 5 - 1]))
    shop.fake.remove(String(nativeIds[page * 5 + 6]))
  })
  const vanished = [nativeIds[11], nativeIds[16]]
  expect(listed).toEqual(nativeIds.filter((nativeId) => !vanished.includes(nativeId)))
  expect(end).toEqual({ complete: true })
})

test('a list of prices never proves absence', async () => {
  await using shop = await connectFake()
  shop.fake.insert('prices', { currency: 'eur', unit_amount: 5, product: 'prod_x' })
  const { nativeIds, end } = await listAllOf(shop.resource('prices'))
  expect(nativeIds).toHaveLength(1)
  expect(end).toMatchObject({ complete: false, ended: true })
  expect(shop.resource('prices').capabilities.list.paging).toBe('offset')
})

test('several products are read with one request, and those that do not come back by themselves', async () => {
  await using shop = await connectFake()
  const products = shop.resource('products')
  const [a, b] = ['A', 'B'].map((name) => shop.fake.insert('products', { name }))
  shop.fake.remove(String(b))
  const read = await products.readMany?.([String(b), String(a)], context)
  expect(read?.map((one) => (one.kind === 'live' ? one.native.name : one.kind))).toEqual(['gone', 'A'])
  expect(shop.fake.seen).toHaveLength(2)
})

test('each resource offers what Stripe has for it', async () => {
  await using shop = await connectFake()
  const offered = ['customers', 'products', 'prices', 'payment_intents', 'invoices', 'charges'].map(
    (name) => {
      const { capabilities, create, remove } = shop.resource(name)
      expect([create !== undefined, remove !== undefined]).toEqual([
        capabilities.create !== 'unsupported',
        capabilities.remove !== 'none',
      ])
      return [name, capabilities.create, capabilities.remove, capabilities.deletes, capabilities.version]
    },
  )
  expect(offered).toEqual([
    ['customers', 'idempotencyKey', 'delete', 'feed', 'none'],
    ['products', 'idempotencyKey', 'both', 'feed', 'none'],
    ['prices', 'idempotencyKey', 'archive', 'feed', 'none'],
    ['payment_intents', 'idempotencyKey', 'none', 'byId', 'none'],
    ['invoices', 'idempotencyKey', 'delete', 'feed', 'none'],
    ['charges', 'unsupported', 'none', 'byId', 'none'],
  ])
  expect(() => shop.resource('customer')).toThrow(/did you mean customers/)
})

test('products and prices are archived, a product with prices is not deleted, an invoice only as a draft', async () => {
  await using shop = await connectFake()
  const product = shop.fake.insert('products', { name: 'Tea' })
  const price = shop.fake.insert('prices', { product, currency: 'eur', unit_amount: 5 })
  const products = shop.resource('products')
  expect(await products.remove?.({ nativeId: product, mode: 'delete' }, context)).toMatchObject({
    kind: 'rejected',
  })
  expect(await products.remove?.({ nativeId: product, mode: 'archive' }, context)).toMatchObject({
    kind: 'ok',
    native: { active: false },
  })
  const archived = await shop.resource('prices').remove?.({ nativeId: price, mode: 'archive' }, context)
  expect(archived).toMatchObject({ kind: 'ok', native: { active: false } })
  const customer = shop.fake.insert('customers', {})
  const invoice = shop.fake.insert('invoices', { customer, status: 'paid' })
  const invoices = shop.resource('invoices')
  expect(await invoices.remove?.({ nativeId: invoice, mode: 'delete' }, context)).toMatchObject({
    kind: 'rejected',
  })
})

test('references come expanded where the section says so, in reads, lists and answers to writes', async () => {
  await using shop = await connectFake({
    expand: { payment_intents: ['customer', 'latest_charge.customer'] },
  })
  const customer = shop.fake.insert('customers', { name: 'Ada' })
  const charge = shop.fake.insert('charges', { customer, amount: 5, currency: 'eur' })
  const nativeId = shop.fake.insert('payment_intents', {
    customer,
    latest_charge: charge,
    amount: 5,
    currency: 'eur',
  })
  const intents = shop.resource('payment_intents')
  const expected = { customer: { name: 'Ada' }, latest_charge: { id: charge, customer: { name: 'Ada' } } }
  expect(await intents.read(nativeId, context)).toMatchObject({ native: expected })
  expect((await intents.list(context).next()).value).toMatchObject([{ native: expected }])
  const patch = { description: 'x' }
  expect(await intents.update?.({ nativeId, patch, idempotencyKey: 'k' }, context)).toMatchObject({
    native: expected,
  })
})

test('amounts are as Stripe counts them, or decimals of their currency in both directions', async () => {
  await using shop = await connectFake({ amounts: 'decimal' })
  const intents = shop.resource('payment_intents')
  const made = await intents.create?.(create({ amount: '10.99', currency: 'EUR' }), context)
  expect(made).toMatchObject({
    kind: 'ok',
    native: { amount: '10.99', amount_received: '0.00', currency: 'eur' },
  })
  if (made?.kind !== 'ok') return
  expect(shop.fake.account.objects.get(made.nativeId)?.native).toMatchObject({
    amount: 1099,
    currency: 'eur',
  })
  const yen = shop.fake.insert('payment_intents', { amount: 500, currency: 'jpy' })
  expect(await intents.read(yen, context)).toMatchObject({ native: { amount: '500' } })
  const base = { currency: 'jpy' }
  const update = (amount: unknown) =>
    intents.update?.(
      { nativeId: yen, patch: { amount }, base, idempotencyKey: `k${String(amount)}` },
      context,
    )
  expect(await update(700)).toMatchObject({ kind: 'ok', native: { amount: '700' } })
  expect(await update('7.5')).toMatchObject({ kind: 'rejected', failure: { code: 'VALUE_INEXACT' } })
  expect(
    await intents.update?.({ nativeId: yen, patch: { amount: '1' }, base: {}, idempotencyKey: 'k' }, context),
  ).toMatchObject({ kind: 'rejected', failure: { code: 'MAPPING_FAILED' } })
})

test('a search by values says which ones it can’t search for, and compares what the index shows', async () => {
  await using shop = await connectFake({}, { searchLagMs: 60_000 })
  const customers = shop.resource('customers')
  const nativeId = shop.fake.insert('customers', { email: "o'neil@example.org" })
  const values = { email: "O'Neil@example.org" }
  expect(await customers.find?.({ by: 'values', values }, context)).toMatchObject({ nativeIds: [] })
  shop.fake.advance(60_000)
  expect(await customers.find?.({ by: 'values', values }, context)).toEqual({
    kind: 'found',
    nativeIds: [nativeId],
    capped: false,
  })
  expect(await customers.find?.({ by: 'values', values: { description: 'x' } }, context)).toMatchObject({
    kind: 'unknown',
    failure: { message: expect.stringContaining("can't search customers by description") },
  })
  expect(customers.capabilities.search?.lagMs).toBe(3_600_000)
})

test('a mistyped key and a wrong kind of credential are named', async () => {
  await using shop = await connectFake()
  expect(() => shop.again({ amount: 'decimal' })).toThrow(/amounts/)
  expect(() => shop.again({ auth: { type: 'basic', username: 'a', password: 'b' } })).toThrow(/auth/)
  expect(() => shop.again({ expand: { customer: ['x'] } })).toThrow(/expand/)
  expect(() => shop.again({ pageSize: 1_000 })).toThrow(/pageSize/)
})
