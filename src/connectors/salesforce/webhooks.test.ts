import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { changeEvent, sendOutboundMessage } from '../../../test/support/salesforce/outbound.ts'
import { buildServer } from '../../server/create-server.ts'
import type { WebhookDelivery, WebhookResult } from '../kit/contract.ts'
import { connectSystem } from '../registry.ts'

const secret = 'a secret of some length'
const organizationId = '00D000000000001AAA'
const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const fixture = (name: string): Buffer => readFileSync(new URL(`./fixtures/${name}`, import.meta.url))
const open: { close(): Promise<unknown> }[] = []

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

function receiver(
  webhooks: object = { secret, organizationId },
): (delivery: WebhookDelivery) => Promise<WebhookResult> {
  const system = connectSystem(
    {
      name: 'crm',
      connector: 'salesforce',
      config: { url: 'https://example.my.salesforce.com', webhooks },
      timing: { readTimeoutMs: 1_000, writeTimeoutMs: 1_000, concurrency: 1 },
    },
    { clock },
  )
  open.push(system)
  return async (delivery) => (await system.webhook?.(delivery)) ?? expect.fail('no webhooks')
}

function message(text: string | Uint8Array, more: Partial<WebhookDelivery> = {}): WebhookDelivery {
  return {
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    query: { token: secret },
    body: typeof text === 'string' ? Buffer.from(text) : text,
    receivedAt: Date.now(),
    ...more,
  }
}

test('an outbound message names its records and is acknowledged in SOAP', async () => {
  const receive = receiver()
  const verdict = await receive(message(fixture('outbound-message.xml')))
  expect(verdict).toMatchObject({
    kind: 'accepted',
    changed: [
      { resource: 'Account', nativeId: '001000000000001AAA' },
      { resource: 'Account', nativeId: '001000000000002AAA' },
    ],
    response: { contentType: 'text/xml; charset=utf-8', body: expect.stringContaining('<Ack>true</Ack>') },
  })
})

test('the sender of an outbound message hears the acknowledgement over the wire, and nothing without the secret', async () => {
  const receive = receiver()
  const heard: unknown[] = []
  const server = buildServer({
    status: { read: () => Promise.reject(new RangeError('nobody asks')) },
    admin: { journal: async () => [] },
    receive: async (system, delivery) => {
      const verdict = await receive(delivery)
      heard.push([system, verdict.kind])
      return verdict
    },
    checkReady: async () => undefined,
    now: () => Date.now(),
  })
  open.push(server)
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const notified = [{ object: 'Account', id: '001000000000001AAA', notificationId: '04l000000000001AAA' }]
  const address = `${url}/hooks/crm?token=${encodeURIComponent(secret)}`
  expect(await sendOutboundMessage(address, organizationId, notified)).toBe(true)
  expect(await sendOutboundMessage(`${url}/hooks/crm?token=guess`, organizationId, notified)).toBe(false)
  expect(await sendOutboundMessage(`${url}/hooks/crm`, organizationId, notified)).toBe(false)
  expect(heard).toEqual([
    ['crm', 'accepted'],
    ['crm', 'refused'],
    ['crm', 'refused'],
  ])
})

test('a message that is sent again has the same id, in whatever order its notifications come', async () => {
  const receive = receiver()
  const text = fixture('outbound-message.xml').toString('utf8')
  const swapped = text.replace(
    /(<Notification>[\s\S]*?<\/Notification>)\s*(<Notification>[\s\S]*<\/Notification>)/,
    '$2$1',
  )
  expect(swapped).not.toBe(text)
  const [first, again] = [await receive(message(text)), await receive(message(swapped))]
  if (first.kind !== 'accepted' || again.kind !== 'accepted') return expect.fail('refused')
  expect(again.deliveryId).toBe(first.deliveryId)
})

test('entities are never expanded, and what is not a whole message is refused', async () => {
  const receive = receiver()
  const text = fixture('outbound-message.xml').toString('utf8')
  const bomb = text.replace(
    '<soapenv:Envelope',
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><soapenv:Envelope',
  )
  const external = text.replace(
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
  )
  for (const hostile of [
    bomb,
    external,
    text.slice(0, 900),
    text.slice(0, text.indexOf('</notifications>')),
    text.replaceAll(/<sf:Id>\w+<\/sf:Id>/g, ''),
    text.replaceAll('Notification>', 'Other>'),
    `${'<a>'.repeat(50_000)}`,
    '<?xml version="1.0"?>',
    '',
  ]) {
    expect((await receive(message(hostile))).kind).toBe('refused')
  }
})

test('a message of another org is refused; 15 and 18 characters are the same org', async () => {
  const body = fixture('outbound-message.xml')
  expect(await receiver({ secret, organizationId: '00D000000000002' })(message(body))).toEqual({
    kind: 'refused',
    reason: 'the message is of another org',
  })
  expect((await receiver({ secret, organizationId: '00D000000000001' })(message(body))).kind).toBe('accepted')
})

test('while a secret is being changed both are accepted', async () => {
  const receive = receiver({ secret, nextSecret: 'the next secret of ours' })
  const body = fixture('outbound-message.xml')
  expect((await receive(message(body, { query: { token: 'the next secret of ours' } }))).kind).toBe(
    'accepted',
  )
  expect((await receive(message(body))).kind).toBe('accepted')
})

test('change events of a relay name their records and deletions', async () => {
  const receive = receiver()
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` }
  const send = (body: unknown) => receive(message(JSON.stringify(body), { headers, query: {} }))
  const one = await receive(message(fixture('change-event.json'), { headers, query: {} }))
  expect(one).toMatchObject({
    kind: 'accepted',
    changed: [
      { resource: 'Account', nativeId: '001000000000001AAA' },
      { resource: 'Account', nativeId: '001000000000002AAA' },
    ],
  })
  const many = await send([
    changeEvent('Contact', ['003000000000001AAA'], 'GAP_DELETE', 1_000),
    changeEvent('Contact', ['000000000000000AAA'], 'GAP_OVERFLOW', 2_000),
  ])
  expect(many).toMatchObject({
    changed: [{ resource: 'Contact', nativeId: '003000000000001AAA', deleted: true }],
  })
  expect((await send({ payload: {} })).kind).toBe('refused')
  expect((await send([])).kind).toBe('refused')
})

test('two deliveries of a relay that leaves the positions out are two', async () => {
  const receive = receiver()
  const headers = { authorization: `Bearer ${secret}` }
  const event = (id: string) => ({
    payload: { ChangeEventHeader: { entityName: 'Account', recordIds: [id], changeType: 'UPDATE' } },
  })
  const ids = await Promise.all(
    ['001000000000001AAA', '001000000000002AAA'].map(async (id) => {
      const verdict = await receive(message(JSON.stringify(event(id)), { headers, query: {} }))
      return verdict.kind === 'accepted' ? verdict.deliveryId : expect.fail(verdict.reason)
    }),
  )
  expect(new Set(ids).size).toBe(2)
})
