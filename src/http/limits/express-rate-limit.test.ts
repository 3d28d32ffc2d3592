import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { rateLimit } from 'express-rate-limit'
import { afterAll, expect, test } from 'vitest'
import { ApiClient } from '../client.ts'

const servers: Server[] = []
afterAll(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

interface Limited {
  readonly url: string
  readonly statuses: number[]
}

/** 20 requests per 2 s, reported in the given format. */
async function limitedServer(form: Partial<Parameters<typeof rateLimit>[0]>): Promise<Limited> {
  const statuses: number[] = []
  const app = express()
  app.use((_request, response, next) => {
    response.on('finish', () => statuses.push(response.statusCode))
    next()
  })
  app.use(rateLimit({ windowMs: 2_000, limit: 20, validate: false, ...form }))
  app.get('/', (_request, response) => void response.json({ ok: true }))
  const server = createServer(app)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, statuses }
}

const forms = [
  ['draft-6', { standardHeaders: 'draft-6', legacyHeaders: false }],
  ['draft-7', { standardHeaders: 'draft-7', legacyHeaders: false }],
  ['draft-8', { standardHeaders: 'draft-8', legacyHeaders: false }],
] as const

test.concurrent.each(forms)('a server limited to 20 per 2 s (%s) sees no 429', async (_name, form) => {
  const server = await limitedServer(form)
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    timeouts: { totalMs: 60_000 },
    retry: { retries: 0 },
  })
  try {
    await Promise.all(Array.from({ length: 60 }, () => client.get('/')))
    const [limit] = client.usage.limits
    expect(limit).toMatchObject({ quota: 20 })
  } finally {
    await client.close()
  }
  expect(server.statuses).toEqual(Array.from({ length: 60 }, () => 200))
})

test('with only X-RateLimit headers, calls wait for the end of the window instead of running into a 429', async () => {
  const server = await limitedServer({ standardHeaders: false, legacyHeaders: true })
  const client = new ApiClient({ baseUrl: server.url, allowHttp: true, retry: { retries: 0 } })
  try {
    await Promise.all(Array.from({ length: 45 }, () => client.get('/')))
  } finally {
    await client.close()
  }
  expect(server.statuses.filter((status) => status !== 200)).toEqual([])
})
