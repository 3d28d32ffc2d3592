import { afterEach, describe, expect, test } from 'vitest'
import { type LocalServer, sendJson, startServer } from '../local-server.ts'
import { type FaultProxy, type FaultProxyOptions, startFaultProxy } from './fault-proxy.ts'

const open: AsyncDisposable[] = []

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

async function start(options: FaultProxyOptions = {}): Promise<{ server: LocalServer; proxy: FaultProxy }> {
  const server = await startServer((request, response) => {
    const host = request.url.startsWith('/own') ? server.url : `http://${request.headers.host}`
    sendJson(response, 200, { seen: request.body, next: `${host}/next`, long: 'x'.repeat(200_000) })
  })
  open.push(server)
  const proxy = await startFaultProxy(server.url, options)
  open.push(proxy)
  return { server, proxy }
}

const post = (proxy: FaultProxy, path = '/a'): Promise<Response> =>
  fetch(proxy.url + path, { method: 'POST', body: 'hello' })

/** An unread body would keep its connection open after the servers have closed theirs. */
async function statusOf(pending: Promise<Response>): Promise<number> {
  const response = await pending
  await response.arrayBuffer()
  return response.status
}

describe('fault proxy', () => {
  test('forwards requests, and links built from the Host header lead back through it', async () => {
    const { server, proxy } = await start()
    const reply = await (await post(proxy, '/a?b=c')).json()
    expect(reply).toMatchObject({ seen: 'hello', next: `${proxy.url}/next` })
    expect(server.seen[0]).toMatchObject({ method: 'POST', url: '/a?b=c', body: 'hello' })
  })

  test("replaces the server's own address by its own", async () => {
    const { proxy } = await start({ rewriteLinks: true })
    const reply = (await (await post(proxy, '/own')).json()) as { next: string; long: string }
    expect(reply.next).toBe(`${proxy.url}/next`)
    expect(reply.long).toHaveLength(200_000)
  })

  test('responds instead of the server, once, after the requested number of requests', async () => {
    const { server, proxy } = await start()
    proxy.faults.respondNext({
      status: 429,
      retryAfterSeconds: 7,
      body: '{"no":1}',
      after: 1,
      method: 'POST',
    })
    expect(await statusOf(post(proxy))).toBe(200)
    expect(await statusOf(fetch(proxy.url))).toBe(200)
    const refused = await post(proxy)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '7'])
    expect(await refused.text()).toBe('{"no":1}')
    expect(await statusOf(post(proxy))).toBe(200)
    expect(server.seen).toHaveLength(3)
  })

  test('loses a response only after the request took effect', async () => {
    const { server, proxy } = await start()
    proxy.faults.loseNextResponse({ method: 'POST' })
    await expect(post(proxy)).rejects.toThrow()
    expect(server.seen).toHaveLength(1)
    expect(await statusOf(post(proxy))).toBe(200)
  })

  test('ignores excluded requests and forgets cleared faults', async () => {
    const { proxy } = await start({ spare: (path) => path === '/token' })
    proxy.faults.respondNext({ status: 503 })
    expect(await statusOf(post(proxy, '/token'))).toBe(200)
    expect(await statusOf(post(proxy))).toBe(503)
    proxy.faults.respondNext({ status: 503 })
    proxy.faults.clear()
    expect(await statusOf(post(proxy))).toBe(200)
    expect(proxy.requests.map(({ fate }) => fate)).toEqual(['passed', 'answered', 'passed'])
  })
})
