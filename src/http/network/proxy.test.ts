import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ApiClient } from '../client.ts'
import type { ApiClientOptions } from '../options.ts'
import { directHosts } from './proxy.ts'

let key = ''
let cert = ''
let folder = ''
const open: (() => unknown)[] = []

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'isthmus-proxy-'))
  const files = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')] as const
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=api.example'],
      ...['-addext', 'subjectAltName=DNS:api.example,IP:203.0.113.7', '-keyout', files[0], '-out', files[1]],
    ],
    { stdio: 'ignore' },
  )
  key = readFileSync(files[0], 'utf8')
  cert = readFileSync(files[1], 'utf8')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function listening(server: Server | ReturnType<typeof createHttp>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** An API on loopback with the host name api.example. */
async function startTarget(): Promise<{ readonly port: number; readonly seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = []
  const port = await listening(
    createServer({ key, cert }, (request, response) => {
      seen.push(request)
      response.end('"here"')
    }),
  )
  return { port, seen }
}

interface Proxy {
  readonly url: string
  /** The target requested for each tunnel. */
  readonly asked: { readonly target: string; readonly headers: IncomingMessage['headers'] }[]
  /** Bytes sent to the target, as the proxy received them. */
  readonly text: () => string
}

/** A proxy that connects every tunnel to the target on loopback; `answer` replaces the tunnel. */
async function startProxy(targetPort: number, reply?: string): Promise<Proxy> {
  const asked: { target: string; headers: IncomingMessage['headers'] }[] = []
  const passed: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createHttp((_request, response) => response.writeHead(500).end('no plain requests here'))
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push({ target: request.url ?? '', headers: request.headers })
    sockets.add(socket)
    socket.on('error', () => undefined)
    if (reply === 'silence') return
    if (reply !== undefined) return void socket.end(reply)
    const upstream = connect(targetPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.on('data', (chunk: Buffer) => passed.push(chunk))
      socket.pipe(upstream).pipe(socket)
    })
    sockets.add(upstream)
    upstream.on('error', () => undefined)
  })
  const url = `http://127.0.0.1:${await listening(server)}`
  // Tunnels are no longer the server's own connections, so closing it would wait for them.
  open.push(() => {
    for (const socket of sockets) socket.destroy()
  })
  return { url, asked, text: () => Buffer.concat(passed).toString('latin1') }
}

function clientOf(options: ApiClientOptions): ApiClient {
  const client = new ApiClient({ ca: cert, retry: { retries: 0 }, breaker: false, ...options })
  open.push(() => client.close())
  return client
}

test('a call through the proxy is a tunnel: the proxy sees host and port, and neither credential nor data', async () => {
  const target = await startTarget()
  const proxy = await startProxy(target.port)
  const client = clientOf({
    baseUrl: 'https://api.example/v1',
    auth: { type: 'bearer', token: 'canary-token' },
    proxy: { url: proxy.url, auth: { username: 'us:er', password: 'päss' } },
  })
  expect(await client.post('/users', { json: { name: 'canary-name' } })).toBe('"here"')
  expect(await client.get('/users')).toBe('"here"')
  for (let times = 0; times < 8; times += 1) await client.get('/users')
  expect(proxy.asked.length).toBeLessThan(5)
  expect(proxy.asked[0]?.target).toBe('api.example:443')
  expect(proxy.asked[0]?.headers['proxy-authorization']).toBe(
    `Basic ${Buffer.from('us:er:päss').toString('base64')}`,
  )
  expect(JSON.stringify(proxy.asked) + proxy.text()).not.toMatch(/canary/)
  expect(
    target.seen.map(({ headers }) => [headers.authorization, headers.host, headers['proxy-authorization']]),
  ).toEqual(target.seen.map(() => ['Bearer canary-token', 'api.example', undefined]))
  expect(target.seen).toHaveLength(10)
})

test("the target's certificate is checked behind the proxy as it is without one", async () => {
  const target = await startTarget()
  const proxy = await startProxy(target.port)
  const wrongHost = clientOf({ baseUrl: 'https://other.example', proxy: { url: proxy.url } })
  await expect(wrongHost.post('/x', { json: {} })).rejects.toMatchObject({
    code: 'HTTP_TLS_REFUSED',
    outcome: 'not-sent',
  })
  const { ca: _none, ...bare } = { ca: cert, baseUrl: 'https://api.example', proxy: { url: proxy.url } }
  const unknown = new ApiClient({ ...bare, retry: { retries: 0 } })
  open.push(() => unknown.close())
  await expect(unknown.get('/x')).rejects.toMatchObject({ code: 'HTTP_TLS_REFUSED' })
  expect(target.seen).toEqual([])
})

test.each([
  ['refuses', 'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n', 'HTTP_NETWORK', /proxy refused/],
  [
    'wants to know who calls',
    'HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n',
    'HTTP_NETWORK',
    /proxy refused/,
  ],
  ['hangs up', '', 'HTTP_NETWORK', /failed/],
  ['says nothing', 'silence', 'HTTP_TIMEOUT', /timed out|in time/],
])('a proxy that %s: nothing was sent, and the call ends', async (_how, reply, code, words) => {
  const proxy = await startProxy(1, reply)
  const client = clientOf({
    baseUrl: 'https://api.example',
    proxy: { url: proxy.url, auth: { username: 'user', password: 'canary-password' } },
    timeouts: { totalMs: 3_000, connectMs: 300 },
  })
  const error: unknown = await client.post('/x', { json: {} }).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code, outcome: 'not-sent', message: expect.stringMatching(words) })
  expect(String(error)).not.toContain('canary')
})

test('inner addresses written as such, and ports that nobody allowed, are not asked of the proxy', async () => {
  const proxy = await startProxy(1)
  for (const baseUrl of ['https://169.254.169.254', 'https://10.0.0.1', 'https://[fd00::1]']) {
    await expect(clientOf({ baseUrl, proxy: { url: proxy.url } }).get('/x'), baseUrl).rejects.toMatchObject({
      code: 'HTTP_ADDRESS_REFUSED',
      outcome: 'not-sent',
    })
  }
  expect(proxy.asked).toEqual([])
})

test('a port is allowed by the base URL, by default 443, and by name', async () => {
  const target = await startTarget()
  const redirecting = await startProxy(target.port)
  const elsewhere = (allowPorts?: readonly number[]): ApiClient =>
    clientOf({
      baseUrl: 'https://api.example:8443',
      redirects: 1,
      proxy: { url: redirecting.url },
      ...(allowPorts === undefined ? {} : { allowPorts }),
    })
  expect(await elsewhere().get('/x')).toBe('"here"')
  expect(redirecting.asked.map((one) => one.target)).toEqual(['api.example:8443'])
  const server = await startRedirect('https://api.example:25/mail')
  const away = await startProxy(server)
  const client = clientOf({ baseUrl: 'https://api.example', redirects: 1, proxy: { url: away.url } })
  await expect(client.get('/x')).rejects.toMatchObject({
    code: 'HTTP_ADDRESS_REFUSED',
    message: expect.stringMatching(/Port 25/),
  })
  expect(away.asked.map((one) => one.target)).toEqual(['api.example:443'])
  const allowed = clientOf({
    baseUrl: 'https://api.example',
    redirects: 1,
    proxy: { url: away.url },
    allowPorts: [25],
  })
  await allowed.get('/x').catch(() => undefined)
  expect(away.asked.map((one) => one.target)).toContain('api.example:25')
})

async function startRedirect(location: string): Promise<number> {
  return listening(
    createServer({ key, cert }, (_request, response) => response.writeHead(302, { location }).end()),
  )
}

test('without a proxy a port is refused as well, before a socket is opened', async () => {
  let connections = 0
  const inner = createHttp((_request, response) => response.end())
  inner.on('connection', () => {
    connections += 1
  })
  const port = await listening(inner)
  const server = await startRedirect(`https://localhost:${port}/`)
  const lookup: NonNullable<ApiClientOptions['lookup']> = (_host, _options, done) =>
    done(null, [{ address: '127.0.0.1', family: 4 }])
  const client = clientOf({
    baseUrl: `https://api.example:${server}`,
    redirects: 1,
    allowAddresses: ['loopback'],
    lookup,
  })
  await expect(client.get('/x')).rejects.toMatchObject({
    code: 'HTTP_ADDRESS_REFUSED',
    message: expect.stringMatching(`Port ${port} `),
  })
  expect(connections).toBe(0)
})

test('what noProxy names is called directly, under the address guard', async () => {
  const target = await startTarget()
  const proxy = await startProxy(target.port)
  const client = clientOf({
    baseUrl: `https://api.example:${target.port}`,
    proxy: { url: proxy.url, noProxy: ['example'] },
    lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  })
  await expect(client.get('/x')).rejects.toMatchObject({ code: 'HTTP_ADDRESS_REFUSED' })
  expect(proxy.asked).toEqual([])
  expect(target.seen).toEqual([])
})

test.each([
  ['api.example', 443, ['api.example'], true],
  ['v2.api.example', 443, ['api.example'], true],
  ['notapi.example', 443, ['api.example'], false],
  ['api.example', 443, ['.example'], true],
  ['api.example', 443, ['*.example'], true],
  ['API.Example.', 443, [' api.EXAMPLE '], true],
  ['api.example', 8443, ['api.example:443'], false],
  ['api.example', 8443, ['api.example:8443'], true],
  ['10.1.2.3', 443, ['10.0.0.0/8'], true],
  ['11.1.2.3', 443, ['10.0.0.0/8'], false],
  ['[fd00::1]', 443, ['fd00::/8'], true],
  ['[fd00::1]', 443, ['fd00::1'], true],
  ['[fd00::1]', 80, ['[fd00::1]:443'], false],
  ['1.10.0.0.1', 443, ['10.0.0.1'], false],
  ['anything.example', 1, ['*'], true],
  ['localhost', 8080, [], true],
  ['127.0.0.1', 8080, [], true],
  ['[::1]', 8080, [], true],
  ['api.example', 443, [], false],
])('%s:%d with noProxy %j is called directly: %s', (host, port, noProxy, direct) => {
  expect(directHosts(noProxy)(host, port)).toBe(direct)
})

test.each([
  [{ url: 'socks5://proxy.example' }],
  [{ url: 'no address' }],
  [{ url: 'http://user:canary@proxy.example' }],
  [{ url: 'http://proxy.example', noProxy: ['10.0.0.0/99'] }],
  [{ url: 'http://proxy.example', noProxy: [''] }],
])('%j is refused when the client is made', (proxy) => {
  expect(() => new ApiClient({ baseUrl: 'https://api.example', proxy })).toThrow(
    expect.objectContaining({ code: 'HTTP_OPTIONS_INVALID', message: expect.not.stringContaining('canary') }),
  )
})
