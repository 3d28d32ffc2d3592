import { isLosslessNumber } from 'lossless-json'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { failureOf, useLocalClients } from '../../test/support/local-clients.ts'
import { type Respond, sendJson, startSocketServer } from '../../test/support/local-server.ts'
import { UsageError } from '../model/errors.ts'
import type { CallLogEntry } from './call-log.ts'
import { ApiClient } from './client.ts'
import { AuthenticationError, HttpStatusError, RateLimitedError, ResponseValidationError } from './errors.ts'
import type { ApiClientOptions } from './options.ts'

const { clientOf, open, serve } = useLocalClients({
  retry: { retries: 3, baseMs: 5, capMs: 20 },
  timeouts: { totalMs: 5_000 },
})

const ok: Respond = (_request, response) => sendJson(response, 200, { ok: true })

test('fills path templates with encoded values and repeats query parameters', async () => {
  const server = await serve(ok)
  const client = clientOf(`${server.url}/v2/`)
  await client.get('/users/{id}/notes', {
    path: { id: 'a/b ?#' },
    query: { tag: ['x', 'y'], none: undefined, n: 5n },
  })
  expect(server.seen[0]?.url).toBe('/v2/users/a%2Fb%20%3F%23/notes?tag=x&tag=y&n=5')
})

test('refuses every address that would leave the base URL, before anything is sent', async () => {
  const server = await serve(ok)
  const client = clientOf(`${server.url}/v2`)
  const targets = [
    '/../admin',
    '/%2e%2e/admin',
    'http://evil.example/v2/x',
    `${server.url}/v22`,
    '//evil.example',
    'users',
  ]
  for (const target of targets) {
    const error = await failureOf(client.get(target)).catch((thrown: unknown) => thrown)
    if (target === '//evil.example') continue
    expect(error, target).toBeInstanceOf(UsageError)
  }
  for (const id of ['', '.', '..']) {
    await expect(client.get('/users/{id}', { path: { id } })).rejects.toMatchObject({
      code: 'HTTP_REQUEST_INVALID',
    })
  }
  await expect(client.get('/users/{id}')).rejects.toBeInstanceOf(UsageError)
  await expect(client.get('/users', { path: { id: 1 } })).rejects.toBeInstanceOf(UsageError)
  expect(server.seen.filter(({ url }) => !url.startsWith('/v2'))).toEqual([])
})

test('refuses plain HTTP except to a loopback address with permission', () => {
  const attempts: Partial<ApiClientOptions>[] = [
    { baseUrl: 'http://example.com', allowHttp: true },
    { baseUrl: 'http://127.0.0.1.example.com', allowHttp: true },
    { baseUrl: 'http://127.0.0.1' },
    { baseUrl: 'ftp://example.com' },
    { baseUrl: 'https://user:pass@example.com' },
    { baseUrl: 'nonsense' },
  ]
  for (const options of attempts) {
    expect(() => new ApiClient({ baseUrl: '', ...options }), options.baseUrl).toThrow(UsageError)
  }
})

test('returns what the schema made of the response, and says where it does not fit without quoting it', async () => {
  const server = await serve((_request, response) =>
    sendJson(response, 200, [{ id: 1, email: 'canary@example.org' }]),
  )
  const client = clientOf(server.url)
  const User = z.object({ id: z.number().transform(String), email: z.string() })
  const users = await client.get('/users', { schema: z.array(User) })
  expect(users[0]?.id).toBe('1')
  const error = await failureOf(client.get('/users', { schema: z.array(z.object({ email: z.number() })) }))
  expect(error).toBeInstanceOf(ResponseValidationError)
  expect(error).toMatchObject({ code: 'HTTP_RESPONSE_UNEXPECTED', outcome: 'answered' })
  expect(String(error)).toContain('/0/email')
  expect(String(error)).not.toContain('canary')
})

test('keeps digits that a double would lose', async () => {
  const server = await serve((_request, response) =>
    sendJson(response, 200, '{"id":12345678901234567891,"amount":10.50,"small":0.30000000000000004}'),
  )
  const data = await clientOf(server.url).get('/')
  expect(data).toMatchObject({ amount: 10.5, small: 0.30000000000000004 })
  const { id } = data as { id: unknown }
  expect(isLosslessNumber(id) && id.toString()).toBe('12345678901234567891')
})

test('answers a failing status with status, problem document and body, the heavy parts not enumerable', async () => {
  const problem = { type: 'https://example.org/gone', title: 'No such user', detail: 'canary' }
  const server = await serve((_request, response) =>
    sendJson(response, 404, problem, { 'content-type': 'application/problem+json; charset=utf-8' }),
  )
  const error = await failureOf(clientOf(server.url).get('/users/{id}', { path: { id: 7 } }))
  expect(error).toBeInstanceOf(HttpStatusError)
  expect(error).toMatchObject({
    status: 404,
    outcome: 'answered',
    retry: 'never',
    problem: { title: 'No such user' },
  })
  expect(Object.keys(error as object)).not.toContain('body')
  expect(String(error)).toContain('GET ')
  expect(String(error)).toContain('/users/{id}')
})

test('retries a read after failures that may pass, and counts each attempt in the call log', async () => {
  const entries: CallLogEntry[] = []
  let responses = 0
  const server = await serve((_request, response) => {
    responses += 1
    if (responses < 3) sendJson(response, 503, {})
    else sendJson(response, 200, { ok: true }, { 'x-request-id': 'req-7' })
  })
  await clientOf(server.url, { onAttempt: (entry) => entries.push(entry) }).get('/x/{id}', {
    path: { id: 'private' },
  })
  expect(entries.map(({ status, attempt }) => [status, attempt])).toEqual([
    [503, 1],
    [503, 2],
    [200, 3],
  ])
  expect(entries[2]).toMatchObject({ route: '/x/{id}', requestId: 'req-7', method: 'GET' })
  expect(JSON.stringify(entries)).not.toContain('private')
})

test('does not repeat a POST that may have taken effect', async () => {
  for (const respond of [
    ((_request, response) => sendJson(response, 503, {})) satisfies Respond,
    ((_request, response) => void response.destroy()) satisfies Respond,
  ]) {
    const server = await serve(respond)
    const error = await failureOf(clientOf(server.url).post('/orders', { json: { a: 1 } }))
    expect(error).toMatchObject({ outcome: 'unknown' })
    expect(server.seen).toHaveLength(1)
  }
})

test('repeats a POST with an idempotency key, the same key each time', async () => {
  let responses = 0
  const server = await serve((_request, response) => {
    responses += 1
    if (responses === 1) response.destroy()
    else sendJson(response, 201, { id: 1 })
  })
  await clientOf(server.url).post('/orders', { json: {}, idempotencyKey: 'auto' })
  const keys = server.seen.map(({ headers }) => headers['idempotency-key'])
  expect(keys).toHaveLength(2)
  expect(new Set(keys).size).toBe(1)
})

test('repeats a POST that was refused by 429, since that proves that nothing happened', async () => {
  let responses = 0
  const server = await serve((_request, response) => {
    responses += 1
    if (responses === 1) sendJson(response, 429, {}, { 'retry-after': '0' })
    else sendJson(response, 201, { id: 1 })
  })
  await clientOf(server.url).post('/orders', { json: {} })
  expect(server.seen).toHaveLength(2)
})

test('never comes back before Retry-After, given in seconds or as a date', async () => {
  for (const header of [() => '1', () => new Date(Date.now() + 2_000).toUTCString()]) {
    let responses = 0
    const server = await serve((_request, response) => {
      responses += 1
      if (responses === 1) sendJson(response, 503, {}, { 'retry-after': header() })
      else sendJson(response, 200, {})
    })
    await clientOf(server.url).get('/')
    const [first, second] = server.seen
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(950)
  }
})

test('says at once when the system wants to be left alone for longer than the deadline', async () => {
  const server = await serve((_request, response) =>
    sendJson(response, 429, { canary: 1 }, { 'retry-after': '3600' }),
  )
  // Waiting until the deadline would take longer than a test may.
  const error = await failureOf(clientOf(server.url).get('/', { totalMs: 3_500_000 }))
  expect(error).toBeInstanceOf(RateLimitedError)
  expect(error).toMatchObject({ retry: { afterMs: 3_600_000 }, status: 429, outcome: 'answered' })
  expect(server.seen).toHaveLength(1)
})

test('after a 429, other calls of the same part of the API wait as well', async () => {
  let responses = 0
  const server = await serve((_request, response) => {
    responses += 1
    if (responses === 1) sendJson(response, 429, {}, { 'retry-after': '1' })
    else sendJson(response, 200, {})
  })
  const client = clientOf(server.url)
  await failureOf(client.get('/users/1', { retries: 0 }))
  await client.get('/users/2')
  expect((server.seen[1]?.at ?? 0) - (server.seen[0]?.at ?? 0)).toBeGreaterThanOrEqual(950)
})

test('gives up retrying when most calls fail, so that an outage is not answered with a multiple of the traffic', async () => {
  const server = await serve((_request, response) => sendJson(response, 503, {}))
  const client = clientOf(server.url, { retry: { retries: 10, baseMs: 1, capMs: 1 } })
  for (let call = 0; call < 20; call += 1) await failureOf(client.get('/'))
  expect(server.seen.length).toBeLessThan(20 + 36)
})

test('the total deadline settles on time while the server is silent, trickles, or refuses to end a handshake', async () => {
  const silent = await startSocketServer(() => undefined)
  const trickling = await startSocketServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n')
      const timer = setInterval(() => socket.write(' '), 10)
      socket.on('close', () => clearInterval(timer))
    })
  })
  const handshake = await startSocketServer(() => undefined, 'https')
  open.push(silent, trickling, handshake)
  const cases = [
    [silent.url, 'headers', 'unknown'],
    [trickling.url, 'body', 'unknown'],
    [handshake.url, 'connect', 'not-sent'],
  ] as const
  for (const [url, phase, outcome] of cases) {
    // The timeouts of the phases would take longer than a test may.
    const timeouts = { connectMs: 600_000, headersMs: 600_000, bodyIdleMs: 600_000, totalMs: 300 }
    const error = await failureOf(clientOf(url, { timeouts }).post('/', { json: {} }))
    expect(error, url).toMatchObject({ code: 'HTTP_TIMEOUT' })
    expect(error).toMatchObject({ phase, outcome, code: 'HTTP_TIMEOUT' })
  }
})

test('the total deadline settles on time while backing off and while waiting for the rate limit', async () => {
  const failing = await serve((_request, response) => sendJson(response, 503, {}))
  const backingOff = clientOf(failing.url, {
    timeouts: { totalMs: 400 },
    retry: { retries: 1, baseMs: 60_000, capMs: 60_000 },
    random: () => 0.005,
  })
  const first = await failureOf(backingOff.get('/'))
  expect(first).toBeInstanceOf(HttpStatusError)
  const slow = await serve(() => undefined)
  const queued = clientOf(slow.url, { timeouts: { totalMs: 300 }, limits: { concurrency: 1 } })
  const held = failureOf(queued.get('/held', { totalMs: 2_000 }))
  const error = await failureOf(queued.post('/waits', { json: {} }))
  expect(error).toMatchObject({ phase: 'queue', outcome: 'not-sent' })
  expect(slow.seen).toHaveLength(1)
  expect(await held).toMatchObject({ code: 'HTTP_TIMEOUT' })
})

test('ends at once when the caller aborts, and says whether the request may have landed', async () => {
  const server = await serve(() => undefined)
  const client = clientOf(server.url)
  const controller = new AbortController()
  const call = failureOf(client.post('/', { json: {}, signal: controller.signal }))
  await expect.poll(() => server.seen.length).toBe(1)
  controller.abort()
  expect(await call).toMatchObject({ code: 'HTTP_ABORTED', outcome: 'unknown' })
  expect(await failureOf(client.get('/', { signal: AbortSignal.abort() }))).toMatchObject({
    outcome: 'not-sent',
  })
})

test('never sends after its start time, also when it waited for a slot', async () => {
  const reply = Promise.withResolvers<void>()
  const server = await serve(async (_request, response) => {
    await reply.promise
    sendJson(response, 200, {})
  })
  const client = clientOf(server.url, { limits: { concurrency: 1 } })
  const late = await failureOf(client.post('/late', { json: {}, startBefore: performance.now() - 1 }))
  expect(late).toMatchObject({ outcome: 'not-sent' })
  const running = client.get('/slow')
  const startBefore = performance.now() + 50
  const waiting = failureOf(client.post('/waited', { json: {}, startBefore }))
  while (performance.now() <= startBefore) await new Promise((resolve) => setTimeout(resolve, 10))
  reply.resolve()
  expect(await waiting).toMatchObject({ outcome: 'not-sent', code: 'HTTP_START_TOO_LATE' })
  await running
  expect(server.seen.map(({ url }) => url)).toEqual(['/slow'])
})

test('a wrong credential is an authentication error that is not retried', async () => {
  const server = await serve((_request, response) => sendJson(response, 401, { error: 'bad token' }))
  const error = await failureOf(clientOf(server.url, { auth: { type: 'bearer', token: 'wrong' } }).get('/'))
  expect(error).toBeInstanceOf(AuthenticationError)
  expect(error).toMatchObject({ status: 401, retry: 'never' })
  expect(server.seen).toHaveLength(1)
})

test('sends basic, bearer and API key credentials where they belong', async () => {
  const server = await serve(ok)
  await clientOf(server.url, { auth: { type: 'basic', username: 'ada', password: 'p:w' } }).get('/')
  await clientOf(server.url, { auth: { type: 'bearer', token: 't' } }).get('/')
  await clientOf(server.url, { auth: { type: 'api-key', header: 'X-Key', value: 'k' } }).get('/')
  await clientOf(server.url, { auth: { type: 'api-key', query: 'key', value: 'a b' } }).get('/', {
    query: { x: 1 },
  })
  expect(server.seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ada:p:w').toString('base64')}`)
  expect(server.seen[1]?.headers.authorization).toBe('Bearer t')
  expect(server.seen[2]?.headers['x-key']).toBe('k')
  expect(server.seen[3]?.url).toBe('/?x=1&key=a%20b')
})

test('refuses headers that would smuggle others, and bodies given twice', async () => {
  const client = clientOf('http://127.0.0.1:1')
  await expect(client.get('/', { headers: { 'x-a': 'b\r\nx-c: d' } })).rejects.toBeInstanceOf(UsageError)
  await expect(client.post('/', { json: {}, form: {} })).rejects.toBeInstanceOf(UsageError)
})

test('after closing, calls are refused', async () => {
  const client = clientOf('http://127.0.0.1:1')
  await client.close()
  await expect(client.get('/')).rejects.toMatchObject({ code: 'HTTP_CLIENT_CLOSED' })
})

test('a 429 of one path does not stop the others', async () => {
  const server = await serve((request, response) =>
    request.url.startsWith('/search')
      ? sendJson(
          response,
          429,
          {},
          { 'retry-after': '60', 'x-ratelimit-limit': '5', 'x-ratelimit-remaining': '0' },
        )
      : sendJson(response, 200, { ok: true }),
  )
  const client = clientOf(server.url)
  await client.get('/users')
  expect(await failureOf(client.get('/search'))).toMatchObject({ status: 429, outcome: 'answered' })
  expect(await failureOf(client.get('/search'))).toMatchObject({ status: undefined, outcome: 'not-sent' })
  expect(await client.get('/users')).toEqual({ ok: true })
  expect(await client.get('/orders')).toEqual({ ok: true })
  expect(server.seen.map(({ url }) => url)).toEqual(['/users', '/search', '/users', '/orders'])
})

test('maxRetryAfterMs bounds the wait that an API may ask for, by Retry-After or by a reset', async () => {
  for (const headers of [
    { 'retry-after': '2' },
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2' },
  ]) {
    const server = await serve((_request, response) => sendJson(response, 429, {}, headers))
    const client = clientOf(server.url, { retry: { maxRetryAfterMs: 1_000 }, timeouts: { totalMs: 30_000 } })
    expect(await failureOf(client.get('/'))).toMatchObject({ status: 429, retry: { afterMs: 2_000 } })
    expect(server.seen).toHaveLength(1)
  }
})

test('an abort keeps the reason of the signal and is not retryable', async () => {
  const server = await serve(() => undefined)
  const reason = new Error('the user left the page')
  const controller = new AbortController()
  const call = failureOf(clientOf(server.url).get('/', { signal: controller.signal }))
  await expect.poll(() => server.seen.length).toBe(1)
  controller.abort(reason)
  const error = await call
  expect(error).toMatchObject({ code: 'HTTP_ABORTED', retry: 'never' })
  expect(Reflect.get(Object(error), 'cause')).toBe(reason)
})
