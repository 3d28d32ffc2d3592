import { expect, test } from 'vitest'
import { sendJson, startServer } from '../../../test/support/local-server.ts'
import { ApiClient } from '../client.ts'
import { encodeMixed, parseEmbeddedResponse, parseMixed } from './multipart-mixed.ts'

test('parts come back as they were put in, change sets within them too', () => {
  const inner = encodeMixed([
    {
      headers: { 'Content-Type': 'application/http', 'Content-ID': '1' },
      body: 'PATCH x HTTP/1.1\r\n\r\n{"a":1}',
    },
    { headers: {}, body: 'no headers' },
  ])
  const outer = encodeMixed([
    { headers: { 'content-type': inner.contentType }, body: inner.body },
    { headers: { 'content-type': 'text/plain' }, body: '' },
  ])
  const [first, second, ...rest] = parseMixed(outer.contentType, outer.body)
  expect(rest).toEqual([])
  expect(second).toEqual({ headers: { 'content-type': 'text/plain' }, body: '' })
  expect(parseMixed(first?.headers['content-type'] ?? '', first?.body ?? '')).toEqual([
    {
      headers: { 'content-type': 'application/http', 'content-id': '1' },
      body: 'PATCH x HTTP/1.1\r\n\r\n{"a":1}',
    },
    { headers: {}, body: 'no headers' },
  ])
})

test('bare line feeds, a preamble, a quoted boundary and blanks after it are read', () => {
  const text = 'preamble\n--b (1)+?  \nContent-Type: text/plain\n\nline 1\nline 2\n--b (1)+?--\nepilogue'
  expect(parseMixed('multipart/mixed; charset=x; boundary="b (1)+?"', text)).toEqual([
    { headers: { 'content-type': 'text/plain' }, body: 'line 1\nline 2' },
  ])
})

test('a text that only looks like the boundary stays in its part', () => {
  const text = '--b\r\n\r\n--bc\r\nx--b\r\n--b--\r\n'
  expect(parseMixed('multipart/mixed;boundary=b', text)).toEqual([{ headers: {}, body: '--bc\r\nx--b' }])
})

test.each([
  ['multipart/mixed', '--b\r\n\r\nx\r\n--b--'],
  ['multipart/mixed; boundary=b', ''],
  ['multipart/mixed; boundary=b', '--b\r\n\r\ncut off in the mid'],
  ['multipart/mixed; boundary=b', '--b\r\n\r\none\r\n--b\r\n\r\ncut off'],
  ['multipart/mixed; boundary=b', '--b\r\n\r\nx\r\n'.repeat(10_001)],
])('a response that is damaged is an error and never a shorter list: %#', (type, text) => {
  expect(() => parseMixed(type, text)).toThrow(expect.objectContaining({ code: 'HTTP_RESPONSE_DAMAGED' }))
})

test('a response within a part has its status, headers and body', () => {
  expect(parseEmbeddedResponse('HTTP/1.1 201 Created\r\nETag: W/"1"\r\n\r\n{"id":1}')).toEqual({
    status: 201,
    headers: { etag: 'W/"1"' },
    body: '{"id":1}',
  })
  expect(parseEmbeddedResponse('HTTP/1.1 204 No Content\r\n\r\n')).toEqual({
    status: 204,
    headers: {},
    body: '',
  })
  expect(() => parseEmbeddedResponse('{"id":1}')).toThrow(
    expect.objectContaining({ code: 'HTTP_RESPONSE_DAMAGED' }),
  )
})

test('a header that would break the encoding is refused', () => {
  expect(() => encodeMixed([{ headers: { a: 'x\r\ny: z' }, body: '' }])).toThrow(
    expect.objectContaining({ code: 'HTTP_REQUEST_INVALID' }),
  )
})

test('a batch of reads in several parts is sent as it is, answered as text, and sent again after a failure', async () => {
  let calls = 0
  const reply = encodeMixed([
    { headers: { 'content-type': 'application/http' }, body: 'HTTP/1.1 200 OK\r\n\r\n[]' },
  ])
  await using server = await startServer((_request, response) => {
    calls += 1
    if (calls === 1) return sendJson(response, 503, {})
    response.writeHead(202, { 'content-type': reply.contentType })
    response.end(reply.body)
  })
  const client = new ApiClient({ baseUrl: server.url, allowHttp: true, retry: { retries: 1, baseMs: 1 } })
  try {
    const { body, contentType } = encodeMixed([
      { headers: { 'content-type': 'application/http' }, body: 'GET x HTTP/1.1\r\n\r\n' },
    ])
    const batch = await client.send('POST', '/$batch', {
      body,
      headers: { 'content-type': contentType },
      readOnly: true,
    })
    expect(server.seen.map((request) => [request.headers['content-type'], request.body])).toEqual([
      [contentType, body],
      [contentType, body],
    ])
    const [part] = parseMixed(batch.headers['content-type'] ?? '', String(batch.data))
    expect(parseEmbeddedResponse(part?.body ?? '').body).toBe('[]')
  } finally {
    await client.close()
  }
})
