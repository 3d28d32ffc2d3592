import { expect, test } from 'vitest'
import { takeRefusal } from '../../../test/setup/outside-calls.ts'
import { sendJson, startServer } from '../../../test/support/local-server.ts'
import type { Bucket, BucketStore } from '../../model/bucket-store.ts'
import type { SystemTiming } from '../../model/integration.ts'
import { connectClient, connectionShape } from './connection.ts'

const timing = { readTimeoutMs: 5_000, writeTimeoutMs: 5_000, concurrency: 4 } as SystemTiming
const clock = { now: () => Date.now(), monotonic: () => performance.now() }

test('the limits of a system are kept together with other processes where the runtime gives a store for them', async () => {
  const asked: Bucket[] = []
  const buckets: BucketStore = {
    take: async (wanted, count) => {
      asked.push(...wanted)
      return { taken: count, waitMs: 0 }
    },
    pause: async () => undefined,
  }
  const server = await startServer((_request, response) => sendJson(response, 200, {}))
  const connection = { url: server.url, allowHttp: true, limits: { perSecond: 50, perDay: 1_000 } }
  const client = connectClient(connection, { name: 'crm', timing, dependencies: { clock, buckets } })
  try {
    await client.get('/x')
    expect(asked.map(({ key }) => key)).toEqual(['crm 50/1000', 'crm 1000/86400000'])
  } finally {
    await client.close()
    await server.close()
  }
})

test('a system on a private network is reached only where its section allows it', async () => {
  const connect = (allowAddresses?: string[]) =>
    connectClient(
      { url: 'https://10.255.255.1:9', ...(allowAddresses === undefined ? {} : { allowAddresses }) },
      { name: 'erp', timing, dependencies: { clock } },
    )
  for (const [allowed, code] of [
    [undefined, 'HTTP_ADDRESS_REFUSED'],
    [['192.168.0.0/16'], 'HTTP_ADDRESS_REFUSED'],
  ] as const) {
    const client = connect(allowed === undefined ? undefined : [...allowed])
    await expect(client.get('/', { retries: 0, totalMs: 1_000 })).rejects.toMatchObject({ code })
    await client.close()
  }
  const client = connect(['private'])
  await expect(client.get('/', { retries: 0, totalMs: 300 })).rejects.not.toMatchObject({
    code: 'HTTP_ADDRESS_REFUSED',
  })
  // It went on to the socket, where the guard of the tests stopped it.
  expect(takeRefusal('10.255.255.1')).toBe(true)
  await client.close()
})

test("what a connector knows of its system's API goes to the client, and the section stands over it", async () => {
  const server = await startServer((_request, response) =>
    sendJson(response, 200, {}, { 'set-cookie': 'session=1; Path=/' }),
  )
  const own = {
    cookies: true,
    headers: { accept: 'application/xml', 'x-own': '1' },
    limits: { reserve: 0.5 },
  }
  const connection = { url: server.url, allowHttp: true, headers: { 'x-own': '2' } }
  const client = connectClient(connection, { name: 'erp', timing, dependencies: { clock } }, own)
  try {
    await client.get('/x')
    await client.get('/x')
    expect(server.seen[1]?.headers).toMatchObject({
      cookie: 'session=1',
      accept: 'application/xml',
      'x-own': '2',
    })
  } finally {
    await client.close()
    await server.close()
  }
})

test('every key of a connection is described', () => {
  const undescribed = Object.entries(connectionShape).filter(([, schema]) => schema.description === undefined)
  expect(undescribed.map(([key]) => key)).toEqual([])
})

test('an API that names another media type for its JSON is read where the section says so', async () => {
  const server = await startServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('{"id":"1"}')
  })
  const connect = (jsonTypes?: string[] | 'all') =>
    connectClient(
      { url: server.url, allowHttp: true, ...(jsonTypes === undefined ? {} : { jsonTypes }) },
      { name: 'crm', timing, dependencies: { clock } },
    )
  try {
    for (const jsonTypes of [['text/html'], 'all'] as const) {
      const client = connect(jsonTypes === 'all' ? jsonTypes : [...jsonTypes])
      expect(await client.get('/x')).toEqual({ id: '1' })
      await client.close()
    }
    const careful = connect()
    await expect(careful.get('/x')).rejects.toMatchObject({
      code: 'HTTP_RESPONSE_IS_HTML',
      message: expect.stringContaining('add "text/html" to jsonTypes'),
    })
    await careful.close()
  } finally {
    await server.close()
  }
})
