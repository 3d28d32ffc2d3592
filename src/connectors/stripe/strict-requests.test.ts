/**
 * Every kind of request that the connector makes conforms to Stripe's OpenAPI document, checked by a
 * third-party validator.
 */
import { readFileSync } from 'node:fs'
import Stripe from 'stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectFake, context, listAllOf } from '../../../test/support/stripe/connected.ts'
import { type StrictValidator, startStrictValidator } from '../../../test/support/stripe/strict-validator.ts'
import type { Resource } from '../kit/contract.ts'
import { catalogue } from './catalogue.ts'
import { pinnedVersion } from './config.ts'

let validator: StrictValidator

beforeAll(async () => {
  validator = await startStrictValidator()
})
afterAll(() => validator.close())

const bodies: Readonly<Record<string, readonly [Record<string, unknown>, Record<string, unknown>]>> = {
  customers: [
    {
      name: 'Ada',
      email: 'ada@example.org',
      address: { city: 'London', country: 'GB', line1: 'a', line2: null, postal_code: 'x', state: null },
      shipping: { name: 'Ada', phone: '1', address: { line1: 'a', city: 'London' } },
      invoice_settings: { footer: 'Thanks' },
      preferred_locales: ['en', 'fr'],
      metadata: { 'a key': 'a value', n: 7 },
      balance: 5,
    },
    {
      description: null,
      address: { line1: 'b', city: null },
      preferred_locales: ['de'],
      metadata: { n: null },
    },
  ],
  products: [
    {
      name: 'Tea',
      images: ['https://example.org/a.png'],
      shippable: true,
      package_dimensions: { height: 1, length: 2.5, weight: 3, width: 4 },
    },
    { active: false, url: 'https://example.org/tea' },
  ],
  prices: [
    {
      currency: 'EUR',
      unit_amount: '10.99',
      product: 'prod_1',
      recurring: { interval: 'month', interval_count: 3 },
    },
    { nickname: 'Monthly', active: true, metadata: { a: 'b' } },
  ],
  payment_intents: [
    { amount: '10.99', currency: 'eur', payment_method_types: ['card'], receipt_email: 'a@example.org' },
    { amount: '20', description: 'Order 7', metadata: { order: '7' } },
  ],
  invoices: [
    { customer: 'cus_1', collection_method: 'send_invoice', days_until_due: 14, auto_advance: false },
    { description: 'For July', footer: null, metadata: { a: 'b' } },
  ],
  charges: [{}, { description: 'Order 7', receipt_email: null, metadata: { order: '7' } }],
}

async function exercise(resource: Resource, nativeId: string, base: Record<string, unknown>): Promise<void> {
  const [body = {}, patch = {}] = bodies[resource.name] ?? []
  await resource.create?.({ body, recordId: '0192-r', idempotencyKey: `c ${resource.name}` }, context)
  await resource.update?.({ nativeId, patch, base, idempotencyKey: `u ${resource.name}` }, context)
  await resource.read(nativeId, context)
  await resource.readMany?.([nativeId, 'prod_none'], context)
  await listAllOf(resource)
  const page = await resource.changes?.(undefined, context)
  if (page?.kind === 'page') await resource.changes?.(page.cursor, context)
  await resource.find?.({ by: 'marker', recordId: "it's" }, context)
  const values = { metadata: { a: 'b' } }
  await resource.find?.({ by: 'values', values }, context)
  const { remove } = resource.capabilities
  if (remove === 'archive' || remove === 'both')
    await resource.remove?.({ nativeId, mode: 'archive' }, context)
  if (remove === 'delete' || remove === 'both') await resource.remove?.({ nativeId, mode: 'delete' }, context)
}

test('no request deviates from the OpenAPI document', async () => {
  const expand = { customers: ['default_source'], charges: ['customer', 'payment_intent.customer'] }
  await using shop = await connectFake({ pageSize: 2, expand, amounts: 'decimal' })
  for (const { name } of catalogue) {
    const fresh = name === 'invoices' || name === 'customers' ? {} : { currency: 'eur' }
    const nativeIds = Array.from({ length: 5 }, () => shop.fake.insert(name, fresh))
    await exercise(shop.resource(name), String(nativeIds[0]), {
      currency: 'eur',
      description: 'before',
      footer: 'before',
      receipt_email: 'before@example.org',
      address: { line1: 'a', city: 'London' },
      preferred_locales: ['en'],
      metadata: { n: '7' },
    })
  }
  await shop.system.fingerprint(context)
  const paths = new Set(
    shop.fake.seen.map(
      ({ method, url }) => `${method} ${url.split(/[?]/)[0]?.split('/').slice(0, 3).join('/')}`,
    ),
  )
  expect(paths.size).toBeGreaterThan(14)
  const deviations = await Promise.all(shop.fake.seen.map((request) => validator.deviations(request)))
  expect(deviations.flat()).toEqual([])
  expect(shop.fake.seen.length).toBeGreaterThan(60)
})

test('the validator would have noticed', async () => {
  await using shop = await connectFake()
  const body = { bogus: '1', balance: 'much', metadata: { a: 'b' } }
  await shop.resource('customers').create?.({ body, recordId: 'r', idempotencyKey: 'k' }, context)
  const [request] = shop.fake.seen
  if (request === undefined) throw new RangeError('nothing was sent')
  const found = (await validator.deviations(request)).join('\n')
  expect(found).toContain('bogus')
  expect(found).toContain('body.balance')
})

test('the pinned version is that of Stripe’s own library', () => {
  expect(pinnedVersion).toBe(Stripe.API_VERSION)
})

test('every event type that the feed asks for is known to Stripe’s own library, at most twenty for a resource', () => {
  const types = readFileSync(
    new URL('./resources/WebhookEndpoints.d.ts', import.meta.resolve('stripe')),
    'utf8',
  )
  for (const { eventTypes } of catalogue) {
    expect(eventTypes.filter((type) => !types.includes(`'${type}'`))).toEqual([])
    expect(eventTypes.length).toBeLessThanOrEqual(20)
  }
})
