import { afterEach, expect, test } from 'vitest'
import { sendJson, startServer } from '../../../test/support/local-server.ts'
import { ApiClient } from '../../http/client.ts'
import { feedQuotas, quotasOf } from './quotas.ts'

const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const open: AsyncDisposable[] = []

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

async function clientWith(headers: Record<string, string>, reserve = 0): Promise<ApiClient> {
  const server = await startServer((_, response) => sendJson(response, 200, {}, headers))
  const client = new ApiClient({ baseUrl: server.url, allowHttp: true, limits: { reserve }, clock })
  open.push(server, { [Symbol.asyncDispose]: () => client.close() })
  return client
}

test('quotas are what the responses reported, and nothing before the first response', async () => {
  const client = await clientWith({
    'ratelimit-policy': '"daily";q=1000;w=86400',
    ratelimit: '"daily";r=640;t=3600',
  })
  expect(quotasOf(client, clock)).toEqual([])
  await client.get('/')
  const [quota] = quotasOf(client, clock)
  expect(quota).toMatchObject({ name: 'daily', limit: 1_000, remaining: 640, windowMs: 86_400_000 })
  const untilReset = (quota?.resetsAt ?? 0) - Date.now()
  expect(untilReset).toBeGreaterThan(3_500_000)
  expect(untilReset).toBeLessThanOrEqual(3_600_000)
})

test('a limit without a known size is no quota', async () => {
  const client = await clientWith({ 'x-ratelimit-remaining': '5' })
  await client.get('/')
  expect(quotasOf(client, clock)).toEqual([])
})

test('a reported quota holds the reserve back for people before any response has named it', async () => {
  const client = await clientWith({}, 0.5)
  await client.get('/')
  const quota = {
    name: 'daily',
    limit: 100,
    remaining: 40,
    resetsAt: Date.now() + 60_000,
    reportedAt: Date.now(),
  }
  feedQuotas(client, [quota], clock)
  await expect(client.get('/', { priority: 'batch', totalMs: 300 })).rejects.toThrow()
  await client.get('/', { priority: 'hand', totalMs: 5_000 })
})
