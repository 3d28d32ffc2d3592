import { expect, test } from 'vitest'
import type { StripeEvent } from '../../../test/support/stripe/account.ts'
import { type ConnectedFake, connectFake } from '../../../test/support/stripe/connected.ts'
import { signedDelivery } from '../../../test/support/stripe/webhook-endpoint.ts'
import type { WebhookDelivery, WebhookResult } from '../kit/contract.ts'

const secret = 'whsec_of_today'

function connected(config: Record<string, unknown> = {}): Promise<ConnectedFake> {
  return connectFake({ webhooks: { secret }, ...config }, { connected: ['acct_shop'] })
}

interface Tampering {
  readonly secrets?: readonly string[]
  readonly atMs?: number
  readonly receivedAt?: number
  readonly body?: (body: string) => string
  readonly header?: (header: string) => string | undefined
}

/** Delivers an event signed by Stripe's own library, with modifications made in transit. */
async function deliver(
  { fake, system }: ConnectedFake,
  event: StripeEvent,
  tampering: Tampering = {},
): Promise<WebhookResult | undefined> {
  const atMs = tampering.atMs ?? fake.now
  const signed = signedDelivery(event, { secrets: tampering.secrets ?? [secret], atMs })
  const header = String(signed.headers['stripe-signature'])
  const delivery: WebhookDelivery = {
    headers: { 'stripe-signature': tampering.header === undefined ? header : tampering.header(header) },
    body: Buffer.from(tampering.body?.(signed.body) ?? signed.body),
    receivedAt: tampering.receivedAt ?? fake.now,
  }
  return system.webhook?.(delivery)
}

function eventOf(shop: ConnectedFake, name = 'Ada é 🚲'): { nativeId: string; event: StripeEvent } {
  const nativeId = shop.fake.insert('customers', { name })
  const event = shop.fake.account.events.at(-1)
  if (event === undefined) throw new RangeError('nothing was told')
  return { nativeId, event }
}

test('a signed delivery names the record and carries the event’s id, so that a second one is recognised', async () => {
  await using shop = await connected()
  const { nativeId, event } = eventOf(shop)
  const accepted = { kind: 'accepted', deliveryId: event.id, changed: [{ resource: 'customers', nativeId }] }
  expect(await deliver(shop, event)).toEqual(accepted)
  expect(await deliver(shop, event, { atMs: shop.fake.now + 60_000 })).toEqual(accepted)
  shop.fake.remove(nativeId)
  const deletion = shop.fake.account.events.at(-1)
  if (deletion === undefined) throw new RangeError('nothing was told')
  expect(await deliver(shop, deletion)).toMatchObject({
    changed: [{ resource: 'customers', nativeId, deleted: true }],
  })
})

test('the order of deliveries does not matter: each only says which record to look at', async () => {
  await using shop = await connected()
  const { nativeId } = eventOf(shop)
  shop.fake.change(nativeId, { name: 'second' })
  shop.fake.change(nativeId, { name: 'third' })
  const verdicts = await Promise.all(
    shop.fake.account.events.toReversed().map((event) => deliver(shop, event)),
  )
  expect(verdicts.map((verdict) => verdict?.kind === 'accepted' && verdict.changed)).toEqual(
    Array.from({ length: 3 }, () => [{ resource: 'customers', nativeId }]),
  )
  expect(
    await shop.resource('customers').read(nativeId, { signal: AbortSignal.timeout(5_000), priority: 'hand' }),
  ).toMatchObject({
    native: { name: 'third' },
  })
})

test('while a secret is rolled, both sign and both are accepted; an old one is not', async () => {
  await using shop = await connected({ webhooks: { secret, nextSecret: 'whsec_of_tomorrow' } })
  const { event } = eventOf(shop)
  for (const secrets of [[secret], ['whsec_of_tomorrow'], ['whsec_of_yesterday', 'whsec_of_tomorrow']]) {
    expect(await deliver(shop, event, { secrets })).toMatchObject({ kind: 'accepted' })
  }
  expect(await deliver(shop, event, { secrets: ['whsec_of_yesterday'] })).toEqual({
    kind: 'refused',
    reason: 'no signature matches',
  })
})

test.each<[string, Tampering, string]>([
  ['a byte of the body', { body: (body) => body.replace('Ada', 'Eve') }, 'no signature matches'],
  ['white space in the body', { body: (body) => JSON.stringify(JSON.parse(body)) }, 'no signature matches'],
  [
    'the time',
    { header: (header) => header.replace(/t=\d+/, `t=${Math.floor(Date.now() / 1_000) + 1}`) },
    'no signature matches',
  ],
  [
    'the scheme',
    { header: (header) => header.replace('v1=', 'v0=') },
    'there is no signature of the scheme v1',
  ],
  ['the signature', { header: (header) => header.slice(0, -2) }, 'no signature matches'],
  ['no time', { header: (header) => header.replace(/t=\d+,/, '') }, 'the timestamp is missing or unreadable'],
  ['no header', { header: () => undefined }, 'the signature header is missing'],
  ['another secret', { secrets: ['whsec_other'] }, 'no signature matches'],
])('a delivery with %s changed is refused', async (_what, tampering, reason) => {
  await using shop = await connected()
  const { event } = eventOf(shop)
  expect(await deliver(shop, event, tampering)).toEqual({ kind: 'refused', reason })
})

test('a delivery within the tolerance is accepted, an older one and one from the future are refused', async () => {
  await using shop = await connected({ webhooks: { secret, tolerance: '2m' } })
  const { event } = eventOf(shop)
  const at = (ms: number) => deliver(shop, event, { receivedAt: shop.fake.now + ms })
  expect(await at(119_000)).toMatchObject({ kind: 'accepted' })
  expect(await at(-119_000)).toMatchObject({ kind: 'accepted' })
  expect(await at(122_000)).toEqual({ kind: 'refused', reason: 'the delivery is too old' })
  expect(await at(-122_000)).toEqual({ kind: 'refused', reason: 'the delivery is from the future' })
})

test('what is signed and is no event of ours is taken without naming a record', async () => {
  await using shop = await connected()
  const { event } = eventOf(shop)
  for (const other of [
    { ...event, account: 'acct_shop' },
    { ...event, livemode: true },
    { ...event, type: 'payout.paid', data: { object: { object: 'payout', id: 'po_1' } } },
    { ...event, type: 'invoice.upcoming', data: { object: { object: 'invoice' } } },
    { ...event, data: null },
  ]) {
    expect(await deliver(shop, other)).toEqual({ kind: 'accepted', deliveryId: event.id, changed: [] })
  }
  expect(await deliver(shop, { ...event, id: '' })).toEqual({
    kind: 'refused',
    reason: 'the event has no id',
  })
})

test('a platform’s endpoint hears of the connected account that the section names', async () => {
  await using shop = await connected({ account: 'acct_shop' })
  const { event, nativeId } = eventOf(shop)
  expect(await deliver(shop, event)).toMatchObject({ changed: [] })
  expect(await deliver(shop, { ...event, account: 'acct_shop' })).toMatchObject({ changed: [{ nativeId }] })
})

test('without a secret there are no webhooks', async () => {
  await using shop = await connectFake()
  expect(shop.system.webhook).toBeUndefined()
})
