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

test('connectMs ends a handshake that stalls, and headersMs the wait for a silent server', async () => {
  const stalled = await startSocketServer(() => undefined, 'https')
  const silent = await startServer(() => undefined)
  open.push(stalled, silent)
  // The total deadline would take longer than a test may.
  const timeouts = { connectMs: 150, headersMs: 150, totalMs: 600_000 }
  const connecting = clientOf({ baseUrl: stalled.url, timeouts })
  const waiting = clientOf({ baseUrl: silent.url, timeouts })
  for (const [client, phase] of [
    [connecting, 'connect'],
    [waiting, 'headers'],
  ] as const) {
    const startedAt = performance.now()
    await expect(client.get('/x')).rejects.toMatchObject({ code: 'HTTP_TIMEOUT', phase })
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(149)
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

test('bodyIdleMs ends a body that stalls, and none that keeps arriving', async () => {
  const server = await startServer(({ url }, response) => {
    response.writeHead(200).write('a')
    if (url === '/stalls') return
    let parts = 0
    const timer = setInterval(() => {
      response.write('a')
      parts += 1
      if (parts < 8) return
      clearInterval(timer)
      response.end()
    }, 100)
  })
  open.push(server)
  const client = clientOf({ baseUrl: server.url, timeouts: { bodyIdleMs: 400, totalMs: 600_000 } })
  const startedAt = performance.now()
  await expect(client.get('/stalls')).rejects.toMatchObject({ code: 'HTTP_TIMEOUT', phase: 'body' })
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(399)
  expect(await client.get('/arrives')).toBe('aaaaaaaaa')
})
