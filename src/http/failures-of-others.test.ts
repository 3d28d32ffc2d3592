/**
 * Mistakes of other clients, as tests of this one. Where it is cheap the other client is tested as well,
 * which shows that the test detects the failure. The rest is tested next to its policy: see the list in this
 * folder's README.
 */
import { inspect } from 'node:util'
import axios from 'axios'
import got from 'got'
import ky from 'ky'
import { afterEach, expect, test } from 'vitest'
import { sendJson, startServer, startSocketServer } from '../../test/support/local-server.ts'
import { ApiClient } from './client.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

test('a call settles on time in a stalled TLS handshake (undici: 10.5 s after a 200 ms abort)', async () => {
  const stalled = await startSocketServer(() => undefined, 'https')
  open.push(stalled)
  const client = new ApiClient({
    baseUrl: stalled.url,
    allowAddresses: ['loopback'],
    retry: { retries: 0 },
    timeouts: { connectMs: 600_000 },
  })
  open.push(client)
  // Without its own deadline, a call would last until the timeout of the handshake, longer than a test may.
  const deadline = client.post('/x', { json: {}, totalMs: 200 }).catch((error: unknown) => error)
  const abort = client
    .post('/x', { json: {}, signal: AbortSignal.timeout(200) })
    .catch((error: unknown) => error)
  expect(await deadline).toMatchObject({ code: 'HTTP_TIMEOUT', phase: 'connect', outcome: 'not-sent' })
  expect(await abort).toMatchObject({ code: 'HTTP_ABORTED', outcome: 'not-sent' })
})

test('the deadlines of many calls share one timer (a timeout signal for each costs 25 to 40 % of the CPU time)', async () => {
  const silent = await startSocketServer(() => undefined)
  open.push(silent)
  const client = new ApiClient({
    baseUrl: silent.url,
    allowHttp: true,
    retry: { retries: 0 },
    limits: { learn: false },
    // One socket: the other calls only wait, so that the sockets' own timers don't count.
    connections: 1,
  })
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = timers()
  const calls = Array.from({ length: 100 }, () => client.get('/x', { totalMs: 400 }).catch(() => 'ended'))
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(timers() - before).toBeLessThan(10)
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['ended']))
  await client.close()
})

test('an error shows no token when it is printed (axios, got and ky show it)', async () => {
  const server = await startServer((_request, response) => sendJson(response, 418, { message: 'no' }))
  open.push(server)
  const token = 'canary-token-4711'
  const headers = { authorization: `Bearer ${token}` }
  const printed = async (call: Promise<unknown>): Promise<string> => {
    const error: unknown = await call.catch((reason: unknown) => reason)
    return inspect(error, { depth: 10 })
  }
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    auth: { type: 'bearer', token },
    retry: { retries: 0 },
  })
  open.push(client)
  expect(await printed(client.get('/x'))).not.toContain(token)
  // Shows that the test detects it where it occurs.
  expect(await printed(axios.get(`${server.url}/x`, { headers }))).toContain(token)
  expect(await printed(got(`${server.url}/x`, { headers, retry: { limit: 0 } }))).toContain(token)
  const byKy = await printed(ky(`${server.url}/x`, { headers, retry: 0 }))
  expect(byKy).toContain(token)
})
