import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../test/support/database.ts'
import { sendJson, startServer } from '../../test/support/local-server.ts'
import { ApiClient } from '../http.ts'
import { openSharedStores } from '../index.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await withTestDatabase()
})
afterAll(() => database.close())

test('two clients of different processes share one token and one limit through PostgreSQL', async () => {
  const server = await startServer(({ url }, response) =>
    sendJson(response, 200, url === '/token' ? { access_token: 't', expires_in: 3_600 } : {}),
  )
  const opened = [await openSharedStores(database), await openSharedStores(database)]
  const clients = opened.map(
    ({ tokens, buckets }) =>
      new ApiClient({
        baseUrl: server.url,
        allowHttp: true,
        tokens,
        auth: {
          type: 'oauth2-client-credentials',
          tokenUrl: `${server.url}/token`,
          clientId: 'c',
          clientSecret: 's',
        },
        limits: {
          rates: [{ requests: 2, perMs: 600_000, burst: 1 }],
          learn: false,
          shared: { store: buckets, key: 'api' },
        },
      }),
  )
  try {
    await clients[0]?.get('/x')
    await expect(clients[1]?.get('/x', { totalMs: 2_000 })).rejects.toMatchObject({ outcome: 'not-sent' })
    expect(server.seen.map(({ url }) => url)).toEqual(['/token', '/x'])
    expect(await opened[1]?.tokens.read('nobody')).toBeUndefined()
  } finally {
    await Promise.all(clients.map((client) => client.close()))
    await Promise.all(opened.map((stores) => stores.close()))
    await server.close()
  }
})
