import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { failureOf, useLocalClients } from '../../test/support/local-clients.ts'
import { type Respond, sendJson, startServer, startSocketServer } from '../../test/support/local-server.ts'
import { NetworkError, ResponseValidationError } from './errors.ts'

const { clientOf, open, serve } = useLocalClients({
  retry: { retries: 3, baseMs: 5, capMs: 20 },
  timeouts: { totalMs: 5_000 },
})

const ok: Respond = (_request, response) => sendJson(response, 200, { ok: true })

test('an unreachable host is a network error that proves that nothing was sent', async () => {
  const server = await startServer(ok)
  await server.close()
  const error = await failureOf(
    clientOf(server.url, { retry: { retries: 1, baseMs: 1 } }).post('/', { json: {} }),
  )
  expect(error).toBeInstanceOf(NetworkError)
  expect(error).toMatchObject({ outcome: 'not-sent', systemCode: 'ECONNREFUSED', retry: 'backoff' })
  expect(error).toMatchObject({ cause: { code: 'ECONNREFUSED' } })
})

test('a connection reset in the middle of the response is unknown, not a response', async () => {
  const server = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"a":')
    setTimeout(() => response.destroy(), 20)
  })
  const error = await failureOf(clientOf(server.url).post('/', { json: {} }))
  expect(error).toBeInstanceOf(NetworkError)
  expect(error).toMatchObject({ outcome: 'unknown' })
})

test('what is not HTTP at all is a network error', async () => {
  const server = await startSocketServer((socket) =>
    socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9\r\n')),
  )
  open.push(server)
  expect(await failureOf(clientOf(server.url, { retry: { retries: 0 } }).get('/'))).toBeInstanceOf(
    NetworkError,
  )
})

test('recognises a web page instead of data', async () => {
  for (const type of ['text/html', 'application/json']) {
    const server = await serve((_request, response) =>
      sendJson(response, 200, '<!DOCTYPE html><html><body>canary</body></html>', { 'content-type': type }),
    )
    const error = await failureOf(clientOf(server.url).get('/'))
    expect(error).toBeInstanceOf(ResponseValidationError)
    expect(error).toMatchObject({ code: 'HTTP_RESPONSE_IS_HTML', outcome: 'unknown' })
    expect(String(error)).not.toContain('canary')
  }
})

test('refuses broken, too deep and non-UTF-8 JSON with a message that does not quote it', async () => {
  const bodies: [string | Buffer, string][] = [
    ['{"canary":', 'HTTP_RESPONSE_NOT_JSON'],
    ['['.repeat(100) + ']'.repeat(100), 'HTTP_RESPONSE_TOO_DEEP'],
    [Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'HTTP_RESPONSE_DAMAGED'],
  ]
  for (const [body, code] of bodies) {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(body)
    })
    const error = await failureOf(clientOf(server.url, { retry: { retries: 0 } }).get('/'))
    expect(error).toMatchObject({ code })
    expect(String(error)).not.toContain('canary')
  }
})

test('reads a 10 MB page, and refuses it clearly when the limit is lower', async () => {
  const page = JSON.stringify(Array.from({ length: 10_000 }, (_, id) => ({ id, text: 'x'.repeat(1_000) })))
  const server = await serve((_request, response) => sendJson(response, 200, page))
  expect(await clientOf(server.url).get('/')).toHaveLength(10_000)
  const small = clientOf(server.url, { response: { maxBytes: 1_000_000 } })
  expect(await failureOf(small.get('/'))).toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE', retry: 'never' })
})

test('stops an endless body at the size limit', async () => {
  const server = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const timer = setInterval(() => response.write('"'.padEnd(65_536, 'x')), 1)
    response.on('close', () => clearInterval(timer))
  })
  const client = clientOf(server.url, { response: { maxBytes: 500_000 } })
  expect(await failureOf(client.get('/'))).toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' })
})

test('decodes compressed answers, and refuses one that unfolds beyond the limit', async () => {
  // Created beforehand: on a busy machine that alone takes longer than a call may.
  const bomb = gzipSync(JSON.stringify('x'.repeat(50_000_000)))
  const server = await serve((request, response) => {
    response.writeHead(request.url === '/error' ? 400 : 200, {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    })
    response.end(request.url === '/bomb' ? bomb : gzipSync('{"a":1}'))
  })
  const client = clientOf(server.url)
  expect(await client.get('/')).toEqual({ a: 1 })
  expect(await failureOf(client.get('/error'))).toMatchObject({ body: { a: 1 } })
  expect(await failureOf(client.get('/bomb'))).toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' })
})

test('never follows a redirect', async () => {
  const target = await serve(ok)
  const server = await serve((_request, response) =>
    sendJson(response, 307, {}, { location: `${target.url}/x` }),
  )
  const client = clientOf(server.url, { auth: { type: 'bearer', token: 'secret' } })
  expect(await failureOf(client.post('/', { json: {} }))).toMatchObject({
    code: 'HTTP_REDIRECTED',
    status: 307,
  })
  expect(await failureOf(client.get('/'))).toMatchObject({ code: 'HTTP_REDIRECTED' })
  expect(target.seen).toEqual([])
})
