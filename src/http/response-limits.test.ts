import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { type Respond, sendJson, startServer, startSocketServer } from '../../test/support/local-server.ts'
import { ApiClient } from './client.ts'
import type { ResponseLimits } from './options.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

function clientOf(url: string, response: Partial<ResponseLimits> = {}): ApiClient {
  const client = new ApiClient({ baseUrl: url, allowHttp: true, retry: { retries: 0 }, response })
  open.push(client)
  return client
}

async function receiving(respond: Respond, response: Partial<ResponseLimits> = {}): Promise<ApiClient> {
  const server = await startServer(respond)
  open.push(server)
  return clientOf(server.url, response)
}

const encoders = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync } as const

test('a small body that unfolds into a huge one is refused by its ratio, before it has unfolded', async () => {
  const bomb = Buffer.alloc(16 * 1024 * 1024, ' ')
  for (const [encoding, encode] of Object.entries(encoders)) {
    const client = await receiving((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding })
      response.end(encode(bomb))
    })
    await expect(client.get('/'), encoding).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' })
  }
})

test('an ordinary body may unfold as far as it likes below a megabyte', async () => {
  const text = JSON.stringify({ pad: 'x'.repeat(900_000) })
  for (const [encoding, encode] of Object.entries(encoders)) {
    const client = await receiving((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding })
      response.end(encode(text))
    })
    expect(await client.get('/'), encoding).toEqual({ pad: 'x'.repeat(900_000) })
  }
})

test('a body is refused by its announced and by its real length', async () => {
  for (const announced of [true, false]) {
    const client = await receiving(
      (_request, response) => {
        response.writeHead(200, {
          'content-type': 'text/plain',
          ...(announced ? { 'content-length': '5000' } : {}),
        })
        response.end('x'.repeat(5_000))
      },
      { maxBytes: 4_000 },
    )
    await expect(client.get('/')).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' })
  }
})

test('headers of more than 32 KiB end the call', async () => {
  const server = createServer({ maxHeaderSize: 1 << 20 }, (_request, response) => {
    response.setHeader('x-big', 'x'.repeat(60_000))
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({ close: async () => void server.close() })
  const { port } = server.address() as AddressInfo
  await expect(clientOf(`http://127.0.0.1:${port}`).get('/')).rejects.toMatchObject({
    code: 'HTTP_NETWORK',
    systemCode: 'UND_ERR_HEADERS_OVERFLOW',
  })
})

test('headers that never end do not fill the memory', async () => {
  const server = await startSocketServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const more = setInterval(() => socket.write(`x-${Math.random()}: ${'y'.repeat(4_000)}\r\n`), 1)
      socket.on('close', () => clearInterval(more))
    })
  })
  open.push(server)
  await expect(clientOf(server.url).get('/')).rejects.toMatchObject({ code: 'HTTP_NETWORK' })
})

test('JSON nested deeper than allowed is refused without being parsed', async () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  const client = await receiving((_request, response) => sendJson(response, 200, deep))
  await expect(client.get('/')).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_DEEP', retry: 'never' })
  const level = await receiving((_request, response) => sendJson(response, 200, '[[[1]]]'), { maxDepth: 3 })
  expect(await level.get('/')).toEqual([[[1]]])
})
