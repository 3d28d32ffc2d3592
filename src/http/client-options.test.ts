import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { failureOf, useLocalClients } from '../../test/support/local-clients.ts'
import { sendJson } from '../../test/support/local-server.ts'
import { ApiClient } from './client.ts'

const { clientOf, serve } = useLocalClients({
  retry: { retries: 3, baseMs: 5, capMs: 20 },
  timeouts: { totalMs: 5_000 },
})

test('unknown options are refused with the nearest known name', async () => {
  const refused = (options: object): unknown => {
    try {
      return new ApiClient({ baseUrl: 'https://api.example.com', ...options })
    } catch (error) {
      return error
    }
  }
  for (const [options, reported] of [
    [{ timeout: {} }, 'timeout is unknown: did you mean timeouts?'],
    [{ timeouts: { totalMS: 1 } }, 'timeouts.totalMS is unknown: did you mean totalMs?'],
    [{ retry: { retires: 1 } }, 'retry.retires is unknown: did you mean retries?'],
    [{ limits: { concurency: 1 } }, 'limits.concurency is unknown: did you mean concurrency?'],
  ] as const) {
    expect(refused(options)).toMatchObject({
      code: 'HTTP_OPTIONS_INVALID',
      message: expect.stringContaining(reported),
    })
  }
  const client = clientOf('http://127.0.0.1:1')
  const call = failureOf(Promise.resolve().then(() => client.get('/x', { querry: { a: 1 } } as object)))
  await expect(call).resolves.toMatchObject({ message: expect.stringContaining('did you mean query?') })
})

test('half of a surrogate pair never becomes a URIError', async () => {
  const client = clientOf('http://127.0.0.1:1')
  for (const call of [
    () => client.get('/users/{id}', { path: { id: 'a\ud800' } }),
    () =>
      clientOf('http://127.0.0.1:1', { auth: { type: 'api-key', query: 'key', value: '\udc00' } }).get('/x'),
  ]) {
    expect(await failureOf(Promise.resolve().then(call))).toMatchObject({ code: 'HTTP_REQUEST_INVALID' })
  }
})

test('a secret in the base path is shown nowhere', async () => {
  const server = await serve((_request, response) => sendJson(response, 404, {}))
  const reported: string[] = []
  for (const [path, options] of [
    ['/bot123456:AAH-secretToken9/v2', {}],
    ['/services/T0AB12/B0CD34/s3cr3tXyZq', {}],
    ['/quietly/kept', { secretPath: true }],
  ] as const) {
    const client = clientOf(server.url + path, {
      ...options,
      onAttempt: (entry) => reported.push(JSON.stringify(entry)),
    })
    for (const call of [
      () => client.get('/users/{id}', { path: { id: 1 } }),
      () => client.get(`${server.url}${path}/page`),
      () => client.get('http://elsewhere.example/'),
      () => client.get('/../x'),
    ]) {
      const error = await failureOf(Promise.resolve().then(call))
      reported.push(`${String(error)} ${inspect(error, { showHidden: true, depth: 6 })}`)
    }
  }
  expect(reported.join('\n')).not.toMatch(/AAH|T0AB|s3cr3t|quietly|kept/)
  expect(reported.join('\n')).toContain('/{hidden}/v2/users/{id}')
})

test('a hook may change the headers, query and body of a call', async () => {
  const server = await serve(({ url, body, headers }, response) =>
    sendJson(response, 200, { url, body, tenant: headers['x-tenant'], agent: headers['user-agent'] }),
  )
  const client = clientOf(server.url, {
    beforeRequest: async ({ method, route, url, body }) => {
      expect([method, route, url, body]).toEqual(['POST', '/users', `${server.url}/users?a=1`, '{"a":1}'])
      return { headers: { 'X-Tenant': 't1', 'user-agent': undefined }, query: { b: 'ü' }, body: '{"a":2}' }
    },
  })
  expect(await client.post('/users', { query: { a: 1 }, json: { a: 1 } })).toEqual({
    url: '/users?a=1&b=%C3%BC',
    body: '{"a":2}',
    tenant: 't1',
  })
})

test('progress of an upload and a download is reported', async () => {
  const server = await serve(({ body }, response) => void response.end('x'.repeat(body.length)))
  const [up, down]: [number[], number[]] = [[], []]
  await clientOf(server.url).post('/x', {
    body: 'a'.repeat(300_000),
    headers: { 'content-type': 'text/plain' },
    onUploadProgress: ({ bytes, totalBytes }) => {
      up.push(bytes)
      expect(totalBytes).toBe(300_000)
    },
    onDownloadProgress: ({ bytes }) => down.push(bytes),
  })
  expect([up.length > 2, up.at(-1), down.at(-1)]).toEqual([true, 300_000, 300_000])
  expect(up).toEqual([...up].sort((a, b) => a - b))
})
