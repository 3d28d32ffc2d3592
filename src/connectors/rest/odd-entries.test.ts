/**
 * An entry that is not a record, or has no usable time, affects only itself: never its page, its list, its
 * feed or its delivery.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { type Respond, sendJson, startServer } from '../../../test/support/local-server.ts'
import { closeAll, connect, context, listOf, open, scripted } from '../../../test/support/rest/connected.ts'

afterEach(closeAll)

const answering =
  (body: unknown): Respond =>
  (_request, response) =>
    sendJson(response, 200, body)

const odd = [null, 'text', [], {}, { name: 'without an id' }, { id: null }, { id: { nested: true } }]

describe('a list', () => {
  test.each(odd)('with the entry %j among records', async (entry) => {
    const things = await scripted(answering([{ id: 1 }, entry, { id: 2 }]), { list: { paging: 'single' } })
    const { nativeIds, end } = await listOf(things)
    expect(nativeIds).toEqual(['1', '2'])
    expect(end).toMatchObject({
      complete: false,
      ended: true,
      unreadable: 1,
      reason: expect.stringMatching(/^1 entry of the response can't be read: /),
    })
  })

  test('with a total counts the odd entry', async () => {
    const list = { paging: 'single', items: 'items', total: { path: 'total' } }
    const things = await scripted(answering({ total: 3, items: [{ id: 1 }, null, { id: 2 }] }), { list })
    expect((await listOf(things)).end).toMatchObject({ ended: true, expected: 2 })
  })

  test('of nothing but odd entries is read by the wrong rules', async () => {
    const things = await scripted(answering([{ key: 1 }, { key: 2 }]), { list: { paging: 'single' } })
    await expect(listOf(things)).rejects.toMatchObject({ code: 'CONNECTOR_RESPONSE_UNUSABLE' })
  })
})

describe('a feed by time', () => {
  const changes = { by: 'timestamp', position: 'at', since: 'since', afterId: 'after', commitLag: '0s' }
  const at = '2026-03-01T10:00:00Z'

  test('goes on by the others, and tells a record without a usable time once', async () => {
    const things = await scripted(
      answering([{ id: 1, at }, { id: 2, at: 'yesterday' }, { id: 3 }, null, { at }, { id: 4, at }]),
      { changes },
    )
    const first = await things.changes?.(undefined, context)
    expect(first).toMatchObject({
      kind: 'page',
      unreadable: expect.stringMatching(/^2 entries of the response can't be read: /),
    })
    const page = first?.kind === 'page' ? first : undefined
    expect(page?.changed.map(({ nativeId }) => nativeId)).toEqual(['1', '4', '2', '3'])
    const second = await things.changes?.(page?.cursor, context)
    expect(second).toMatchObject({ kind: 'page', changed: [] })
  })
})

test('a feed by sequence leaves out the entry that names no record', async () => {
  const changes = { by: 'sequence', since: 'since', items: 'items', next: 'next' }
  const things = await scripted(answering({ next: '9', items: [{ id: 1 }, {}, { id: 2 }] }), { changes })
  expect(await things.changes?.(undefined, context)).toMatchObject({
    kind: 'page',
    changed: [{ nativeId: '1' }, { nativeId: '2' }],
    cursor: '9',
    unreadable: expect.any(String),
  })
})

test('a read of many takes the whole ones, and reads the others by id', async () => {
  const respond: Respond = (request, response) =>
    sendJson(response, 200, request.url?.includes('ids=') === true ? [{ id: 1 }, null, {}] : { id: 2 })
  const things = await scripted(respond, { read: { batch: { parameter: 'ids' } } })
  const read = await things.readMany?.(['1', '2'], context)
  expect(read?.map(({ kind }) => kind)).toEqual(['live', 'live'])
})

test('a search with an odd entry proves nothing by what it does not find', async () => {
  const hit = await scripted(answering([{ id: 1, name: 'Ada' }, null]), { search: {} })
  const request = { by: 'values', values: { name: 'Ada' } } as const
  expect(await hit.find?.(request, context)).toMatchObject({ kind: 'found', nativeIds: ['1'], capped: true })
  const none = await scripted(answering([null]), { search: {} })
  expect(await none.find?.(request, context)).toMatchObject({ kind: 'found', nativeIds: [], capped: true })
})

test('an id that was moved, that can not be shown, or at which the server fails is that record alone', async () => {
  for (const status of [301, 308, 406, 500]) {
    const things = await scripted((_request, response) => {
      response.writeHead(status, { location: '/elsewhere/1', 'content-type': 'text/plain' }).end('no')
    })
    expect(await things.read('1', context), String(status)).toMatchObject({
      kind: 'unknown',
      failure: { scope: 'record' },
    })
  }
})

test('a delivery is taken for the events that name a record', async () => {
  const server = await startServer(answering({}))
  open.push(server)
  const manifest = {
    resources: { things: { path: '/things' } },
    webhooks: {
      scheme: { kind: 'token', header: 'x-token' },
      events: 'events',
      resource: { fixed: 'things' },
      id: 'id',
    },
  }
  const system = connect(server.url, { manifest, webhooks: { secret: 'a-secret-of-sixteen' } })
  const deliver = (events: readonly unknown[]) =>
    system.webhook?.({
      headers: { 'x-token': 'a-secret-of-sixteen' },
      body: Buffer.from(JSON.stringify({ events })),
      receivedAt: Date.now(),
    })
  expect(await deliver([{ id: 1 }, null, {}, { id: 2 }])).toMatchObject({
    kind: 'accepted',
    changed: [{ nativeId: '1' }, { nativeId: '2' }],
  })
  expect(await deliver([{}])).toMatchObject({ kind: 'refused' })
})
