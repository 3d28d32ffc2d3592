import { afterEach, expect, test } from 'vitest'
import { type Respond, sendJson, startServer } from '../../../test/support/local-server.ts'
import { RetryBudget } from '../backoff/retry-budget.ts'
import { ApiClient } from '../client.ts'
import { HttpStatusError, RateLimitedError } from '../errors.ts'
import type { ApiClientOptions } from '../options.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function setUp(respond: Respond, options: Partial<ApiClientOptions> = {}) {
  const server = await startServer(respond)
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    breaker: false,
    retry: { retries: 3, baseMs: 1, capMs: 5 },
    ...options,
  })
  open.push(server, client)
  return { server, client }
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('the call should have failed'),
    (error: unknown) => error,
  )

test('an outage is not answered with a multiple of the traffic: 500 tokens pay for 35 retries', async () => {
  const { server, client } = await setUp((_request, response) => sendJson(response, 503, {}))
  for (let call = 0; call < 40; call += 1) await failureOf(client.get('/x'))
  // 40 first attempts and floor(500 / 14) retries.
  expect(server.seen).toHaveLength(40 + 35)
})

test('a budget pays 14 for a transient failure and 5 for a throttle, and gets them back by success', () => {
  const spend = (kind: 'transient' | 'throttle', budget = new RetryBudget()): number => {
    let paid = 0
    while (budget.take(kind) !== undefined) paid += 1
    return paid
  }
  expect(spend('transient')).toBe(35)
  expect(spend('throttle')).toBe(100)
  const budget = new RetryBudget()
  spend('transient', budget)
  budget.succeed(14)
  expect(spend('transient', budget)).toBe(1)
  for (let call = 0; call < 14; call += 1) budget.succeed(undefined)
  expect(spend('transient', budget)).toBe(1)
})

test('the last response is kept in the error, body, headers and all', async () => {
  let responses = 0
  const { client } = await setUp((_request, response) => {
    responses += 1
    sendJson(response, 503, { attempt: responses }, { 'x-incident': 'INC-7' })
  })
  const error = await failureOf(client.get('/x'))
  expect(error).toBeInstanceOf(HttpStatusError)
  expect(error).toMatchObject({ status: 503, body: { attempt: 4 }, headers: { 'x-incident': 'INC-7' } })
  expect(JSON.stringify(error)).not.toContain('INC-7')
})

test('a Retry-After beyond the deadline is neither undercut nor dropped: the error comes at once and says when', async () => {
  for (const [status, kind] of [
    [429, RateLimitedError],
    [503, HttpStatusError],
  ] as const) {
    const { server, client } = await setUp((_request, response) =>
      sendJson(response, status, {}, { 'retry-after': '7300' }),
    )
    // Waiting until the deadline would take longer than a test may.
    const error = await failureOf(client.get('/x', { totalMs: 3_600_000 }))
    expect(error).toBeInstanceOf(kind)
    expect(error).toMatchObject({ retry: { afterMs: 7_300_000 } })
    expect(server.seen).toHaveLength(1)
  }
})

test('a 429 without Retry-After says by its limits when to come back', async () => {
  const { client } = await setUp((_request, response) =>
    sendJson(response, 429, {}, { ratelimit: '"burst";r=0;t=2, "daily";r=0;t=600, "spare";r=9;t=9000' }),
  )
  const error = await failureOf(client.get('/x', { totalMs: 2_000 }))
  expect(error).toBeInstanceOf(RateLimitedError)
  expect(error).toMatchObject({ retry: { afterMs: 600_000 } })
})

test('a negative or nonsensical Retry-After is not taken for "at once": our own back-off holds', async () => {
  for (const value of ['-5', 'soon', '1e9']) {
    let responses = 0
    const { server, client } = await setUp(
      (_request, response) => {
        responses += 1
        sendJson(response, responses === 1 ? 503 : 200, {}, { 'retry-after': value })
      },
      { retry: { retries: 1, baseMs: 200, capMs: 200 }, random: () => 0.99 },
    )
    await client.get('/x')
    const [first, second] = server.seen
    expect((second?.at ?? 0) - (first?.at ?? 0), value).toBeGreaterThanOrEqual(190)
  }
})

test('an abort during back-off settles at once (cockatiel, ofetch and gaxios sleep on)', async () => {
  const { server, client } = await setUp((_request, response) =>
    sendJson(response, 503, {}, { 'retry-after': '1800' }),
  )
  const giveUp = new AbortController()
  const call = failureOf(client.get('/x', { signal: giveUp.signal, totalMs: 3_600_000 }))
  await expect.poll(() => server.seen.length).toBe(1)
  giveUp.abort()
  // Without the abort it would end with the test's own time.
  expect(await call).toMatchObject({ code: 'HTTP_ABORTED' })
  expect(server.seen).toHaveLength(1)
})

test('a retry that could only leave too late is not waited for', async () => {
  const { server, client } = await setUp((_request, response) =>
    sendJson(response, 503, {}, { 'retry-after': '600' }),
  )
  // The call itself may last longer than the wait: only the latest start prevents it.
  const options = { startBefore: performance.now() + 60_000, totalMs: 3_600_000 }
  expect(await failureOf(client.get('/x', options))).toBeInstanceOf(HttpStatusError)
  expect(server.seen).toHaveLength(1)
})

test('the budget never gets more back than was taken', () => {
  const budget = new RetryBudget()
  budget.take('transient')
  const before = budget.tokens
  // A throttled call that succeeds after its retry, repeatedly.
  for (let call = 0; call < 50; call += 1) budget.succeed(budget.take('throttle'))
  expect(budget.tokens).toBe(before)
})
