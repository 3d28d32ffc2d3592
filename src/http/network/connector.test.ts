import { afterEach, expect, test } from 'vitest'
import { startServer, startSocketServer } from '../../../test/support/local-server.ts'
import { ApiClient, type ApiClientOptions } from '../../http.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

function clientOf(options: ApiClientOptions): ApiClient {
  const client = new ApiClient({ allowHttp: true, retry: { retries: 0 }, ...options })
  open.push(client)
  return client
}

/** The minimum of a few runs, since a busy machine only ever adds time. */
async function shortestOf(times: number, run: () => Promise<unknown>): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY
  for (let time = 0; time < times; time += 1) {
    const startedAt = performance.now()
    await run()
    shortest = Math.min(shortest, performance.now() - startedAt)
  }
  return shortest
}

test('connectMs is kept to 50 ms while a handshake stalls, and headersMs while a server is silent', async () => {
  const stalled = await startSocketServer(() => undefined, 'https')
  const silent = await startServer(() => undefined)
  open.push(stalled, silent)
  const timeouts = { connectMs: 150, headersMs: 150, totalMs: 20_000 }
  const connecting = clientOf({ baseUrl: stalled.url, timeouts })
  const waiting = clientOf({ baseUrl: silent.url, timeouts })
  for (const [client, phase] of [
    [connecting, 'connect'],
    [waiting, 'headers'],
  ] as const) {
    const tookMs = await shortestOf(4, async () => {
      await expect(client.get('/x')).rejects.toMatchObject({ code: 'HTTP_TIMEOUT', phase })
    })
    expect(tookMs).toBeGreaterThanOrEqual(149)
    expect(tookMs).toBeLessThan(900)
  }
})

test('headersMs begins once a streamed body has been sent', async () => {
  const server = await startServer(({ body }, response) => void response.end(String(body.length)))
  open.push(server)
  const client = clientOf({ baseUrl: server.url, timeouts: { headersMs: 300 } })
  const slowly = async function* (): AsyncGenerator<Uint8Array> {
    for (let piece = 0; piece < 8; piece += 1) {
      yield Buffer.from('x')
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  expect(await client.post('/x', { body: slowly })).toBe('8')
})
