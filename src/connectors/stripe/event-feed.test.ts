import { expect, test } from 'vitest'
import { connectFake, context, listAllOf } from '../../../test/support/stripe/connected.ts'
import type { ChangedRecord, Resource } from '../kit/contract.ts'

const day = 86_400_000

/** Follows the feed to its end. */
async function drain(
  resource: Resource,
  from: string | undefined,
): Promise<{ changed: ChangedRecord[]; cursor: string; pages: number }> {
  const changed: ChangedRecord[] = []
  let cursor = from
  for (let pages = 1; ; pages += 1) {
    const page = await resource.changes?.(cursor, context)
    if (page?.kind !== 'page') throw new RangeError(`the feed answered ${page?.kind}`)
    changed.push(...page.changed)
    cursor = page.cursor
    if (!page.more) return { changed, cursor, pages }
  }
}

const nativeIdsOf = (changed: readonly ChangedRecord[]): string[] => changed.map(({ nativeId }) => nativeId)

test('what a webhook failed to tell, the list of events tells', async () => {
  const endpoint = { url: 'http://127.0.0.1:9/nobody-listens', secret: 'whsec_x' }
  await using shop = await connectFake({}, { endpoint })
  const customers = shop.resource('customers')
  const { cursor } = await drain(customers, undefined)
  shop.fake.insert('products', { name: 'Tea' })
  const nativeId = shop.fake.insert('customers', { name: 'Ada' })
  shop.fake.change(nativeId, { name: 'Ada L.' })
  await shop.fake.endpoint?.settled()
  expect(shop.fake.endpoint?.undelivered).toHaveLength(3)
  expect((await drain(customers, cursor)).changed).toEqual([{ nativeId }])
})

test('each change is reported once, although every sweep reads a stretch again', async () => {
  await using shop = await connectFake()
  const customers = shop.resource('customers')
  const nativeId = shop.fake.insert('customers', { name: 'Ada' })
  const first = await drain(customers, undefined)
  expect(nativeIdsOf(first.changed)).toEqual([nativeId])
  const second = await drain(customers, first.cursor)
  expect(second.changed).toEqual([])
  shop.fake.change(nativeId, { name: 'Ada L.' })
  const third = await drain(customers, second.cursor)
  expect(nativeIdsOf(third.changed)).toEqual([nativeId])
  shop.fake.advance(3_600_000)
  const fourth = await drain(customers, third.cursor)
  expect(fourth.changed).toEqual([])
  // The earlier range is complete now, and its remembered events are dropped.
  expect(JSON.parse(fourth.cursor)).toMatchObject({ seen: [] })
})

test('events of one second are all reported across the edges of pages, and those that arrive meanwhile by the next sweep', async () => {
  await using shop = await connectFake({ pageSize: 5 })
  shop.fake.freeze()
  const customers = shop.resource('customers')
  const nativeIds = Array.from({ length: 23 }, (_, n) => shop.fake.insert('customers', { name: `n${n}` }))
  const page = await customers.changes?.(undefined, context)
  if (page?.kind !== 'page') throw new RangeError(page?.kind)
  const late = shop.fake.insert('customers', { name: 'late' })
  const rest = await drain(customers, page.cursor)
  expect([...nativeIdsOf(page.changed), ...nativeIdsOf(rest.changed)].sort()).toEqual(nativeIds.toSorted())
  expect(rest.pages).toBe(4)
  expect(nativeIdsOf((await drain(customers, rest.cursor)).changed)).toEqual([late])
})

test('an event that becomes visible late, and one from a clock that is ahead, are reported', async () => {
  await using shop = await connectFake()
  const customers = shop.resource('customers')
  const ahead = shop.fake.insert('customers', { name: 'ahead' }, -600_000)
  const first = await drain(customers, undefined)
  expect(nativeIdsOf(first.changed)).toEqual([ahead])
  const late = shop.fake.insert('customers', { name: 'late' }, 55_000)
  const second = await drain(customers, first.cursor)
  expect(nativeIdsOf(second.changed)).toEqual([late])
})

test('a sweep that broke off is gone on with, also after more came', async () => {
  await using shop = await connectFake({ pageSize: 2 })
  const customers = shop.resource('customers')
  const nativeIds = Array.from({ length: 6 }, (_, n) => shop.fake.insert('customers', { name: `n${n}` }))
  const page = await customers.changes?.(undefined, context)
  if (page?.kind !== 'page') throw new RangeError(page?.kind)
  shop.fake.advance(7 * day)
  const more = Array.from({ length: 3 }, (_, n) => shop.fake.insert('customers', { name: `m${n}` }))
  const rest = await drain(customers, page.cursor)
  const next = await drain(customers, rest.cursor)
  expect([...page.changed, ...rest.changed, ...next.changed].map(({ nativeId }) => nativeId).sort()).toEqual(
    [...nativeIds, ...more].sort(),
  )
})

test('deletions are reported as such, and events about parts name the record', async () => {
  await using shop = await connectFake()
  const { account } = shop.fake
  const customer = shop.fake.insert('customers', { name: 'Ada' })
  const charge = shop.fake.insert('charges', { amount: 5, currency: 'eur', payment_intent: 'pi_1' })
  const first = await drain(shop.resource('customers'), undefined)
  const firstCharges = await drain(shop.resource('charges'), undefined)
  const firstIntents = await drain(shop.resource('payment_intents'), undefined)
  shop.fake.change(customer, { name: 'Ada L.' })
  shop.fake.remove(customer)
  account.emit('charge.dispute.created', { id: 'dp_1', object: 'dispute', charge, payment_intent: 'pi_1' })
  account.emit('invoice.upcoming', { object: 'invoice', customer })
  expect((await drain(shop.resource('customers'), first.cursor)).changed).toEqual([
    { nativeId: customer, deleted: true },
  ])
  expect((await drain(shop.resource('charges'), firstCharges.cursor)).changed).toEqual([{ nativeId: charge }])
  expect((await drain(shop.resource('payment_intents'), firstIntents.cursor)).changed).toEqual([])
  expect((await drain(shop.resource('invoices'), undefined)).changed).toEqual([])
})

test('a place that Stripe has forgotten is expired, and the list then tells everything', async () => {
  await using shop = await connectFake({ pageSize: 2 })
  const customers = shop.resource('customers')
  const nativeIds = Array.from({ length: 5 }, (_, n) => shop.fake.insert('customers', { name: `n${n}` }))
  const middle = await customers.changes?.(undefined, context)
  if (middle?.kind !== 'page') throw new RangeError(middle?.kind)
  const { cursor } = await drain(customers, middle.cursor)
  shop.fake.advance(29 * day)
  expect((await drain(customers, cursor)).changed).toEqual([])
  shop.fake.advance(day + 60_000)
  expect(await customers.changes?.(cursor, context)).toEqual({ kind: 'expired' })
  // A sweep in progress: the event that its next page begins after is gone.
  expect(await customers.changes?.(middle.cursor, context)).toEqual({ kind: 'expired' })
  expect(await customers.changes?.('{"v":0}', context)).toEqual({ kind: 'expired' })
  expect(await customers.changes?.('nonsense', context)).toEqual({ kind: 'expired' })
  const { nativeIds: listed, end } = await listAllOf(customers)
  expect([listed.toSorted(), end.complete]).toEqual([nativeIds.toSorted(), true])
  expect((await drain(customers, undefined)).changed).toEqual([])
})
