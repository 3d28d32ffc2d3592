import { expect, test } from 'vitest'
import { sendJson, startServer } from '../../../test/support/local-server.ts'
import type { Priority } from '../call.ts'
import { ApiClient } from '../client.ts'
import { LearntLimits } from './learnt-limits.ts'

test('a used-up window is waited for, then the quota counts as whole until a response tells more', () => {
  const limits = new LearntLimits()
  limits.learn([{ name: 'a', quota: 5_000, remaining: 0, resetMs: 90_000 }], 1_000)
  expect(limits.waitMs(1_000, 0)).toBe(90_000)
  expect(limits.waitMs(91_000, 0)).toBe(0)
  expect(limits.usage(91_000)).toEqual([{ name: 'a', quota: 5_000, remaining: 5_000, resetMs: 0 }])
  limits.learn([{ name: 'a', quota: 5_000, remaining: 3, resetMs: 50_000 }], 92_000)
  expect(limits.isSpoken(2, 0)).toBe(false)
  expect(limits.isSpoken(3, 0)).toBe(true)
})

test('of responses that overtake each other the lowest count and the earliest end hold', () => {
  const limits = new LearntLimits()
  limits.learn([{ name: 'a', quota: 100, remaining: 3, resetMs: 4_000 }], 0)
  limits.learn([{ name: 'a', quota: 100, remaining: 4, resetMs: 4_500 }], 10)
  expect(limits.usage(10)).toMatchObject([{ remaining: 3, resetMs: 3_990 }])
})

test('a later window of the other side is believed before ours has ended', () => {
  const limits = new LearntLimits()
  limits.learn([{ name: 'a', quota: 100, remaining: 0, resetMs: 5_000 }], 0)
  limits.learn([{ name: 'a', quota: 100, remaining: 99, resetMs: 60_000 }], 3_000)
  expect(limits.waitMs(3_000, 0)).toBe(0)
})

test('a limit that is used up without a word about its end is looked at again after a minute, by one request', () => {
  const limits = new LearntLimits()
  limits.learn([{ name: 'a', remaining: 0 }], 0)
  expect(limits.waitMs(0, 0)).toBe(60_000)
  expect(limits.waitMs(60_000, 0)).toBe(0)
  expect(limits.isSpoken(1, 0)).toBe(true)
})

test('bulk work leaves the reserve of a daily quota to people', async () => {
  const server = await startServer((_request, response) =>
    sendJson(response, 200, {}, { 'sforce-limit-info': 'api-usage=920/1000' }),
  )
  const client = new ApiClient({ baseUrl: server.url, allowHttp: true, limits: { reserve: 0.1 } })
  // Only the refused call has a limit: the others take as long as the machine needs.
  const go = (priority: Priority) =>
    client.get('/', { priority, ...(priority === 'batch' ? { totalMs: 300 } : {}) })
  try {
    await go('hand')
    expect(client.usage.limits).toMatchObject([{ name: 'api-usage', quota: 1_000, remaining: 80 }])
    await expect(go('batch')).rejects.toMatchObject({ code: 'HTTP_RATE_LIMITED', outcome: 'not-sent' })
    await go('hand')
    expect(server.seen).toHaveLength(2)
  } finally {
    await client.close()
    await server.close()
  }
})

test('a connector brings its own reader for limits reported in another form', async () => {
  const server = await startServer((_request, response) =>
    sendJson(response, 200, {}, { 'x-acme-left': '0', 'x-acme-back-in': '30' }),
  )
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    limits: {
      parse: (headers) => [
        {
          name: 'acme',
          remaining: Number(headers['x-acme-left']),
          resetMs: Number(headers['x-acme-back-in']) * 1_000,
        },
      ],
    },
  })
  try {
    await client.get('/')
    await expect(client.get('/', { totalMs: 500 })).rejects.toMatchObject({ code: 'HTTP_RATE_LIMITED' })
    expect(server.seen).toHaveLength(1)
  } finally {
    await client.close()
    await server.close()
  }
})

test('at first one request goes ahead, and the others wait for what its response says', async () => {
  const first = Promise.withResolvers<void>()
  const reply = Promise.withResolvers<void>()
  const server = await startServer(async (_request, response) => {
    first.resolve()
    await reply.promise
    sendJson(response, 200, {})
  })
  const client = new ApiClient({ baseUrl: server.url, allowHttp: true })
  try {
    const calls = Promise.all(Array.from({ length: 10 }, () => client.get('/')))
    await first.promise
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(server.seen).toHaveLength(1)
    reply.resolve()
    await calls
    expect(server.seen).toHaveLength(10)
  } finally {
    await client.close()
    await server.close()
  }
})

test('a first request that gets no response does not hold the others up for more than a second', async () => {
  let count = 0
  const server = await startServer((_request, response) => {
    count += 1
    if (count > 1) sendJson(response, 200, {})
  })
  const client = new ApiClient({ baseUrl: server.url, allowHttp: true, retry: { retries: 0 } })
  try {
    let isOver = false
    const giveUp = new AbortController()
    const silent = client.get('/silent', { totalMs: 20_000, signal: giveUp.signal }).catch(() => {
      isOver = true
    })
    await Promise.all(Array.from({ length: 5 }, () => client.get('/')))
    // Independent of the load: if they had waited for it, it would be over by now.
    expect(isOver).toBe(false)
    giveUp.abort()
    await silent
  } finally {
    await client.close()
    await server.close()
  }
})
