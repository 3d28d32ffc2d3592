import { expect, test } from 'vitest'
import { type LocalServer, type Respond, sendJson, startServer } from '../../../test/support/local-server.ts'
import { ApiClient } from '../client.ts'
import { CookieJar } from '../cookies/cookie-jar.ts'
import { createFetch } from '../fetch-adapter.ts'
import type { ApiClientOptions } from '../options.ts'

async function withApi(
  respond: Respond,
  use: (client: ApiClient, server: LocalServer) => Promise<void>,
  options: Partial<ApiClientOptions> = {},
): Promise<void> {
  await using server = await startServer(respond)
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    retry: { retries: 0 },
    cookies: true,
    ...options,
  })
  try {
    await use(client, server)
  } finally {
    await client.close()
  }
}

const twoCookies: Respond = (_request, response) => {
  response.setHeader('set-cookie', [
    'session=abc; Path=/; HttpOnly; Expires=Wed, 21 Oct 2065 07:28:00 GMT',
    'part=1; Path=/odata',
  ])
  sendJson(response, 200, {})
}

test('a session goes on: cookies that were set come back where their path says', async () => {
  await withApi(twoCookies, async (client, server) => {
    await client.get('/odata/$metadata', { headers: { 'x-csrf-token': 'Fetch' } })
    await client.post('/odata/Orders', { json: {} })
    await client.get('/other')
    expect(server.seen.map(({ headers }) => headers.cookie)).toEqual([
      undefined,
      'part=1; session=abc',
      'session=abc',
    ])
  })
})

test('a refusal sets cookies as well, and a cookie that has ended is gone', async () => {
  const responses: Respond[] = [
    (_request, response) => sendJson(response, 403, {}, { 'set-cookie': 'a=1' }),
    (_request, response) => sendJson(response, 200, {}, { 'set-cookie': 'a=; Max-Age=0' }),
    (_request, response) => sendJson(response, 200, {}),
  ]
  await withApi(
    (request, response) => responses.shift()?.(request, response),
    async (client, server) => {
      await expect(client.get('/x')).rejects.toMatchObject({ status: 403 })
      await client.get('/x')
      await client.get('/x')
      expect(server.seen.map(({ headers }) => headers.cookie)).toEqual([undefined, 'a=1', undefined])
    },
  )
})

test('without the option no cookie is kept', async () => {
  await withApi(
    twoCookies,
    async (client, server) => {
      await client.get('/odata/x')
      await client.get('/odata/x')
      expect(server.seen[1]?.headers.cookie).toBeUndefined()
    },
    { cookies: false },
  )
})

test("a redirect to another origin carries none of the first one's cookies, and that origin's stay its own", async () => {
  await using other = await startServer((_request, response) =>
    sendJson(response, 200, {}, { 'set-cookie': 'foreign=1; Domain=127.0.0.1; Path=/' }),
  )
  await withApi(
    (request, response) => {
      if (request.url === '/away') {
        response.writeHead(302, { location: `${other.url}/there`, 'set-cookie': 'own=1; Path=/' })
        response.end()
      } else sendJson(response, 200, {})
    },
    async (client, server) => {
      await client.get('/away')
      await client.get('/away')
      await client.get('/here')
      expect(other.seen.map(({ headers }) => headers.cookie)).toEqual([undefined, 'foreign=1'])
      expect(server.seen.map(({ headers }) => headers.cookie)).toEqual([undefined, 'own=1', 'own=1'])
    },
    { redirects: 1 },
  )
})

test('each set-cookie reaches a foreign SDK apart', async () => {
  await withApi(twoCookies, async (client) => {
    const response = await createFetch(client)('/odata/x')
    expect(response.headers.getSetCookie()).toHaveLength(2)
  })
})

test('what a server makes us keep is bounded', () => {
  const jar = new CookieJar()
  const origin = 'https://api.example'
  jar.store(
    origin,
    '/',
    Array.from({ length: 200 }, (_, index) => `c${index}=x`),
    0,
  )
  expect(jar.headerFor(origin, '/', 0)?.split('; ')).toHaveLength(50)
  jar.store(origin, '/', [`big=${'x'.repeat(5_000)}`, 'bad=a\u0001b', 'no pair', '=empty'], 0)
  expect(jar.headerFor(origin, '/', 0)).not.toMatch(/big|bad|pair|empty/)
  for (let index = 0; index < 30; index += 1) jar.store(`https://h${index}.example`, '/', ['a=1'], 0)
  expect(jar.headerFor(origin, '/', 0)).toBeUndefined()
  expect(jar.headerFor('https://h29.example', '/', 0)).toBe('a=1')
})

test.each([
  ['/sap/opu/odata/x', 'a=1', '/sap/opu/odata/y?z', true],
  ['/sap/opu/odata/x', 'a=1', '/sap/opu', false],
  ['/x', 'a=1; Path=/foo', '/foobar', false],
  ['/x', 'a=1; Path=/foo', '/foo?bar', true],
  ['/x', 'a=1; Path=/foo/', '/foo/bar', true],
  ['/x?y=/z/', 'a=1', '/anything', true],
  ['/x', 'a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT', '/x', true],
  ['/x', 'a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT', '/x', false],
  ['/x', 'a=1; Expires=Wednesday, 21-Oct-65 07:28:00 GMT', '/x', true],
  ['/x', 'a=1; Expires=Thu, 01-Jan-1970 00:00:01 GMT', '/x', false],
  ['/x', 'a=1; Expires=Sun Nov  6 08:49:37 2065', '/x', true],
  ['/x', 'a=1; Expires=0', '/x', true],
  ['/x', 'a=1; Expires=-1', '/x', true],
])('set at %s as %j: sent to %s: %s', (at, line, to, sent) => {
  const jar = new CookieJar()
  const now = Date.UTC(2026, 0, 1)
  jar.store('https://a.example', at, [line], now)
  expect(jar.headerFor('https://a.example', to, now + 1_000) === 'a=1').toBe(sent)
})
