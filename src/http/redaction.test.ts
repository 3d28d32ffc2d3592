import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { type Respond, sendJson, startServer } from '../../test/support/local-server.ts'
import type { AuthOptions } from './auth/options.ts'
import { ApiClient } from './client.ts'

const secrets = [
  'canary-token',
  'canary-password',
  'canary-key',
  'canary-secret',
  'canary-access',
  'canary-query',
  'canary-body',
]
const forms = secrets.flatMap((secret) => [
  secret,
  Buffer.from(secret).toString('base64').slice(0, 12),
  Buffer.from(secret).toString('hex'),
])

function expectClean(value: unknown, where: string): void {
  const texts = [inspect(value, { depth: 10 }), String(value), JSON.stringify(value) ?? '']
  for (const text of texts) for (const form of forms) expect(text, where).not.toContain(form)
}

/** Every way to fail, each echoing what it was sent, as careless servers do. */
const failures: Readonly<Record<string, Respond>> = {
  status: ({ headers, body, url }, response) => sendJson(response, 400, { headers, body, url }),
  unauthenticated: ({ headers, url }, response) => sendJson(response, 401, { headers, url }),
  throttled: ({ headers }, response) => sendJson(response, 429, { headers }, { 'retry-after': '999' }),
  broken: ({ headers }, response) => sendJson(response, 200, `{${JSON.stringify(headers)}`),
  page: ({ headers }, response) =>
    sendJson(response, 200, `<html>${JSON.stringify(headers)}`, { 'content-type': 'text/html' }),
  reset: (_request, response) => void response.destroy(),
  silent: () => undefined,
}

test('no secret shows in any error, log entry or inspection', async () => {
  for (const [name, respond] of Object.entries(failures)) {
    const server = await startServer((request, response) =>
      request.url.startsWith('/token')
        ? sendJson(response, 200, { access_token: 'canary-access', token_type: 'bearer', expires_in: 60 })
        : respond(request, response),
    )
    const auths: AuthOptions[] = [
      { type: 'bearer', token: 'canary-token' },
      { type: 'basic', username: 'ada', password: 'canary-password' },
      { type: 'api-key', header: 'x-key', value: 'canary-key' },
      { type: 'api-key', query: 'key', value: 'canary-key' },
      {
        type: 'oauth2-client-credentials',
        tokenUrl: `${server.url}/token`,
        clientId: 'c',
        clientSecret: 'canary-secret',
      },
    ]
    for (const auth of auths) {
      const client = new ApiClient({
        baseUrl: server.url,
        allowHttp: true,
        auth,
        timeouts: { totalMs: 300 },
        retry: { retries: 0 },
        onAttempt: (entry) => expectClean(entry, `${name}: log`),
      })
      expectClean(client, `${name}: client`)
      const query = { q: 'canary-query' }
      const error = await client
        .post('/x', { query, json: { v: 'canary-body' } })
        .catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(Error)
      expectClean(error, `${name}: ${auth.type}`)
      await client.close()
    }
    await server.close()
  }
})

test('a token endpoint that quotes our secret does not get it into the error', async () => {
  for (const status of [200, 400, 401, 500]) {
    const server = await startServer(({ headers, body }, response) =>
      sendJson(response, status, {
        error: 'invalid_client',
        error_description: `${headers.authorization} ${body} canary-secret`,
      }),
    )
    const client = new ApiClient({
      baseUrl: server.url,
      allowHttp: true,
      retry: { retries: 0 },
      auth: {
        type: 'oauth2-client-credentials',
        tokenUrl: `${server.url}/token`,
        clientId: 'c',
        clientSecret: 'canary-secret',
      },
    })
    const error = await client.get('/').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ outcome: 'not-sent' })
    expectClean(error, `token ${status}`)
    await client.close()
    await server.close()
  }
})
