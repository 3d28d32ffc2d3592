import { afterEach, expect, test } from 'vitest'
import { type Respond, sendJson, startServer } from '../../../test/support/local-server.ts'
import { ApiClient } from '../client.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function setUp(respond: Respond) {
  const server = await startServer(respond)
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    coalesceReads: true,
    limits: { learn: false },
    retry: { retries: 1, baseMs: 1, capMs: 1 },
  })
  open.push(server, client)
  return { server, client }
}

/** A server that holds its responses until they are released. */
function holding() {
  const gate = Promise.withResolvers<void>()
  const respond: Respond = async ({ url }, response) => {
    await gate.promise
    sendJson(response, 200, { url })
  }
  return { respond, release: () => gate.resolve() }
}

test('equal reads under way at the same time are one request, and each caller gets objects of its own', async () => {
  const { respond, release } = holding()
  const { server, client } = await setUp(respond)
  const calls = Promise.all(Array.from({ length: 5 }, () => client.get('/x')))
  await expect.poll(() => server.seen.length).toBe(1)
  release()
  const responses = await calls
  expect(server.seen).toHaveLength(1)
  expect(responses).toEqual(Array.from({ length: 5 }, () => ({ url: '/x' })))
  expect(new Set(responses).size).toBe(5)
  await client.get('/x')
  expect(server.seen).toHaveLength(2)
})

test('the others get their response although the first caller aborts (undici#5711)', async () => {
  const { respond, release } = holding()
  const { server, client } = await setUp(respond)
  const giveUp = new AbortController()
  const first = client.get('/x', { signal: giveUp.signal }).catch((error: unknown) => error)
  const others = [client.get('/x'), client.get('/x')]
  await expect.poll(() => server.seen.length).toBe(1)
  giveUp.abort()
  expect(await first).toMatchObject({ code: 'HTTP_ABORTED' })
  release()
  expect(await Promise.all(others)).toEqual([{ url: '/x' }, { url: '/x' }])
  expect(server.seen).toHaveLength(1)
})

test('the others get their response although the first caller had less time', async () => {
  let count = 0
  const gate = Promise.withResolvers<void>()
  const { client } = await setUp(async (_request, response) => {
    count += 1
    await gate.promise
    sendJson(response, count === 1 ? 503 : 200, { ok: true })
  })
  const first = client.get('/x', { totalMs: 100 }).catch((error: unknown) => error)
  const other = client.get('/x', { totalMs: 120_000 })
  expect(await first).toMatchObject({ code: 'HTTP_TIMEOUT' })
  gate.resolve()
  expect(await other).toEqual({ ok: true })
})

test('the request ends when the last caller has left', async () => {
  const closed = Promise.withResolvers<void>()
  const { server, client } = await setUp((_request, response) => void response.on('close', closed.resolve))
  const giveUp = new AbortController()
  const calls = [1, 2].map(() => client.get('/x', { signal: giveUp.signal }).catch(() => 'left'))
  await expect.poll(() => server.seen.length).toBe(1)
  giveUp.abort()
  expect(await Promise.all(calls)).toEqual(['left', 'left'])
  await closed.promise
})

test('reads that differ in address, query or any header are not shared', async () => {
  const { respond, release } = holding()
  const { server, client } = await setUp(respond)
  const calls = Promise.all([
    client.get('/x'),
    client.get('/y'),
    client.get('/x', { query: { a: 1 } }),
    client.get('/x', { headers: { authorization: 'Bearer other' } }),
  ])
  await expect.poll(() => server.seen.length).toBe(4)
  release()
  await calls
})

test('a read that begins after a write does not get what was asked for before it', async () => {
  const gate = Promise.withResolvers<void>()
  const { server, client } = await setUp(async ({ method }, response) => {
    if (method === 'GET') await gate.promise
    sendJson(response, 200, {})
  })
  const before = client.get('/x')
  await expect.poll(() => server.seen.length).toBe(1)
  await client.put('/x', { json: {} })
  const after = client.get('/x')
  await expect.poll(() => server.seen.length).toBe(3)
  gate.resolve()
  await Promise.all([before, after])
  expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'PUT', 'GET'])
})
