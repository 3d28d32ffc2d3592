import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { startServer, startSocketServer } from '../../../test/support/local-server.ts'
import { ApiClient, type ApiClientOptions } from '../../http.ts'
import { decompress } from '../decompress.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

function clientOf(baseUrl: string, options: Partial<ApiClientOptions> = {}): ApiClient {
  const client = new ApiClient({
    baseUrl,
    allowHttp: true,
    timeouts: { totalMs: 5_000 },
    retry: { retries: 0 },
    ...options,
  })
  open.push(client)
  return client
}

async function receiving(
  status: number,
  headers: Record<string, string>,
  body: Uint8Array | string,
): Promise<string> {
  const server = await startServer((_request, response) => void response.writeHead(status, headers).end(body))
  open.push(server)
  return server.url
}

const json = '{"a":[1,2,3]}'
const encoded: readonly (readonly [string, Uint8Array])[] = [
  ['deflate', deflateSync(json)],
  ['deflate', deflateRawSync(json)],
  ['DEFLATE ', deflateRawSync(json)],
  ['gzip, br', brotliCompressSync(gzipSync(json))],
  ['deflate, gzip', gzipSync(deflateRawSync(json))],
  ['gzip, gzip', gzipSync(gzipSync(json))],
  ['identity, gzip', gzipSync(json)],
  ['x-gzip', gzipSync(json)],
  ['zstd', zstdCompressSync(json)],
  ['gzip', Buffer.concat([gzipSync(json.slice(0, 5)), gzipSync(json.slice(5)), Buffer.alloc(8)])],
  // No codings: what servers put here all the same, and what S3 keeps of an upload.
  ['utf-8', Buffer.from(json)],
  ['none', Buffer.from(json)],
  ['aws-chunked', Buffer.from(json)],
  ['aws-chunked,gzip', gzipSync(json)],
]

test.each(encoded)('a body sent as %j is read, whole and as a stream', async (encoding, bytes) => {
  const url = await receiving(
    200,
    { 'content-type': 'application/json', 'content-encoding': encoding },
    bytes,
  )
  const client = clientOf(url)
  expect(await client.get('/x')).toEqual({ a: [1, 2, 3] })
  const { data } = await client.stream('/x')
  const chunks: Uint8Array[] = []
  for await (const chunk of data) chunks.push(chunk)
  expect(Buffer.concat(chunks).toString()).toBe(json)
})

test('what follows a gzip body is passed over, as browsers and curl do', async () => {
  const junk = Buffer.from('\r\nnot gzip')
  const two = Buffer.concat([gzipSync(json.slice(0, 5)), gzipSync(json.slice(5))])
  for (const body of [gzipSync(json), two]) {
    const url = await receiving(
      200,
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      Buffer.concat([body, junk]),
    )
    expect(await clientOf(url).get('/x')).toEqual({ a: [1, 2, 3] })
  }
  const bytes = gzipSync(json)
  expect(await decompress(Buffer.concat([bytes, junk]), 'gzip', 8)).toEqual({
    ok: false,
    reason: 'too-large',
  })
  const damaged = Buffer.concat([bytes.subarray(0, -8), Buffer.alloc(8, 7), junk])
  for (const wrong of [damaged, junk, bytes.subarray(0, -9)])
    expect(await decompress(wrong, 'gzip', 100)).toEqual({ ok: false, reason: 'damaged' })
})

test('a zstd body of very many empty frames is refused', async () => {
  const frames = Buffer.concat(Array.from({ length: 1_001 }, () => zstdCompressSync('')))
  expect(await decompress(frames, 'zstd', 100)).toEqual({ ok: false, reason: 'damaged' })
})

test('every frame of a zstd body is read, and none beyond the limit', async () => {
  const bytes = Buffer.concat([zstdCompressSync(json.slice(0, 5)), zstdCompressSync(json.slice(5))])
  expect(await decompress(bytes, 'zstd', 100)).toEqual({ ok: true, bytes: Buffer.from(json) })
  expect(await decompress(bytes, 'zstd', 8)).toEqual({ ok: false, reason: 'too-large' })
  expect(await decompress(bytes.subarray(0, -2), 'zstd', 100)).toEqual({ ok: false, reason: 'damaged' })
  const junk = Buffer.concat([bytes, Buffer.from('junk')])
  expect(await decompress(junk, 'zstd', 100)).toEqual({ ok: false, reason: 'damaged' })
})

test.each(['application/json', 'application/json; charset=utf-8'])(
  'JSON in UTF-16 is read by its byte order mark, declared as %s',
  async (type) => {
    const little = Buffer.from(`\ufeff${json}`, 'utf16le')
    for (const bytes of [little, Buffer.from(little).swap16()]) {
      const client = clientOf(await receiving(200, { 'content-type': type }, bytes))
      expect(await client.get('/x')).toEqual({ a: [1, 2, 3] })
    }
  },
)

test('more codings than anybody stacks are refused', async () => {
  const headers = { 'content-encoding': 'gzip, gzip, gzip, gzip, gzip, gzip' }
  const client = clientOf(await receiving(200, headers, gzipSync(json)))
  await expect(client.get('/x')).rejects.toMatchObject({ code: 'HTTP_RESPONSE_DAMAGED', status: 200 })
})

test.each<[string, Record<string, string>, Uint8Array | string]>([
  ['in a coding that is unknown', { 'content-encoding': 'sdch' }, 'x'],
  ['in a coding that it is not in', { 'content-encoding': 'gzip' }, 'not gzip'],
  ['that is cut off', { 'content-encoding': 'gzip' }, gzipSync('x'.repeat(10_000)).subarray(0, 20)],
  ['that is no JSON', { 'content-type': 'application/json' }, '{"a":'],
  ['in a character set that it is not in', { 'content-type': 'text/plain; charset=utf-8' }, Buffer.of(0xff)],
  ['in a character set that nobody knows', { 'content-type': 'text/plain; charset=klingon' }, 'x'],
  ['that is a page', { 'content-type': 'text/html' }, '<html>no</html>'],
  ['that is nested too deeply', { 'content-type': 'application/json' }, '['.repeat(500) + ']'.repeat(500)],
  ['that is too large', { 'content-type': 'text/plain' }, 'x'.repeat(5_000)],
])('the status of a refusal survives a body %s', async (_what, headers, body) => {
  for (const [status, code] of [
    [404, 'HTTP_STATUS_FINAL'],
    [429, 'HTTP_RATE_LIMITED'],
    [401, 'HTTP_UNAUTHENTICATED'],
    [503, 'HTTP_STATUS_TRANSIENT'],
  ] as const) {
    const url = await receiving(status, { ...headers, 'x-told': 'yes' }, body)
    const failure = clientOf(url, { response: { maxBytes: 2_000 } }).get('/x')
    await expect(failure).rejects.toMatchObject({ code, status, headers: { 'x-told': 'yes' } })
  }
})

test('the status of a refusal survives a body that breaks off', async () => {
  const text = 'HTTP/1.1 429 Slow\r\nretry-after: 60\r\ncontent-length: 100\r\n\r\nhalf'
  const server = await startSocketServer((socket) =>
    socket.once('data', () => socket.write(text, () => setTimeout(() => socket.destroy(), 20))),
  )
  open.push(server)
  await expect(clientOf(server.url).get('/x')).rejects.toMatchObject({
    status: 429,
    retry: { afterMs: 60_000 },
    body: 'half',
  })
})

test('JSON under another media type is reported, and read where the option says so', async () => {
  const url = await receiving(200, { 'content-type': 'text/html' }, '[{"id":1}]')
  await expect(clientOf(url).get('/x')).rejects.toMatchObject({
    code: 'HTTP_RESPONSE_IS_HTML',
    message: expect.stringContaining('add "text/html" to jsonTypes'),
  })
  for (const jsonTypes of [['text/html'], ['TEXT/html', 'text/x'], 'all'] as const) {
    expect(await clientOf(url, { response: { jsonTypes } }).get('/x')).toEqual([{ id: 1 }])
  }
  await expect(clientOf(url, { response: { jsonTypes: ['text/x'] } }).get('/x')).rejects.toMatchObject({
    code: 'HTTP_RESPONSE_IS_HTML',
  })
  const page = await receiving(200, { 'content-type': 'text/html' }, '<html>Log in</html>')
  await expect(clientOf(page).get('/x')).rejects.toMatchObject({
    message: expect.stringContaining('a web page instead of data'),
  })
})

test('interim answers that nobody asked for are passed over, 100 included', async () => {
  const final = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{"a":1}'
  const interim = (status: number): string => `HTTP/1.1 ${status} Wait\r\nx-early: 1\r\n\r\n`
  const hundred = 'HTTP/1.1 100 Continue\r\n\r\n'
  for (const pieces of [
    [interim(103), final],
    [hundred + final],
    [hundred, hundred + interim(102), final],
    [...`${hundred}${interim(103)}${hundred}${final}`],
  ]) {
    const server = await startSocketServer((socket) =>
      socket.on('data', async () => {
        for (const piece of pieces) await new Promise<void>((done) => socket.write(piece, () => done()))
      }),
    )
    open.push(server)
    const client = clientOf(server.url)
    expect(await client.get('/x')).toEqual({ a: 1 })
    expect(await client.post('/x', { json: {} })).toEqual({ a: 1 })
  }
})
