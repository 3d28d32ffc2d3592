/**
 * The connector with a third-party mock of Stripe, which implements version 2020-08-27 and supports neither
 * events nor searches.
 */
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { connectStripeAt, context, listAllOf } from '../../../test/support/stripe/connected.ts'
import type { ConnectedSystem } from '../kit/contract.ts'

const mock = createRequire(import.meta.url)('stripe-stateful-mock') as { createExpressApp(): RequestListener }

async function withMock(run: (system: ConnectedSystem) => Promise<void>): Promise<void> {
  const app = mock.createExpressApp()
  const server = createServer((request, response) => {
    // The mock sends a stored response with the content type of a web page; the text is still JSON.
    const set = response.setHeader.bind(response)
    response.setHeader = (name, value) =>
      set(name, name.toLowerCase() === 'content-type' ? 'application/json' : value)
    app(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const system = connectStripeAt(`http://127.0.0.1:${port}`, 'sk_test_mock', { apiVersion: '2020-08-27' })
  try {
    await run(system)
  } finally {
    await system.close()
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }
}

test('the same create twice makes one record, and another one under its key is no refusal', async () => {
  await withMock(async (system) => {
    const customers = system.resource('customers')
    const request = {
      body: { email: 'ada@example.org', metadata: { crm: '7' } },
      recordId: 'r-1',
      idempotencyKey: 'k-1',
    }
    const made = await customers.create?.(request, context)
    expect(made).toMatchObject({ kind: 'ok', native: { metadata: { crm: '7', isthmus_id: 'r-1' } } })
    expect(await customers.create?.(request, context)).toEqual(made)
    const other = { ...request, body: { email: 'eve@example.org' } }
    expect(await customers.create?.(other, context)).toMatchObject({ kind: 'unknown' })
    expect((await listAllOf(customers)).nativeIds).toHaveLength(1)
    if (made?.kind !== 'ok') return
    const update = { nativeId: made.nativeId, patch: { description: 'changed' }, idempotencyKey: 'k-2' }
    expect(await customers.update?.(update, context)).toMatchObject({
      kind: 'ok',
      native: { description: 'changed' },
    })
    expect(await customers.read(made.nativeId, context)).toMatchObject({
      kind: 'live',
      native: { description: 'changed' },
    })
  })
})

test('what the mock does not know is no information, and no empty response', async () => {
  await withMock(async (system) => {
    expect(await system.fingerprint(context)).toMatchObject({ kind: 'unknown' })
    const customers = system.resource('customers')
    expect(await customers.changes?.(undefined, context)).toMatchObject({ kind: 'unknown' })
    expect(await customers.find?.({ by: 'marker', recordId: 'r-1' }, context)).toMatchObject({
      kind: 'unknown',
    })
  })
})
