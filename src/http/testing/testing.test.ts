import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sendJson, startServer } from '../../../test/support/local-server.ts'
import { ApiClient } from '../client.ts'
import type { TransportFactory } from '../client-transport.ts'
import type { ApiClientOptions } from '../options.ts'
import { cassette } from './cassette.ts'
import { type ServerFault, startFaultServer } from './fault-server.ts'
import { mockTransport } from './mock-transport.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-cassette-'))
afterAll(() => rmSync(folder, { recursive: true }))

function clientOn(transport: TransportFactory, options: Partial<ApiClientOptions> = {}): ApiClient {
  return new ApiClient({ baseUrl: 'https://api.example.com/v1', retry: { baseMs: 1 }, transport, ...options })
}

test('a mock answers without sockets, and the client above it is the real one', async () => {
  let count = 0
  const mock = mockTransport(({ method, url, route, headers, body }) => {
    count += 1
    if (count === 1) return { fail: 'refused' }
    if (count === 2) return { status: 503 }
    return { json: { method, path: url.pathname, query: url.search, route, key: headers['x-key'], body } }
  })
  const client = clientOn(mock.transport, { auth: { type: 'api-key', header: 'x-key', value: 'k' } })
  expect(
    await client.put('/users/{id}', { path: { id: 7 }, query: { a: 1 }, json: { name: 'Ada' } }),
  ).toEqual({
    method: 'PUT',
    path: '/v1/users/7',
    query: '?a=1',
    route: '/v1/users/{id}',
    key: 'k',
    body: '{"name":"Ada"}',
  })
  expect(mock.requests).toHaveLength(2)
})

test('a mock loses answers and is slow as a network is', async () => {
  const client = clientOn(
    mockTransport(({ url }) => (url.pathname === '/v1/lost' ? { fail: 'reset' } : { delayMs: 60_000 }))
      .transport,
  )
  await expect(client.post('/lost', { json: {} })).rejects.toMatchObject({
    code: 'HTTP_NETWORK',
    outcome: 'unknown',
  })
  await expect(client.post('/slow', { totalMs: 30 })).rejects.toMatchObject({
    code: 'HTTP_TIMEOUT',
    outcome: 'unknown',
  })
})

test('a mock refuses what it does not know, by name', async () => {
  const client = clientOn(mockTransport(() => undefined).transport)
  await expect(client.get('/x')).rejects.toMatchObject({ code: 'HTTP_MOCK_UNEXPECTED', outcome: 'not-sent' })
})

test('a mock answers streams', async () => {
  const client = clientOn(mockTransport(() => ({ text: 'a,b' })).transport)
  let text = ''
  for await (const chunk of (await client.stream('/x')).data) text += Buffer.from(chunk).toString()
  expect(text).toBe('a,b')
})

test('what was recorded plays back without the API, and holds no credential', async () => {
  let calls = 0
  const server = await startServer(({ url, headers }, response) => {
    if (url === '/token') {
      sendJson(response, 200, {
        access_token: 'canary-access',
        token_type: 'bearer',
        refresh_token: 'canary-refresh',
      })
      return
    }
    calls += 1
    const echo = {
      authorization: headers.authorization,
      call: calls,
      email: 'canary@example.org',
      name: 'Zoë',
    }
    sendJson(response, 200, echo, { 'set-cookie': 'canary-cookie', etag: '"1"' })
  })
  const file = path.join(folder, 'users.json')
  const make = (mode: 'record' | 'replay') =>
    new ApiClient({
      baseUrl: server.url,
      allowHttp: true,
      transport: cassette({ file, mode, redactFields: ['email'] }),
      auth: {
        type: 'oauth2-client-credentials',
        tokenUrl: `${server.url}/token`,
        clientId: 'c',
        clientSecret: 'canary-secret',
        clientAuthentication: 'post',
      },
    })
  const use = async (client: ApiClient) => [
    await client.get('/users', { query: { limit: 5, search: 'canary-query' } }),
    await client.get('/users', { query: { limit: 5, search: 'canary-query' } }),
    await client.post('/users', { json: { name: 'Zoë', email: 'canary@example.org' } }),
  ]
  const recorder = make('record')
  const live = await use(recorder)
  await recorder.close()
  await server.close()
  expect(readFileSync(file, 'utf8')).not.toContain('canary')
  const player = make('replay')
  const played = await use(player)
  expect(played).toEqual(
    live.map((one) => ({ ...(one as object), authorization: '[redacted]', email: '[redacted]' })),
  )
  await expect(player.get('/elsewhere')).rejects.toMatchObject({ code: 'HTTP_MOCK_UNEXPECTED' })
})

test('a cassette that would hold a named secret is not written', async () => {
  await using server = await startServer((_request, response) => sendJson(response, 200, { note: 'canary' }))
  const file = path.join(folder, 'secret.json')
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    transport: cassette({ file, secrets: ['canary'] }),
  })
  await client.get('/x')
  const error = await client.close().catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'HTTP_CASSETTE_UNUSABLE' })
  expect(String(error)).not.toContain('canary')
  expect(() => readFileSync(file)).toThrow()
})

test('a cassette that is not one says so', () => {
  const file = path.join(import.meta.dirname, 'cassette.ts')
  expect(() => clientOn(cassette({ file, mode: 'replay' }))).toThrow(/can't be read/)
})

const faults: readonly (readonly [ServerFault, object])[] = [
  [
    { kind: 'status', status: 409, body: '{"why":"conflict"}' },
    { status: 409, body: { why: 'conflict' } },
  ],
  [{ kind: 'reset' }, { code: 'HTTP_NETWORK', outcome: 'unknown' }],
  [{ kind: 'silence' }, { code: 'HTTP_TIMEOUT', phase: 'headers' }],
  [{ kind: 'stall' }, { code: 'HTTP_TIMEOUT', phase: 'body' }],
  [{ kind: 'cut' }, { code: 'HTTP_NETWORK', outcome: 'unknown' }],
  [{ kind: 'garbage' }, { code: 'HTTP_NETWORK', outcome: 'unknown' }],
  [{ kind: 'lost-response' }, { code: 'HTTP_NETWORK', outcome: 'unknown' }],
  [
    { kind: 'delay', ms: 5_000 },
    { code: 'HTTP_TIMEOUT', phase: 'headers' },
  ],
]

test.each(faults)('the fault server can do %j, and answers rightly afterwards', async (fault, expected) => {
  let effects = 0
  await using server = await startFaultServer(() => {
    effects += 1
    return { json: { effects } }
  })
  server.plan({ ...fault, method: 'POST', path: /x/ })
  const client = new ApiClient({ baseUrl: server.url, allowHttp: true, timeouts: { totalMs: 400 } })
  expect(await client.get('/x')).toEqual({ effects: 1 })
  await expect(client.post('/x', { json: {} })).rejects.toMatchObject(expected)
  expect(server.received.at(-1)?.fault).toBe(fault.kind)
  expect(await client.post('/x', { json: {}, totalMs: 5_000 })).toEqual({
    effects: fault.kind === 'lost-response' ? 3 : 2,
  })
  await client.close()
})
