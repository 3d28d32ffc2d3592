import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type LocalServer, type Respond, sendJson, startServer } from '../../../test/support/local-server.ts'
import { ApiClient } from '../client.ts'
import { type HttpError, HttpStatusError } from '../errors.ts'
import type { ApiClientOptions } from '../options.ts'

const open: { close(): Promise<void> }[] = []
// Only the clock that circuits read: a pause is over when the test says so.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(async () => {
  vi.useRealTimers()
  for (const one of open.splice(0).reverse()) await one.close()
})

async function setUp(
  respond: Respond,
  options: Partial<ApiClientOptions> = {},
): Promise<{ server: LocalServer; client: ApiClient }> {
  const server = await startServer(respond)
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    retry: { retries: 0 },
    breaker: { failures: 3, windowMs: 5_000, openMs: 200 },
    ...options,
  })
  open.push(server, client)
  return { server, client }
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('the call should have failed'),
    (error: unknown) => error,
  )

test('after failing calls nothing is sent to that part of the API, others go on', async () => {
  const { server, client } = await setUp(({ url }, response) =>
    sendJson(response, url.startsWith('/reports') ? 500 : 200, {}),
  )
  for (let round = 0; round < 3; round += 1) {
    expect(await failureOf(client.get('/reports/{id}', { path: { id: round } }))).toBeInstanceOf(
      HttpStatusError,
    )
  }
  const error = await failureOf(client.get('/reports'))
  expect(error).toMatchObject({ code: 'HTTP_CIRCUIT_OPEN' })
  expect(error).toMatchObject({
    code: 'HTTP_CIRCUIT_OPEN',
    outcome: 'not-sent',
    retry: { afterMs: expect.any(Number) },
  })
  expect(server.seen).toHaveLength(3)
  await client.get('/users')
  await failureOf(client.post('/reports', { json: {} }))
  expect(server.seen).toHaveLength(5)
})

test('one probe goes ahead when the pause is over, and its success closes the circuit', async () => {
  let healthy = false
  const reply = Promise.withResolvers<void>()
  const { server, client } = await setUp(async (_request, response) => {
    if (healthy) await reply.promise
    sendJson(response, healthy ? 200 : 503, {})
  })
  for (let round = 0; round < 3; round += 1) await failureOf(client.get('/x'))
  healthy = true
  vi.advanceTimersByTime(210)
  const calls = Promise.allSettled([client.get('/x'), client.get('/x'), client.get('/x')])
  await expect.poll(() => server.seen.length).toBe(4)
  reply.resolve()
  const results = await calls
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(server.seen).toHaveLength(4)
  await Promise.all([client.get('/x'), client.get('/x')])
})

test('a probe that fails opens the circuit for longer', async () => {
  const { server, client } = await setUp((_request, response) => sendJson(response, 503, {}))
  for (let round = 0; round < 3; round += 1) await failureOf(client.get('/x'))
  vi.advanceTimersByTime(210)
  expect(await failureOf(client.get('/x'))).toBeInstanceOf(HttpStatusError)
  const refusal = await failureOf(client.get('/x'))
  expect(refusal).toMatchObject({ code: 'HTTP_CIRCUIT_OPEN' })
  const { retry } = refusal as HttpError
  expect(typeof retry === 'object' ? retry.afterMs : 0).toBeGreaterThan(200)
  expect(server.seen).toHaveLength(4)
})

test('a half-open probe that is aborted frees its place for the next one', async () => {
  let hangs = false
  const { server, client } = await setUp((_request, response) => {
    if (!hangs) sendJson(response, 503, {})
  })
  for (let round = 0; round < 3; round += 1) await failureOf(client.get('/x'))
  hangs = true
  vi.advanceTimersByTime(210)
  const giveUp = new AbortController()
  const probe = failureOf(client.get('/x', { signal: giveUp.signal }))
  await expect.poll(() => server.seen.length).toBe(4)
  expect(await failureOf(client.get('/x'))).toMatchObject({ code: 'HTTP_CIRCUIT_OPEN' })
  giveUp.abort()
  expect(await probe).toMatchObject({ code: 'HTTP_ABORTED' })
  hangs = false
  expect(await failureOf(client.get('/x'))).toBeInstanceOf(HttpStatusError)
})

test('refusals, throttling and calls given up do not open the circuit', async () => {
  const statuses = [404, 422, 401, 429, 403, 409]
  let at = 0
  const { client } = await setUp((_request, response) => {
    at += 1
    sendJson(response, statuses[at % statuses.length] ?? 404, {})
  })
  for (let round = 0; round < 18; round += 1) {
    expect(await failureOf(client.get('/x'))).not.toMatchObject({ code: 'HTTP_CIRCUIT_OPEN' })
  }
})

test('when the circuit opens between attempts, the error is what the API answered last', async () => {
  const { server, client } = await setUp((_request, response) => sendJson(response, 503, { why: 'tired' }), {
    retry: { retries: 9, baseMs: 1, capMs: 2 },
  })
  expect(await failureOf(client.get('/x'))).toMatchObject({ status: 503, body: { why: 'tired' } })
  expect(server.seen).toHaveLength(3)
})

test('a breaker that is turned off never holds back', async () => {
  const { server, client } = await setUp((_request, response) => sendJson(response, 503, {}), {
    breaker: false,
  })
  for (let round = 0; round < 20; round += 1) await failureOf(client.get('/x'))
  expect(server.seen).toHaveLength(20)
})
