/** Events pushed by SAP Event Mesh. */
import { expect, test } from 'vitest'
import { connect } from '../../../test/support/sap/connected.ts'
import type { WebhookResult } from '../kit/contract.ts'

const url = 'http://127.0.0.1:1'
const type = 'sap.s4.beh.businesspartner.v1.BusinessPartner.Changed.v1'
const event = {
  specversion: '1.0',
  type,
  id: 'QgEK7',
  source: '/default/sap.s4/S4H',
  data: { BusinessPartner: '1000001' },
}

function deliver(
  body: unknown,
  headers: Record<string, string> = { authorization: 'Bearer agreed' },
): Promise<WebhookResult> {
  const system = connect(url, { webhooks: { secret: 'agreed', nextSecret: 'later' } })
  if (system.webhook === undefined) throw new RangeError('no webhook')
  return system.webhook({ headers, body: Buffer.from(JSON.stringify(body)), receivedAt: Date.now() })
}

test('an event names the record that changed', async () => {
  expect(await deliver(event)).toEqual({
    kind: 'accepted',
    deliveryId: '/default/sap.s4/S4H QgEK7',
    changed: [{ resource: 'BusinessPartner', nativeId: '1000001' }],
  })
  expect(await deliver(event, { authorization: 'Bearer later' })).toMatchObject({ kind: 'accepted' })
})

test('an event in headers, about an order that was deleted, concerns both faces of the order', async () => {
  const headers = {
    authorization: 'Bearer agreed',
    'ce-type': 'sap.s4.beh.salesorder.v1.SalesOrder.Deleted.v1',
    'ce-id': '1',
    'ce-source': '/x',
  }
  expect(await deliver({ SalesOrder: '7' }, headers)).toMatchObject({
    changed: [
      { resource: 'SalesOrder', nativeId: '7', deleted: true },
      { resource: 'SalesOrderV4', nativeId: '7', deleted: true },
    ],
  })
})

test('an event about something else is taken and tells nothing', async () => {
  const other = { ...event, type: 'sap.s4.beh.product.v1.Product.Changed.v1', data: { Product: 'TG11' } }
  expect(await deliver(other)).toMatchObject({ kind: 'accepted', changed: [] })
})

test.each([
  ['without the credential', event, {}],
  ['with another credential', event, { authorization: 'Bearer guessed' }],
  ['without a key', { ...event, data: {} }, { authorization: 'Bearer agreed' }],
  ['that is no event', ['x'], { authorization: 'Bearer agreed' }],
])('a delivery %s is refused', async (_name, body, headers) => {
  expect(await deliver(body, headers as Record<string, string>)).toMatchObject({ kind: 'refused' })
})

test('without a secret there are no webhooks', () => {
  expect(connect(url).webhook).toBeUndefined()
})
