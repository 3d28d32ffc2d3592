import Stripe from 'stripe'
import { afterEach, describe, expect, test } from 'vitest'
import { type FakeStripe, type FakeStripeOptions, startFakeStripe } from './fake-stripe.ts'
import { signedDelivery } from './webhook-endpoint.ts'

const open: FakeStripe[] = []

afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

/** Stripe's own client, connected to the fake. */
async function foreignClient(options: FakeStripeOptions = {}): Promise<{ fake: FakeStripe; stripe: Stripe }> {
  const fake = await startFakeStripe(options)
  open.push(fake)
  const { port } = new URL(fake.url)
  const stripe = new Stripe(fake.key, {
    host: '127.0.0.1',
    port: Number(port),
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
  })
  return { fake, stripe }
}

describe("the fake, with Stripe's own client", () => {
  test('creates, reads, changes and deletes customers, and returns a deleted one with only its id', async () => {
    const { stripe } = await foreignClient()
    const made = await stripe.customers.create({
      name: 'Ada',
      address: { city: 'London', line1: 'St James’s Square' },
      metadata: { crm: '7' },
      preferred_locales: ['en', 'fr'],
    })
    expect(made).toMatchObject({ object: 'customer', name: 'Ada', preferred_locales: ['en', 'fr'] })
    expect(made.address).toMatchObject({ city: 'London', line2: null })
    const changed = await stripe.customers.update(made.id, {
      metadata: { erp: '8', crm: '' },
      address: { city: 'Paris' },
    })
    expect(changed.metadata).toEqual({ erp: '8' })
    expect(changed.address).toMatchObject({ city: 'Paris', line1: null })
    expect(await stripe.customers.del(made.id)).toMatchObject({ id: made.id, deleted: true })
    expect(await stripe.customers.retrieve(made.id)).toMatchObject({ id: made.id, deleted: true })
    await expect(stripe.customers.update(made.id, { name: 'x' })).rejects.toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
      requestId: expect.stringMatching(/^req_/),
    })
  })

  test('lists newest first, page after page, in both directions, with ties in a total order', async () => {
    const { fake, stripe } = await foreignClient()
    fake.freeze()
    const ids = Array.from({ length: 25 }, (_, n) => fake.insert('customers', { name: `n${n}` })).toReversed()
    const all = await stripe.customers.list({ limit: 10 }).autoPagingToArray({ limit: 100 })
    expect(all.map(({ id }) => id)).toEqual(ids)
    const upwards = await stripe.customers
      .list({ limit: 10, ending_before: String(ids.at(-1)) })
      .autoPagingToArray({ limit: 100 })
    expect(upwards.map(({ id }) => id)).toEqual(ids.slice(0, -1).toReversed())
    fake.remove(String(ids[9]))
    await expect(stripe.customers.list({ starting_after: String(ids[9]) })).rejects.toMatchObject({
      code: 'resource_missing',
      param: 'starting_after',
    })
  })

  test('repeats the response of a key for 24 hours, including a 500, and refuses another request under it', async () => {
    const { fake, stripe } = await foreignClient()
    const key = { idempotencyKey: 'k-1' }
    const first = await stripe.products.create({ name: 'Tea' }, key)
    const again = await stripe.products.create({ name: 'Tea' }, key)
    expect(again.id).toBe(first.id)
    expect(again.lastResponse.headers).toMatchObject({ 'idempotent-replayed': 'true' })
    await expect(stripe.products.create({ name: 'Coffee' }, key)).rejects.toMatchObject({
      type: 'StripeIdempotencyError',
    })
    fake.failNext({ method: 'POST', takesEffect: true })
    const broken = { idempotencyKey: 'k-2' }
    await expect(stripe.products.create({ name: 'Milk' }, broken)).rejects.toMatchObject({ statusCode: 500 })
    await expect(stripe.products.create({ name: 'Milk' }, broken)).rejects.toMatchObject({ statusCode: 500 })
    fake.advance(24 * 3_600_000)
    await stripe.products.create({ name: 'Milk' }, broken)
    const names = (await stripe.products.list()).data.map(({ name }) => name)
    expect(names).toEqual(['Milk', 'Milk', 'Tea'])
  })

  test('keeps no response for requests that never began: refused parameters, limits and locks', async () => {
    const { fake, stripe } = await foreignClient()
    const key = { idempotencyKey: 'k-1' }
    await expect(stripe.products.create({ name: '' }, key)).rejects.toMatchObject({
      code: 'parameter_missing',
    })
    fake.limitNext('POST')
    await expect(stripe.products.create({ name: 'Tea' }, key)).rejects.toMatchObject({
      type: 'StripeRateLimitError',
    })
    fake.lockNext('POST')
    await expect(stripe.products.create({ name: 'Tea' }, key)).rejects.toMatchObject({ code: 'lock_timeout' })
    expect((await stripe.products.create({ name: 'Tea' }, key)).name).toBe('Tea')
  })

  test('reports changes by events, which it forgets after 30 days', async () => {
    const { fake, stripe } = await foreignClient()
    const { id } = await stripe.customers.create({ name: 'Ada' })
    await stripe.customers.update(id, { name: 'Ada L.' })
    await stripe.customers.update(id, { name: 'Ada L.' })
    await stripe.customers.del(id)
    const types = (
      await stripe.events.list({ types: ['customer.created', 'customer.updated', 'customer.deleted'] })
    ).data
    expect(types.map(({ type }) => type)).toEqual([
      'customer.deleted',
      'customer.updated',
      'customer.created',
    ])
    expect(types[1]?.data).toMatchObject({ object: { id }, previous_attributes: { name: 'Ada' } })
    const [newest] = types
    expect(await stripe.events.retrieve(String(newest?.id))).toMatchObject({ type: 'customer.deleted' })
    fake.advance(30 * 86_400_000 + 2_000)
    expect((await stripe.events.list()).data).toEqual([])
  })

  test('finds by metadata once its index shows it, expands references and reads several by id', async () => {
    const { fake, stripe } = await foreignClient({ searchLagMs: 60_000 })
    const { id: customer } = await stripe.customers.create({ name: "O'Neil", metadata: { k: "it's" } })
    const query = "metadata['k']:'it\\'s' AND name:'o\\'neil'"
    expect((await stripe.customers.search({ query })).data).toEqual([])
    fake.advance(60_000)
    expect((await stripe.customers.search({ query })).data.map(({ id }) => id)).toEqual([customer])
    await stripe.paymentIntents.create({ amount: 1099, currency: 'EUR', customer })
    const [intent] = (await stripe.paymentIntents.list({ expand: ['data.customer'] })).data
    expect(intent).toMatchObject({
      amount: 1099,
      currency: 'eur',
      customer: { id: customer, name: "O'Neil" },
    })
    const a = await stripe.products.create({ name: 'A' })
    await stripe.products.create({ name: 'B' })
    expect((await stripe.products.list({ ids: [a.id, 'prod_none'] })).data.map(({ id }) => id)).toEqual([
      a.id,
    ])
  })

  test('refuses what Stripe refuses: unknown and bad parameters, keys, accounts and deletions', async () => {
    const { fake, stripe } = await foreignClient({ connected: ['acct_shop'] })
    const loose = { bogus: '1' } as Stripe.CustomerCreateParams
    await expect(stripe.customers.create(loose)).rejects.toMatchObject({ code: 'parameter_unknown' })
    await expect(
      stripe.customers.update(fake.insert('customers', {}), { shipping: '' }),
    ).rejects.toMatchObject({
      code: 'parameter_invalid_empty',
    })
    const product = fake.insert('products', { name: 'Tea' })
    fake.insert('prices', { product, currency: 'eur', unit_amount: 500 })
    await expect(stripe.products.del(product)).rejects.toMatchObject({ statusCode: 400 })
    await stripe.customers.create({ name: 'theirs' }, { stripeAccount: 'acct_shop' })
    expect((await stripe.customers.list({}, { stripeAccount: 'acct_shop' })).data).toHaveLength(1)
    await expect(stripe.customers.list({}, { stripeAccount: 'acct_other' })).rejects.toMatchObject({
      statusCode: 403,
    })
    const stranger = new Stripe('sk_test_other', {
      host: '127.0.0.1',
      port: Number(new URL(fake.url).port),
      protocol: 'http',
      maxNetworkRetries: 0,
    })
    await expect(stranger.customers.list()).rejects.toMatchObject({ statusCode: 401 })
  })

  test('signs deliveries as Stripe does, with both secrets while one is rolled', async () => {
    const { fake, stripe } = await foreignClient()
    fake.insert('customers', { name: 'Ada' })
    const [event] = fake.account.events
    if (event === undefined) throw new Error('no event')
    const { body, headers } = signedDelivery(event, { secrets: ['whsec_old', 'whsec_new'] })
    for (const secret of ['whsec_old', 'whsec_new']) {
      const signature = String(headers['stripe-signature'])
      expect(stripe.webhooks.constructEvent(body, signature, secret).id).toBe(event.id)
    }
  })
})
