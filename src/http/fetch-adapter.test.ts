import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { type LocalServer, type Respond, sendJson, startServer } from '../../test/support/local-server.ts'
import { ApiClient } from './client.ts'
import { createFetch, type FetchLike } from './fetch-adapter.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function setUp(respond: Respond): Promise<{ server: LocalServer; fetch: FetchLike }> {
  const server = await startServer(respond)
  const client = new ApiClient({
    baseUrl: `${server.url}/v1`,
    allowHttp: true,
    auth: { type: 'bearer', token: 't' },
    retry: { retries: 1, baseMs: 1, capMs: 1 },
  })
  open.push(server, client)
  return { server, fetch: createFetch(client) }
}

test('answers like fetch: text, JSON, headers, bytes and an empty body', async () => {
  const { server, fetch } = await setUp(({ url, method, body, headers }, response) => {
    if (url.endsWith('/empty')) response.writeHead(204).end()
    else if (url.endsWith('/page'))
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>ü</html>')
    else sendJson(response, 201, { url, method, body, type: headers['content-type'] }, { 'x-a': 'b' })
  })
  const made = await fetch(`${server.url}/v1/users?x=1#part`, {
    method: 'POST',
    body: JSON.stringify({ a: 1 }),
    headers: { 'content-type': 'application/json' },
  })
  expect(made).toBeInstanceOf(Response)
  expect([made.status, made.ok, made.headers.get('x-a')]).toEqual([201, true, 'b'])
  expect(await made.json()).toEqual({
    url: '/v1/users?x=1',
    method: 'POST',
    body: '{"a":1}',
    type: 'application/json',
  })
  expect((await fetch(new URL(`${server.url}/v1/empty`))).status).toBe(204)
  expect(await (await fetch('/page')).text()).toBe('<html>ü</html>')
  expect((await (await fetch(new Request(`${server.url}/v1/users`))).bytes()).byteLength).toBeGreaterThan(10)
  expect(server.seen.every(({ headers }) => headers.authorization === 'Bearer t')).toBe(true)
})

test('every status is a response, after the retries that help', async () => {
  for (const status of [302, 304, 400, 401, 404, 429, 500, 503]) {
    const { server, fetch } = await setUp((_request, response) =>
      status === 304 ? void response.writeHead(304).end() : sendJson(response, status, { why: 'no' }),
    )
    const reply = await fetch('/x')
    expect(reply.status).toBe(status)
    if (status !== 304) expect(await reply.json()).toEqual({ why: 'no' })
    expect(server.seen).toHaveLength(status === 429 || status >= 500 ? 2 : 1)
  }
})

test('rejects like fetch: a TypeError with the cause, or the reason of the signal', async () => {
  const { server, fetch } = await setUp(() => undefined)
  await expect(fetch('https://evil.example/')).rejects.toMatchObject({
    name: 'TypeError',
    cause: { code: 'HTTP_BASE_URL_ESCAPE' },
  })
  const reason = new DOMException('enough', 'AbortError')
  const giveUp = new AbortController()
  const call = fetch('/x', { signal: giveUp.signal })
  const rejected = expect(call).rejects.toBe(reason)
  await expect.poll(() => server.seen.length).toBe(1)
  giveUp.abort(reason)
  await rejected
  await expect(fetch('/x', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  await server.close()
  await expect(fetch('/x')).rejects.toBeInstanceOf(TypeError)
})

test('a response is what fetch would make of it: url, redirected, statusText, a body of null', async () => {
  const { server, fetch } = await setUp(({ url, method }, response) => {
    if (url.endsWith('/empty')) response.writeHead(204).end()
    else if (url.endsWith('/from')) response.writeHead(302, { location: '/v1/to' }).end()
    else if (url.endsWith('/named')) response.writeHead(418, 'Short and stout').end('x')
    else if (url.endsWith('/loop')) response.writeHead(302, { location: '/v1/loop' }).end()
    else if (url.endsWith('/see')) response.writeHead(303, { location: '/v1/to' }).end()
    else if (url.endsWith('/again')) response.writeHead(307, { location: '/v1/to' }).end()
    else response.writeHead(200, { 'x-method': method, 'set-cookie': ['a=1', 'b=2'] }).end('there')
  })
  const there = await fetch('/from')
  expect([there.status, there.url, there.redirected, there.type]).toEqual([
    200,
    `${server.url}/v1/to`,
    true,
    'basic',
  ])
  expect(there.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  const copy = there.clone()
  expect([await there.text(), await copy.text(), copy.url]).toEqual(['there', 'there', there.url])
  expect([there.bodyUsed, copy.bodyUsed]).toEqual([true, true])
  await expect(there.text()).rejects.toBeInstanceOf(TypeError)
  expect(() => there.clone()).toThrow(TypeError)
  const direct = await fetch(`${server.url}/v1/to`)
  expect([direct.url, direct.redirected, direct.statusText]).toEqual([`${server.url}/v1/to`, false, 'OK'])
  expect((await fetch('/named')).statusText).toBe('Short and stout')
  expect((await fetch('/empty')).body).toBeNull()
  expect((await fetch('/to', { method: 'HEAD' })).body).toBeNull()
  expect((await (await fetch('/to')).body?.getReader().read())?.value).toEqual(
    new Uint8Array(Buffer.from('there')),
  )
  const manual = await fetch('/from', { redirect: 'manual' })
  expect([manual.status, manual.headers.get('location')]).toEqual([302, '/v1/to'])
  await expect(fetch('/from', { redirect: 'error' })).rejects.toBeInstanceOf(TypeError)
  await expect(fetch('/loop')).rejects.toBeInstanceOf(TypeError)
  const seen = await fetch('/see', { method: 'POST', body: 'a' })
  expect([seen.headers.get('x-method'), server.seen.at(-1)?.body]).toEqual(['GET', ''])
  const again = await fetch('/again', { method: 'POST', body: 'a' })
  expect([again.headers.get('x-method'), server.seen.at(-1)?.body]).toEqual(['POST', 'a'])
  expect((await fetch('/to', { method: 'QUERY', body: 'q' })).headers.get('x-method')).toBe('QUERY')
})

test('an address keeps its last question mark, and a status line without a reason has none', async () => {
  const { server, fetch } = await setUp((_request, response) => void response.writeHead(200, '', {}).end('x'))
  const response = await fetch('/question?')
  expect([response.url, response.statusText]).toEqual([`${server.url}/v1/question?`, ''])
  expect((await fetch(new URL(`${server.url}/v1/hash?#part`))).url).toBe(`${server.url}/v1/hash?`)
  expect(server.seen.map(({ url }) => url)).toEqual(['/v1/question?', '/v1/hash?'])
})

test.each(['short', 'long'])(
  'a %s body that cannot be decoded fails when it is read; the response is there',
  async (size) => {
    const packed = gzipSync(size === 'short' ? 'text' : randomBytes(400_000))
    const { fetch } = await setUp((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed.subarray(0, -8))
    })
    const response = await fetch('/damaged')
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toMatchObject({
      name: 'TypeError',
      cause: { code: 'HTTP_RESPONSE_DAMAGED' },
    })
  },
)

test('a body is handed on while it comes in, and ends with the reason of the signal', async () => {
  const { fetch } = await setUp((_request, response) => {
    response.writeHead(200).write('first')
  })
  const giveUp = new AbortController()
  const reader = (await fetch('/x', { signal: giveUp.signal })).body?.getReader()
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('first')
  const next = reader?.read()
  giveUp.abort(new Error('enough'))
  await expect(next).rejects.toThrow('enough')
})

test("failures have the system's code under cause", async () => {
  const { server, fetch } = await setUp((_request, response) => void response.destroy())
  await expect(fetch('/x')).rejects.toMatchObject({
    cause: { code: expect.stringMatching(/UND_ERR_SOCKET|ECONNRESET/) },
  })
  await server.close()
  await expect(fetch('/x')).rejects.toMatchObject({
    name: 'TypeError',
    message: 'fetch failed',
    cause: { code: 'ECONNREFUSED', cause: { code: 'HTTP_NETWORK' } },
  })
})

test('init.cache is kept: from the cache, past it, or from nowhere else', async () => {
  let count = 0
  const server = await startServer((_request, response) => {
    count += 1
    response.writeHead(200, { 'cache-control': 'max-age=3600' }).end(String(count))
  })
  const client = new ApiClient({ baseUrl: server.url, allowHttp: true, cache: true })
  open.push(server, client)
  const fetch = createFetch(client)
  const read = async (cache: RequestCache): Promise<string> => (await fetch('/x', { cache })).text()
  await expect(read('only-if-cached')).rejects.toBeInstanceOf(TypeError)
  expect(await read('default')).toBe('1')
  expect(await read('default')).toBe('1')
  expect(await read('no-store')).toBe('2')
  expect(await read('only-if-cached')).toBe('1')
  expect(await read('reload')).toBe('3')
  expect(await read('force-cache')).toBe('3')
  expect(await read('no-cache')).toBe('4')
  expect(server.seen.at(-1)?.headers['cache-control']).toBe('max-age=0')
})
