import { afterEach, expect, test } from 'vitest'
import { type LocalServer, type Respond, sendJson, startServer } from '../../../test/support/local-server.ts'
import type { CacheStore } from '../cache/cache-store.ts'
import { MemoryCacheStore } from '../cache/memory-cache-store.ts'
import { ApiClient } from '../client.ts'
import type { ApiClientOptions } from '../options.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function serve(respond: Respond): Promise<LocalServer> {
  const server = await startServer(respond)
  open.push(server)
  return server
}

function clientOf(server: LocalServer, options: Partial<ApiClientOptions> = {}): ApiClient {
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    cache: true,
    retry: { retries: 0 },
    ...options,
  })
  open.push(client)
  return client
}

/** A counter, so that a response shows which request returned it. */
function counting(headers: Readonly<Record<string, string>>): Respond {
  let count = 0
  return (_request, response) => {
    count += 1
    sendJson(response, 200, { count }, headers)
  }
}

test('a fresh response needs no request, and each caller gets objects of its own', async () => {
  const server = await serve(counting({ 'cache-control': 'max-age=60' }))
  const client = clientOf(server)
  const [one, two] = [await client.get('/x'), await client.get('/x')]
  expect([one, two]).toEqual([{ count: 1 }, { count: 1 }])
  expect(one).not.toBe(two)
  expect(server.seen).toHaveLength(1)
  const { headers } = await client.send('GET', '/x')
  expect(Number(headers.age)).toBeGreaterThanOrEqual(0)
})

test('what may not be kept is not kept, and a lifetime is never guessed', async () => {
  for (const headers of [
    { 'cache-control': 'no-store' },
    { 'cache-control': 'max-age=60', vary: '*' },
    { 'last-modified': new Date(0).toUTCString() },
    {},
  ]) {
    const server = await serve(counting(headers))
    const client = clientOf(server)
    await client.get('/x')
    expect(await client.get('/x')).toEqual({ count: 2 })
  }
})

test('one credential never gets what another one was answered (undici: user A to user B)', async () => {
  const server = await serve(({ headers }, response) =>
    sendJson(
      response,
      200,
      { for: headers.authorization ?? headers.cookie ?? headers['x-user'] },
      { 'cache-control': 'private, max-age=60' },
    ),
  )
  const store = new MemoryCacheStore()
  const bearer = (token: string) => clientOf(server, { cache: { store }, auth: { type: 'bearer', token } })
  const own = () =>
    clientOf(server, {
      cache: { store },
      auth: { name: 'own', credential: () => ({ headers: { authorization: `Own ${Math.random()}` } }) },
    })
  expect(await bearer('a').get('/me')).toEqual({ for: 'Bearer a' })
  expect(await bearer('b').get('/me')).toEqual({ for: 'Bearer b' })
  expect(await bearer('a').get('/me')).toEqual({ for: 'Bearer a' })
  expect(server.seen).toHaveLength(2)
  expect(await own().get('/me')).not.toEqual(await own().get('/me'))
  const plain = clientOf(server, { cache: { store } })
  for (const headers of [
    { authorization: 'A' },
    { authorization: 'B' },
    { cookie: 'C' },
    { 'x-user': 'D' },
  ]) {
    expect(await plain.get('/me', { headers })).toEqual({ for: Object.values(headers)[0] })
  }
})

test('a response with an ETag or a date is asked for again by it, and a 304 hands out what is kept', async () => {
  for (const [validator, condition] of [
    ['etag', 'if-none-match'],
    ['last-modified', 'if-modified-since'],
  ] as const) {
    const value = validator === 'etag' ? '"v1"' : new Date(0).toUTCString()
    const server = await serve(({ headers }, response) => {
      if (headers[condition] === value) {
        response.writeHead(304, { [validator]: value, 'cache-control': 'no-cache' })
        response.end()
      } else sendJson(response, 200, { v: 1 }, { [validator]: value, 'cache-control': 'no-cache' })
    })
    const client = clientOf(server)
    for (let round = 0; round < 3; round += 1) expect(await client.get('/x')).toEqual({ v: 1 })
    expect(server.seen.map(({ headers }) => headers[condition])).toEqual([undefined, value, value])
  }
})

test('stale-while-revalidate hands out the old response at once and fetches the new one once', async () => {
  let count = 0
  const renewal = Promise.withResolvers<void>()
  const server = await serve(async (_request, response) => {
    count += 1
    if (count > 1) await renewal.promise
    sendJson(response, 200, { count }, { 'cache-control': 'max-age=0, stale-while-revalidate=60' })
  })
  const client = clientOf(server)
  await client.get('/x')
  expect(await Promise.all([client.get('/x'), client.get('/x')])).toEqual([{ count: 1 }, { count: 1 }])
  renewal.resolve()
  await expect.poll(() => client.get('/x')).not.toEqual({ count: 1 })
})

test('stale-if-error hands out the old response while the API fails', async () => {
  let count = 0
  const server = await serve((_request, response) => {
    count += 1
    if (count > 1) sendJson(response, 500, {})
    else sendJson(response, 200, { old: true }, { 'cache-control': 'max-age=0, stale-if-error=60' })
  })
  const client = clientOf(server)
  await client.get('/x')
  expect(await client.get('/x')).toEqual({ old: true })
})

test('variants by Vary are kept side by side', async () => {
  const server = await serve(({ headers }, response) =>
    sendJson(
      response,
      200,
      { in: headers['accept-language'] },
      { 'cache-control': 'max-age=60', vary: 'Accept-Language' },
    ),
  )
  const client = clientOf(server)
  for (const language of ['de', 'en', 'de', 'en']) {
    expect(await client.get('/x', { headers: { 'accept-language': language } })).toEqual({ in: language })
  }
  expect(server.seen).toHaveLength(2)
})

test('a write makes what was read of its address untrue, also when nobody knows what it did', async () => {
  let breaks = false
  const server = await serve(({ method }, response) => {
    if (method !== 'GET' && breaks) response.destroy()
    else sendJson(response, 200, {}, { 'cache-control': 'max-age=60' })
  })
  const client = clientOf(server)
  await client.get('/x')
  await client.put('/x', { json: {} })
  await client.get('/x')
  breaks = true
  await client.post('/x', { json: {}, idempotencyKey: 'auto' }).catch(() => undefined)
  await client.get('/x')
  expect(server.seen.filter(({ method }) => method === 'GET')).toHaveLength(3)
})

test('memory stays within its bytes; what was used longest ago goes first', () => {
  const store = new MemoryCacheStore(20_000)
  const reply = (size: number) => [{ variant: '', status: 200, bytes: new Uint8Array(size), policy: {} }]
  for (const key of ['a', 'b', 'c']) store.set(key, reply(4_000))
  store.get('a')
  store.set('d', reply(4_000))
  expect(store.bytes).toBeLessThanOrEqual(20_000)
  expect(['a', 'b', 'c', 'd'].map((key) => store.get(key).length)).toEqual([1, 0, 1, 1])
  store.set('huge', reply(15_000))
  expect(store.get('huge')).toEqual([])
  for (const key of ['a', 'c', 'd']) store.delete(key)
  expect(store.bytes).toBe(0)
})

test('a store that fails costs time, not correctness', async () => {
  const fail = () => Promise.reject(new DOMException('away', 'NetworkError'))
  const store: CacheStore = { get: fail, set: fail, delete: fail }
  const server = await serve(counting({ 'cache-control': 'max-age=60' }))
  const client = clientOf(server, { cache: { store } })
  expect(await client.get('/x')).toEqual({ count: 1 })
  expect(await client.get('/x')).toEqual({ count: 2 })
  await client.put('/x', { json: {} })
})

test('a refusal or failure that names its lifetime is kept, one that names none is not', async () => {
  const server = await startServer(({ url }, response) =>
    sendJson(
      response,
      url === '/gone' ? 410 : 503,
      { message: 'no' },
      url === '/passing' ? { etag: '"1"' } : { 'cache-control': 'Max-Age=60' },
    ),
  )
  const client = new ApiClient({ baseUrl: server.url, allowHttp: true, cache: true, retry: { retries: 0 } })
  try {
    for (let times = 0; times < 2; times += 1) {
      await expect(client.get('/gone')).rejects.toMatchObject({ status: 410, body: { message: 'no' } })
      await expect(client.get('/down')).rejects.toMatchObject({ status: 503 })
      await expect(client.get('/passing')).rejects.toMatchObject({ status: 503 })
    }
    expect(server.seen.map(({ url }) => url)).toEqual(['/gone', '/down', '/passing', '/passing'])
  } finally {
    await client.close()
    await server.close()
  }
})

test('a call of which nothing may be kept neither reads nor fills the cache', async () => {
  const server = await startServer((_request, response) =>
    sendJson(response, 200, {}, { 'cache-control': 'max-age=60' }),
  )
  const client = new ApiClient({ baseUrl: server.url, allowHttp: true, cache: true })
  try {
    await client.get('/x', { headers: { 'cache-control': 'no-store' } })
    await client.get('/x')
    await client.get('/x', { headers: { 'cache-control': 'no-store' } })
    await client.get('/x')
    expect(server.seen).toHaveLength(3)
  } finally {
    await client.close()
    await server.close()
  }
})

test.each<[string, Record<string, string>, boolean]>([
  ['in RFC 850 form', { expires: 'Thursday, 18-Aug-50 02:01:18 GMT' }, true],
  ['in asctime form', { expires: 'Thu Aug  8 02:01:18 2050' }, true],
  ['of 0', { expires: '0' }, false],
  ['in another zone', { expires: 'Thu, 18 Aug 2050 02:01:18 UTC' }, false],
  ['without its comma', { expires: 'Thu 18 Aug 2050 02:01:18 GMT' }, false],
  ['with an hour of one digit', { expires: 'Thu, 18 Aug 2050 2:01:18 GMT' }, false],
])('an Expires %s is fresh or past as RFC 9111 (5.3) says', async (_form, headers, isFresh) => {
  const client = clientOf(await serve(counting(headers)), { cache: true })
  await client.get('/x')
  expect(await client.get('/x')).toEqual({ count: isFresh ? 1 : 2 })
})

test.each([
  ['abc', true],
  ['-7200', true],
  ['7200.0', true],
  ['0, 7200', true],
  ['7200, 0', false],
  ['99999999999', false],
])('an Age of %j counts as RFC 9111 (5.1) says', async (age, isFresh) => {
  const client = clientOf(await serve(counting({ 'cache-control': 'max-age=3600', age })), { cache: true })
  await client.get('/x')
  expect(await client.get('/x')).toEqual({ count: isFresh ? 1 : 2 })
})

test('only-if-cached gets what is there, or a 504 that nobody sent', async () => {
  const server = await serve(counting({ 'cache-control': 'max-age=3600' }))
  const client = clientOf(server, { cache: true })
  const headers = { 'cache-control': 'only-if-cached' }
  await expect(client.get('/x', { headers })).rejects.toMatchObject({
    status: 504,
    outcome: 'not-sent',
    retry: 'never',
  })
  await client.get('/x')
  expect(await client.get('/x', { headers })).toEqual({ count: 1 })
})

test('a lifetime is guessed where the option says so, and only there', async () => {
  const lastModified = new Date(Date.now() - 86_400_000).toUTCString()
  const server = await serve(counting({ 'last-modified': lastModified, date: new Date().toUTCString() }))
  const guessing = clientOf(server, { cache: { heuristic: 0.1 } })
  expect(await guessing.get('/x')).toEqual({ count: 1 })
  expect(await guessing.get('/x')).toEqual({ count: 1 })
  const strict = clientOf(server, { cache: true })
  await strict.get('/x')
  expect(await strict.get('/x')).toEqual({ count: 3 })
})

test('a method that nobody knows may change something', async () => {
  const server = await serve(counting({ 'cache-control': 'max-age=3600' }))
  const client = clientOf(server, { cache: true })
  await client.get('/x')
  await client.send('M-SEARCH', '/x')
  expect(await client.get('/x')).toEqual({ count: 3 })
  await client.send('QUERY', '/x', { body: 'a' })
  expect(await client.get('/x')).toEqual({ count: 3 })
})
