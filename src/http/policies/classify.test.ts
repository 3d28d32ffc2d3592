import { afterEach, expect, test } from 'vitest'
import { sendJson, startServer, startSocketServer } from '../../../test/support/local-server.ts'
import { ApiClient } from '../client.ts'
import { HttpStatusError, RateLimitedError } from '../errors.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function answered(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ readonly error: unknown; readonly requests: number }> {
  const server = await startServer((_request, response) => sendJson(response, status, body, headers))
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    timeouts: { totalMs: 3_000 },
    retry: { retries: 1, baseMs: 1, capMs: 1 },
  })
  open.push(server, client)
  const error = await client.post('/x', { json: {} }).catch((reason: unknown) => reason)
  return { error, requests: server.seen.length }
}

test.each([
  ['a time to come back (GitHub)', 403, { message: 'secondary rate limit' }, { 'retry-after': '120' }],
  ['a limit that is used up', 403, {}, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '90' }],
  ['words (GitHub without headers)', 403, { message: 'You have exceeded a secondary rate limit.' }, {}],
  ['a reason (Google)', 403, { error: { errors: [{ reason: 'userRateLimitExceeded' }] } }, {}],
  ['a code (Salesforce)', 403, [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests' }], {}],
  ['another status (Shopify)', 430, {}, {}],
  ['another status (Twitter)', 420, {}, {}],
  ['a code under 400 (AWS)', 400, { __type: 'com.amazon#ThrottlingException' }, {}],
  ['a code under 503 (AWS)', 503, { code: 'SlowDown' }, {}],
])('too many requests told by %s is a rate limit', async (_how, status, body, headers) => {
  const { error } = await answered(status, body, headers)
  expect(error).toBeInstanceOf(RateLimitedError)
  expect(error).toMatchObject({ code: 'HTTP_RATE_LIMITED', status, outcome: 'answered' })
  if (Object.keys(headers).length > 0) {
    const afterMs = 'retry-after' in headers ? 120_000 : 90_000
    expect(error).toMatchObject({ retry: { afterMs } })
  }
})

const inAMinute = (): Record<string, () => string> => ({
  seconds: () => '60',
  'a fraction': () => '59.5',
  'epoch seconds': () => String(Math.ceil(Date.now() / 1_000) + 60),
  'epoch milliseconds': () => String(Date.now() + 60_000),
  'an ISO time': () => new Date(Date.now() + 60_000).toISOString(),
})

test.each(
  Object.entries(inAMinute()).flatMap(([how, value]) =>
    ['x-ratelimit-reset', 'x-rate-limit-reset', 'ratelimit-reset'].map((name) => [name, how, value] as const),
  ),
)('a 429 with %s alone, as %s, is come back to then and not before', async (name, _how, value) => {
  const { error, requests } = await answered(429, {}, { [name]: value() })
  expect(requests).toBe(1)
  const { afterMs = 0 } = (error as RateLimitedError).retry as { readonly afterMs?: number }
  expect(afterMs).toBeGreaterThan(57_000)
  expect(afterMs).toBeLessThan(62_000)
})

test('a 429 with x-ratelimit-reset-after (Discord) names seconds; one that has requests left names no time', async () => {
  expect((await answered(429, {}, { 'x-ratelimit-reset-after': '60.5' })).error).toMatchObject({
    retry: { afterMs: 60_500 },
  })
  const left = { 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': '60' }
  expect((await answered(429, {}, left)).error).toMatchObject({ retry: 'backoff' })
  expect((await answered(503, {}, { 'x-ratelimit-reset': '60' })).error).toMatchObject({ retry: 'backoff' })
})

test.each([
  [403, { message: 'Resource not accessible by integration' }],
  [403, { error: { errors: [{ reason: 'storageQuotaExceeded' }], message: 'Storage quota exceeded' } }],
  [403, { message: 'You do not have the right to change the price list limit.' }],
  [400, { message: 'rate_limit must be a number' }],
])('a %d about something else stays final: %j', async (status, body) => {
  const { error, requests } = await answered(status, body)
  expect(error).toBeInstanceOf(HttpStatusError)
  expect(error).toMatchObject({ code: 'HTTP_STATUS_FINAL', retry: 'never' })
  expect(requests).toBe(1)
})

test.each([409, 413, 423])('a %d with a time to come back is not final', async (status) => {
  const { error } = await answered(status, {}, { 'retry-after': '60' })
  expect(error).toMatchObject({
    code: 'HTTP_STATUS_TRANSIENT',
    retry: { afterMs: 60_000 },
    outcome: 'answered',
  })
})

test('Retry-After counts in several fields and in trailers', async () => {
  for (const [text, afterMs] of [
    ['HTTP/1.1 429 Slow\r\nretry-after: 5\r\nRetry-After: 60\r\ncontent-length: 0\r\n\r\n', 60_000],
    ['HTTP/1.1 429 Slow\r\nretry-after: 60\r\nRetry-After: 5\r\ncontent-length: 0\r\n\r\n', 60_000],
    [
      'HTTP/1.1 429 Slow\r\ntransfer-encoding: chunked\r\ntrailer: retry-after\r\n\r\n2\r\n{}\r\n0\r\nretry-after: 60\r\n\r\n',
      60_000,
    ],
    [
      'HTTP/1.1 429 Slow\r\ntransfer-encoding: chunked\r\nretry-after: 5\r\n\r\n2\r\n{}\r\n0\r\nretry-after: 60\r\n\r\n',
      60_000,
    ],
  ] as const) {
    const server = await startSocketServer((socket) => socket.on('data', () => socket.write(text)))
    const client = new ApiClient({ baseUrl: server.url, allowHttp: true, timeouts: { totalMs: 3_000 } })
    open.push(server, client)
    await expect(client.get('/x')).rejects.toMatchObject({ status: 429, retry: { afterMs } })
  }
})
