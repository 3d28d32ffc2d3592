import { expect, test } from 'vitest'
import { type LocalServer, sendJson, startServer } from '../../../test/support/local-server.ts'
import { ApiClient } from '../client.ts'
import { AuthenticationError } from '../errors.ts'

interface Fixture {
  readonly server: LocalServer
  readonly client: ApiClient
  readonly tokens: () => number
}

/** An API that accepts only the newest token, and its authorization server. */
async function withApi(
  options: {
    readonly lifeSeconds?: number
    readonly tokenDelayMs?: number
    readonly clock?: { offsetMs: number }
  },
  use: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  let issued = 0
  const server = await startServer(async (request, response) => {
    if (request.url === '/token') {
      await new Promise((resolve) => setTimeout(resolve, options.tokenDelayMs ?? 20))
      issued += 1
      sendJson(response, 200, {
        access_token: `t${issued}`,
        token_type: 'Bearer',
        expires_in: options.lifeSeconds ?? 3600,
      })
    } else if (request.url === '/revoke') {
      issued += 1
      sendJson(response, 200, {})
    } else {
      sendJson(response, request.headers.authorization === `Bearer t${issued}` ? 200 : 401, {})
    }
  })
  const offset = options.clock ?? { offsetMs: 0 }
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    retry: { retries: 0 },
    clock: { now: () => Date.now() + offset.offsetMs, monotonic: () => performance.now() + offset.offsetMs },
    auth: {
      type: 'oauth2-client-credentials',
      tokenUrl: `${server.url}/token`,
      clientId: 'id with space',
      clientSecret: 's/e+c',
      scope: 'read write',
    },
  })
  const tokens = () => server.seen.filter(({ url }) => url === '/token').length
  try {
    await use({ server, client, tokens })
  } finally {
    await client.close()
    await server.close()
  }
}

test('100 concurrent calls over 3 expiries make 4 token requests', async () => {
  const clock = { offsetMs: 0 }
  await withApi({ lifeSeconds: 100, clock }, async ({ client, tokens }) => {
    for (let round = 0; round < 4; round += 1) {
      await Promise.all(Array.from({ length: 25 }, () => client.get('/x')))
      clock.offsetMs += 100_000
    }
    expect(tokens()).toBe(4)
  })
})

test('a token refused before its time is replaced once for all calls, and each call is sent again once', async () => {
  await withApi({}, async ({ server, client, tokens }) => {
    await client.get('/x')
    await client.get('/revoke')
    await Promise.all(Array.from({ length: 10 }, () => client.post('/x', { json: {} })))
    expect(tokens()).toBe(2)
    expect(server.seen.filter(({ url }) => url === '/x')).toHaveLength(1 + 20)
  })
})

test('a late refusal of an old token does not throw the new one away', async () => {
  let issued = 0
  const server = await startServer((request, response) => {
    if (request.url === '/token') {
      issued += 1
      sendJson(response, 200, { access_token: `t${issued}`, token_type: 'Bearer', expires_in: 3600 })
      return
    }
    const status = request.headers.authorization === 'Bearer t1' ? 401 : 200
    const delayMs = request.url === '/late' && status === 401 ? 300 : 0
    setTimeout(() => sendJson(response, status, {}), delayMs)
  })
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    auth: {
      type: 'oauth2-client-credentials',
      tokenUrl: `${server.url}/token`,
      clientId: 'c',
      clientSecret: 's',
    },
  })
  await Promise.all([client.get('/late'), client.get('/soon')])
  expect(issued).toBe(2)
  await client.close()
  await server.close()
})

test('sends the credentials as RFC 6749 wants them', async () => {
  await withApi({}, async ({ server, client }) => {
    await client.get('/x')
    const [token] = server.seen
    const encoded = Buffer.from('id+with+space:s%2Fe%2Bc').toString('base64')
    expect(token?.headers.authorization?.replaceAll('%20', '+')).toBe(`Basic ${encoded}`)
    expect(new URLSearchParams(token?.body)).toEqual(
      new URLSearchParams('scope=read+write&grant_type=client_credentials'),
    )
  })
})

test('a call whose deadline passes while a token is fetched ends, and the token still serves the next one', async () => {
  await withApi({ tokenDelayMs: 300 }, async ({ client, tokens }) => {
    await expect(client.get('/x', { totalMs: 50 })).rejects.toMatchObject({
      phase: 'auth',
      outcome: 'not-sent',
    })
    await client.get('/x')
    expect(tokens()).toBe(1)
  })
})

test('a client that the authorization server refuses is final; one it can not be asked about is not', async () => {
  for (const [status, body, expected] of [
    [401, { error: 'invalid_client' }, { code: 'HTTP_TOKEN_REFUSED', retry: 'never' }],
    [503, {}, { code: 'HTTP_TOKEN_UNAVAILABLE', retry: 'backoff' }],
    [200, { token_type: 'bearer' }, { code: 'HTTP_TOKEN_UNAVAILABLE', retry: 'backoff' }],
  ] as const) {
    const server = await startServer((_request, response) => sendJson(response, status, body))
    const client = new ApiClient({
      baseUrl: server.url,
      allowHttp: true,
      retry: { retries: 0 },
      auth: {
        type: 'oauth2-client-credentials',
        tokenUrl: `${server.url}/token`,
        clientId: 'c',
        clientSecret: 's',
      },
    })
    const error = await client.get('/x').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ ...expected, outcome: 'not-sent' })
    expect(server.seen.every(({ url }) => url === '/token')).toBe(true)
    await client.close()
    await server.close()
  }
})
