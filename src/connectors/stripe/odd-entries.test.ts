/**
 * An object that differs from Stripe's documentation affects only itself: neither the list, nor the feed of
 * events, nor the search that contains it.
 */
import { expect, test } from 'vitest'
import { sendJson, startServer } from '../../../test/support/local-server.ts'
import { connectStripeAt, context, listAllOf } from '../../../test/support/stripe/connected.ts'

const created = 1_780_000_000
const customer = (id: string) => ({ id, object: 'customer', name: id, created, metadata: {} })
const event = (id: string, object: unknown) => ({
  id,
  object: 'event',
  type: 'customer.updated',
  created,
  data: { object },
})

/** A Stripe that returns these entries for one path, and nothing for the others. */
async function stripeWith(path: string, data: readonly unknown[]) {
  const server = await startServer(({ url }, response) => {
    const isAsked = new URL(url, 'http://host').pathname === path
    sendJson(response, 200, { object: 'list', has_more: false, data: isAsked ? data : [] })
  })
  const system = connectStripeAt(server.url, 'sk_test_x', {}, () => created * 1_000)
  const close = async (): Promise<void> => {
    await system.close()
    await server.close()
  }
  return { customers: system.resource('customers'), [Symbol.asyncDispose]: close }
}

test('a list with entries that are no objects hands on the others, and proves no absence', async () => {
  const data = [
    customer('cus_2'),
    null,
    { object: 'customer' },
    { id: 'x', object: 'charge' },
    customer('cus_1'),
  ]
  await using shop = await stripeWith('/v1/customers', data)
  const { nativeIds, end } = await listAllOf(shop.customers)
  expect(nativeIds).toEqual(['cus_2', 'cus_1'])
  expect(end).toMatchObject({ complete: false, ended: true, unreadable: 3 })
})

test('events without an id or a time are counted, and the feed tells what the others tell', async () => {
  const data = [
    event('evt_3', customer('cus_3')),
    null,
    { ...event('evt_2', customer('cus_2')), created: 'soon' },
    event('evt_1', customer('cus_1')),
  ]
  await using shop = await stripeWith('/v1/events', data)
  const result = await shop.customers.changes?.(undefined, context)
  if (result?.kind !== 'page') return expect.fail(JSON.stringify(result))
  expect(result.changed).toEqual([{ nativeId: 'cus_3' }, { nativeId: 'cus_1' }])
  expect(result.unreadable).toContain("2 entries of the response can't be read")
})

test('a search with a hit that is no object names the others, and does not prove that there is no more', async () => {
  const marked = { ...customer('cus_1'), metadata: { isthmus_id: 'r1' } }
  await using shop = await stripeWith('/v1/customers/search', [null, marked])
  expect(await shop.customers.find?.({ by: 'marker', recordId: 'r1' }, context)).toEqual({
    kind: 'found',
    nativeIds: ['cus_1'],
    capped: true,
  })
})
