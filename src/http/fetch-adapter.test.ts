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

test('every status is an answer, after the retries that help', async () => {
  for (const status of [302, 304, 400, 401, 404, 429, 500, 503]) {
    const { server, fetch } = await setUp((_request, response) =>
      status === 304 ? void response.writeHead(304).end() : sendJson(response, status, { why: 'no' }),
    )
    const answer = await fetch('/x')
    expect(answer.status).toBe(status)
    if (status !== 304) expect(await answer.json()).toEqual({ why: 'no' })
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
  setTimeout(() => giveUp.abort(reason), 20)
  await expect(call).rejects.toBe(reason)
  await expect(fetch('/x', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  await server.close()
  await expect(fetch('/x')).rejects.toBeInstanceOf(TypeError)
})
