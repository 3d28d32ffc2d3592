/** A shop at (a fake of) Stripe, a CRM and (a fake of) Google Maps, kept in agreement by the real runtime on real PostgreSQL. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { checkIntegration } from '../../src/runtime/check/check-integration.ts'
import { readSettings } from '../../src/runtime/config.ts'
import { createRuntime, type IsthmusRuntime } from '../../src/runtime/create-runtime.ts'
import { loadDefinition } from '../../src/runtime/load-definition.ts'
import { tryRecord } from '../../src/runtime/try-record.ts'
import { listen } from '../../src/server/listen.ts'
import { withTestDatabase } from '../support/database.ts'
import { type FakeGoogleMaps, startFakeGoogleMaps } from '../support/google-maps/fake-google-maps.ts'
import { MemorySystem } from '../support/memory-systems/memory-system.ts'
import { type FakeStripe, startFakeStripe } from '../support/stripe/fake-stripe.ts'
import { WebhookEndpoint } from '../support/stripe/webhook-endpoint.ts'
import { testKey } from '../support/test-key.ts'

const file = fileURLToPath(new URL('../../src/connectors/stripe/fixtures/shop.yaml', import.meta.url))
const secret = 'whsec_of_the_shop'
const cleanUps: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

interface Shop {
  readonly stripe: FakeStripe
  readonly maps: FakeGoogleMaps
  readonly crm: MemorySystem
  readonly runtime: IsthmusRuntime
  readonly endpoint: WebhookEndpoint
}

async function open(): Promise<Shop> {
  const database = await withTestDatabase()
  cleanUps.push(() => database.close())
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-shop-'))
  cleanUps.push(() => rmSync(directory, { recursive: true, force: true }))
  const stripe = await startFakeStripe()
  cleanUps.push(() => stripe.close())
  const maps = await startFakeGoogleMaps()
  cleanUps.push(() => maps[Symbol.asyncDispose]())
  const crm = new MemorySystem('crm')
  const environment = {
    STRIPE_URL: stripe.url,
    STRIPE_KEY: stripe.key,
    STRIPE_HOOK_SECRET: secret,
    MAPS_URL: maps.url,
    MAPS_KEY: maps.key,
  }
  const runtime = await createRuntime({
    loaded: await loadDefinition({ file, environment }),
    settings: readSettings({ ...testKey, DATABASE_URL: database.connection }, directory),
    connectors: [{ name: 'memory', connect: () => crm }],
    engine: { pollMs: 100, backoffBaseMs: 100, backoffMaxMs: 2_000 },
  })
  cleanUps.push(() => runtime.stop())
  const { status, store, receive, checkReady, now } = runtime
  const server = await listen({ status, admin: store.admin, receive, checkReady, now }, { port: 0 })
  cleanUps.push(() => server.close())
  const endpoint = new WebhookEndpoint({ url: `${server.url}/hooks/shop`, secret })
  stripe.sendTo(endpoint)
  runtime.start()
  return { stripe, maps, crm, runtime, endpoint }
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let step = 0; !holds() && step < 6_000; step += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
  expect(holds(), what).toBe(true)
}

const inCrm = ({ crm }: Shop, values: Readonly<Record<string, unknown>>): boolean =>
  crm.all().some((one) => Object.entries(values).every(([name, value]) => one[name] === value))

const inShop = ({ stripe }: Shop, name: string): boolean =>
  [...stripe.account.objects.values()].some(({ native, deleted }) => !deleted && native.name === name)

test('the definition passes the check without a call', async () => {
  const environment = {
    STRIPE_URL: 'http://127.0.0.1:9',
    STRIPE_KEY: 'sk_test_x',
    STRIPE_HOOK_SECRET: 'whsec_x',
    MAPS_URL: 'http://127.0.0.1:9',
    MAPS_KEY: 'x',
  }
  const { rows } = await checkIntegration({ directory: '.', file, environment, offline: true })
  expect(rows.filter(({ level }) => level === 'error')).toEqual([])
})

test("trying a record shows the answers of its rules' lookups", async () => {
  await using stripe = await startFakeStripe()
  await using maps = await startFakeGoogleMaps()
  maps.known.set('linden 1, berlin', { lat: 52.5, lng: 13.4, city: 'Berlin', country: 'DE' })
  const address = { line1: 'Linden 1', city: 'Berlin' }
  const id = stripe.insert('customers', { name: 'Ada', email: 'ada@example.org', address })
  const environment = {
    STRIPE_URL: stripe.url,
    STRIPE_KEY: stripe.key,
    STRIPE_HOOK_SECRET: secret,
    MAPS_URL: maps.url,
    MAPS_KEY: maps.key,
  }
  const where = { loaded: await loadDefinition({ file, environment }), entity: 'customer', system: 'shop' }
  const tried = await tryRecord({ ...where, from: { id }, baseDirectory: '.' })
  expect(tried.writes).toMatchObject([{ system: 'crm', body: { name: 'Ada', lat: '52.5' } }])
  const json = JSON.stringify(stripe.account.objects.get(id)?.native)
  const offline = await tryRecord({ ...where, from: { json }, baseDirectory: '.' })
  expect(offline.ruleProblems[0]?.message).toContain('lookups are not sent for a record from a file')
  expect(maps.asked).toHaveLength(1)
})

test('customers are propagated both ways, and changes whose webhooks are lost, duplicated or reordered are found', async () => {
  const shop = await open()
  const { stripe, maps, crm, endpoint } = shop
  maps.known.set('linden 1, berlin', { lat: 52.5, lng: 13.4, city: 'Berlin', country: 'DE' })
  const address = { line1: 'Linden 1', city: 'Berlin' }
  const nativeId = stripe.insert('customers', { name: 'Ada', email: 'ada@example.org', address })
  await until(() => inCrm(shop, { name: 'Ada', lat: '52.5' }), 'the first load, with its coordinates')

  crm.put({ name: 'Bob', email: 'bob@example.org', street: null, city: null })
  await until(() => inShop(shop, 'Bob'), 'a create at Stripe')
  const bob = [...stripe.account.objects.values()].find(({ native }) => native.name === 'Bob')
  expect(bob?.native.metadata).toHaveProperty('isthmus_id')

  // A webhook that never arrives: the next read of the list of events finds the change.
  endpoint.lose = 1
  stripe.change(nativeId, { name: 'Ada L.' })
  expect(endpoint.undelivered).toHaveLength(1)
  await until(() => inCrm(shop, { name: 'Ada L.' }), 'a lost webhook')

  endpoint.held = true
  endpoint.duplicate = 2
  stripe.change(nativeId, { name: 'Ada M.' })
  stripe.change(nativeId, { name: 'Ada N.' })
  endpoint.release((events) => events.toReversed())
  await endpoint.settled()
  expect(endpoint.undelivered).toHaveLength(1)
  await until(() => inCrm(shop, { name: 'Ada N.' }), 'doubled and reordered webhooks')
  await shop.runtime.idle()
  expect(crm.records.size).toBe(2)
  expect([...stripe.account.objects.values()].filter(({ deleted }) => !deleted)).toHaveLength(2)
})

test('an address that is not found blocks the record with a reason, until it is corrected', async () => {
  const shop = await open()
  const { stripe, maps, runtime } = shop
  maps.known.set('linden 1, berlin', { lat: 52.5, lng: 13.4, city: 'Berlin', country: 'DE' })
  const address = { line1: 'Nowhere 0', city: 'Berlin' }
  const nativeId = stripe.insert('customers', { name: 'Ada', email: 'ada@example.org', address })
  const failures = async () => (await runtime.store.admin.failures({ limit: 10 })).rows
  for (let step = 0; step < 6_000 && (await failures()).length === 0; step += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
  expect((await failures())[0]?.message).toBe(
    'rule 1 (set lat) could not be evaluated: $geocode found nothing',
  )
  expect(shop.crm.records.size).toBe(0)
  stripe.change(nativeId, { address: { ...address, line1: 'Linden 1' } })
  await until(() => inCrm(shop, { name: 'Ada', street: 'Linden 1', lat: '52.5' }), 'the corrected address')
  expect(await failures()).toEqual([])
})

test('a customer that is deleted at Stripe is deleted in the CRM', async () => {
  const shop = await open()
  const { stripe, crm, endpoint } = shop
  const nativeIds = ['Ada', 'Bob', 'Cy', 'Di', 'Eve'].map((name) =>
    stripe.insert('customers', { name, email: `${name}@example.org` }),
  )
  await until(() => crm.records.size === 5, 'the first load')
  endpoint.lose = 1
  stripe.remove(String(nativeIds[0]))
  await until(() => crm.records.size === 4, 'a deletion whose webhook was lost')
  expect(inCrm(shop, { name: 'Ada' })).toBe(false)
})
