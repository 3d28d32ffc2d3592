import { expect, test } from 'vitest'
import { useLocalClients } from '../../../test/support/local-clients.ts'
import { type Respond, sendJson } from '../../../test/support/local-server.ts'

const { serve, clientOf } = useLocalClients({ retry: { retries: 0 } })

/** Redirects everything to the given address; returns `{}` under /end. */
const redirectTo =
  (location: string, status = 302): Respond =>
  ({ url }, response) =>
    url.startsWith('/end') ? sendJson(response, 200, {}) : sendJson(response, status, {}, { location })

test('no redirect is followed unless that is wanted', async () => {
  const server = await serve(redirectTo('/end'))
  await expect(clientOf(server.url).get('/x')).rejects.toMatchObject({ code: 'HTTP_REDIRECTED', status: 302 })
  expect(server.seen).toHaveLength(1)
})

test('within an origin the credential goes along', async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const server = await serve(redirectTo('end?x=1', status))
    const client = clientOf(server.url, { redirects: 3, auth: { type: 'bearer', token: 'canary' } })
    await client.get('/x')
    expect(server.seen.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/x', 'Bearer canary'],
      ['/end?x=1', 'Bearer canary'],
    ])
  }
})

test('to another origin no credential, cookie or custom header goes along', async () => {
  const other = await serve((_request, response) => sendJson(response, 200, { there: true }))
  const server = await serve(redirectTo(`${other.url}/file`))
  const client = clientOf(server.url, {
    redirects: 1,
    auth: { type: 'bearer', token: 'canary' },
    headers: { 'x-tenant': 'canary', cookie: 'canary' },
  })
  expect(await client.get('/x', { headers: { 'x-trace': 'canary' } })).toEqual({ there: true })
  expect(JSON.stringify(other.seen[0])).not.toContain('canary')
  expect(Object.keys(other.seen[0]?.headers ?? {}).sort()).toEqual([
    'accept',
    'accept-encoding',
    'connection',
    'host',
    'user-agent',
  ])
})

test('a write is never redirected, whatever the status', async () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
    const server = await serve(redirectTo('/end', 307))
    const client = clientOf(server.url, { redirects: 5 })
    await expect(client.send(method, '/x', { body: 'x' })).rejects.toMatchObject({ code: 'HTTP_REDIRECTED' })
    expect(server.seen).toHaveLength(1)
  }
})

test('a redirect to an inner address, to plain HTTP or with a user name in it is not followed', async () => {
  for (const location of [
    'http://169.254.169.254/latest/meta-data',
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/',
    'https://[64:ff9b::a00:1]/',
    'http://example.com/',
    'https://user:secret@example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://[',
    '',
  ]) {
    const server = await serve(redirectTo(location))
    const error = await clientOf(server.url, { redirects: 3, timeouts: { totalMs: 2_000 } })
      .get('/x')
      .catch((thrown: unknown) => thrown)
    expect(error, location).toMatchObject({
      code: expect.stringMatching(/^HTTP_(REDIRECTED|ADDRESS_REFUSED)$/),
    })
    expect(String(error)).not.toContain('secret')
    expect(server.seen).toHaveLength(1)
  }
})

test('redirects in a circle end at the bound', async () => {
  const server = await serve((_request, response) => sendJson(response, 302, {}, { location: '/again' }))
  await expect(clientOf(server.url, { redirects: 4 }).get('/x')).rejects.toMatchObject({
    code: 'HTTP_REDIRECTED',
  })
  expect(server.seen).toHaveLength(5)
})
