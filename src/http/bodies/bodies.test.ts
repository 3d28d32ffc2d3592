import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { type LocalServer, type Respond, sendJson, startServer } from '../../../test/support/local-server.ts'
import type { CallLogEntry } from '../call-log.ts'
import { ApiClient } from '../client.ts'
import { HttpStatusError } from '../errors.ts'
import type { ApiClientOptions } from '../options.ts'
import { readCsv, readCsvRows, toCsv } from './csv.ts'
import { readNdjson, toNdjson } from './ndjson.ts'

async function withApi(
  respond: Respond,
  use: (client: ApiClient, server: LocalServer) => Promise<void>,
  options: Partial<ApiClientOptions> = {},
): Promise<void> {
  await using server = await startServer(respond)
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    retry: { retries: 2, baseMs: 1 },
    ...options,
  })
  try {
    await use(client, server)
  } finally {
    await client.close()
  }
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of source) found.push(one)
  return found
}

const bytes = (text: string) => Buffer.from(text, 'utf8')

/** Every split of a text into two byte chunks, also within a character. */
function* cuts(text: string): Generator<Uint8Array[]> {
  const whole = bytes(text)
  for (let at = 0; at <= whole.length; at += 1) yield [whole.subarray(0, at), whole.subarray(at)]
}

test('a streamed request body arrives whole, and is opened anew for each attempt', async () => {
  let calls = 0
  let opened = 0
  await withApi(
    (request, response) => {
      calls += 1
      sendJson(response, calls === 1 ? 503 : 200, {
        length: request.body.length,
        encoding: request.headers['transfer-encoding'],
      })
    },
    async (client) => {
      const body = () => {
        opened += 1
        return toNdjson(Array.from({ length: 1_000 }, (_, id) => ({ id })))
      }
      const reply = await client.put('/import', {
        body,
        headers: { 'content-type': 'application/x-ndjson' },
      })
      expect(reply).toEqual({ length: 10_890, encoding: 'chunked' })
      expect(opened).toBe(2)
    },
  )
})

test('a stream that can be read once is never sent again', async () => {
  await withApi(
    (_request, response) => sendJson(response, 503, {}),
    async (client, server) => {
      await expect(client.put('/x', { body: toNdjson([1]) })).rejects.toMatchObject({ status: 503 })
      expect(server.seen).toHaveLength(1)
    },
  )
})

test('after a 401 a stream that can be read once is not sent again either', async () => {
  await withApi(
    (_request, response) => sendJson(response, 401, {}),
    async (client, server) => {
      await expect(client.put('/x', { body: toNdjson([1]) })).rejects.toMatchObject({ status: 401 })
      expect(server.seen).toHaveLength(1)
    },
    { auth: { name: 'again', credential: () => ({}), refused: () => true } },
  )
})

test('a source that fails ends the call with its own error', async () => {
  await withApi(
    () => undefined,
    async (client) => {
      async function* body() {
        yield bytes('a')
        throw new RangeError('the disk is gone')
      }
      const error = await client.put('/x', { body }).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'HTTP_BODY_SOURCE', retry: 'never', outcome: 'unknown' })
      expect(error).toMatchObject({ cause: { message: 'the disk is gone' } })
    },
  )
})

test('an upload arrives as a form with its files, with its length when that is known', async () => {
  await withApi(
    async (request, response) => {
      const type = String(request.headers['content-type'])
      const form = await new Response(request.body, { headers: { 'content-type': type } }).formData()
      const file = form.get('file') as File
      sendJson(response, 200, {
        title: form.get('title"\r\n'),
        name: file.name,
        type: file.type,
        text: await file.text(),
        length: request.headers['content-length'] === undefined ? 'unknown' : 'known',
      })
    },
    async (client) => {
      const title = { name: 'title"\r\n', content: 'Zoë' }
      const opened = {
        name: 'file',
        filename: 'a "b".csv',
        type: 'text/csv',
        content: () => [bytes('x,'), bytes('y')],
      }
      const expected = { title: 'Zoë', name: 'a "b".csv', type: 'text/csv', text: 'x,y' }
      expect(await client.post('/up', { multipart: [title, opened] })).toEqual({
        ...expected,
        length: 'unknown',
      })
      const known = [title, { ...opened, bytes: 3 }]
      expect(await client.post('/up', { multipart: known })).toEqual({ ...expected, length: 'known' })
      await expect(client.post('/up', { multipart: [{ ...opened, bytes: 4 }] })).rejects.toMatchObject({
        code: 'HTTP_BODY_SOURCE',
      })
      await expect(client.post('/up', { multipart: [{ ...opened, type: 'a/b\r\nx: y' }] })).rejects.toThrow(
        /media type/,
      )
    },
  )
})

test('a response is read while it comes in, decompressed', async () => {
  const lines = Array.from({ length: 5_000 }, (_, id) => JSON.stringify({ id, name: 'Zoë' })).join('\n')
  await withApi(
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' })
      response.end(gzipSync(lines))
    },
    async (client) => {
      const reply = await client.stream('/export')
      expect(reply.status).toBe(200)
      const values = await all(readNdjson(reply.data))
      expect(values).toHaveLength(5_000)
      expect(values.at(-1)).toEqual({ id: 4_999, name: 'Zoë' })
    },
  )
})

test('a slow reader holds the sender back, and one that breaks off ends the exchange', async () => {
  let sent = 0
  const gone = Promise.withResolvers<void>()
  const full = Promise.withResolvers<void>()
  await withApi(
    (_request, response) => {
      response.on('close', gone.resolve)
      const chunk = Buffer.alloc(64 * 1024)
      const push = (): void => {
        while (sent < 256 * 1024 ** 2) {
          sent += chunk.length
          if (response.write(chunk)) continue
          full.resolve()
          return void response.once('drain', push)
        }
        full.resolve()
      }
      push()
    },
    async (client) => {
      const { data } = await client.stream('/endless')
      let seen = 0
      for await (const chunk of data) {
        seen += chunk.byteLength
        await full.promise
        break
      }
      expect(seen).toBeGreaterThan(0)
      await gone.promise
      expect(sent).toBeLessThan(64 * 1024 ** 2)
    },
  )
})

test('a stream is bounded in size, also after decompression, and a damaged one says so', async () => {
  await withApi(
    ({ url }, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' })
      const packed = gzipSync(Buffer.alloc(1024 ** 2))
      response.end(url === '/cut' ? packed.subarray(0, 20) : url === '/garbage' ? 'garbage' : packed)
    },
    async (client) => {
      const large = await client.stream('/large', { maxBytes: 1_000 })
      await expect(all(large.data)).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' })
      for (const path of ['/cut', '/garbage']) {
        const { data } = await client.stream(path)
        await expect(all(data)).rejects.toMatchObject({ code: 'HTTP_RESPONSE_DAMAGED' })
      }
    },
  )
})

test('a stream that stalls or is given up by its caller ends', async () => {
  await withApi(
    (_request, response) => void response.writeHead(200).write('a'),
    async (client) => {
      const silent = await client.stream('/x')
      await expect(all(silent.data)).rejects.toMatchObject({ code: 'HTTP_TIMEOUT', phase: 'body' })
      const abort = new AbortController()
      const { data } = await client.stream('/x', { signal: abort.signal })
      const rejected = expect(all(data)).rejects.toMatchObject({ code: 'HTTP_ABORTED' })
      abort.abort()
      await rejected
    },
    { timeouts: { bodyIdleMs: 1_000 } },
  )
})

test('a stream that breaks before anybody reads it tells its reader, and nobody else', async () => {
  const responses: ServerResponse[] = []
  await withApi(
    ({ url }, response) => {
      responses.push(response)
      response.writeHead(200, url === '/packed' ? { 'content-encoding': 'gzip' } : {})
      response.write(url === '/packed' ? gzipSync('a').subarray(0, 12) : 'a')
    },
    async (client) => {
      const streams = [await client.stream('/plain'), await client.stream('/packed')]
      await Promise.all(responses.map((response) => once(response.destroy(), 'close')))
      for (const { data } of streams) await expect(all(data)).rejects.toMatchObject({ code: 'HTTP_NETWORK' })
    },
  )
})

test('a failed stream carries its error as any other call does', async () => {
  await withApi(
    (_request, response) => sendJson(response, 404, { reason: 'gone' }),
    async (client) => {
      const error = await client.stream('/x').catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(HttpStatusError)
      expect(error).toMatchObject({ status: 404, body: { reason: 'gone' } })
    },
  )
})

test('the body of a compressed error is decoded', async () => {
  await withApi(
    (_request, response) => {
      response.writeHead(422, { 'content-type': 'application/problem+json', 'content-encoding': 'gzip' })
      response.end(gzipSync('{"title":"not valid"}'))
    },
    async (client) => {
      await expect(client.post('/x', { json: {} })).rejects.toMatchObject({ problem: { title: 'not valid' } })
    },
  )
})

test('JSON lines are the same however the bytes are cut', async () => {
  const text = '{"a":"ë"}\n\r\n[1.10]\n"x"'
  for (const pieces of cuts(text)) {
    const values = await all(readNdjson(pieces))
    expect(values).toHaveLength(3)
    expect(values[0]).toEqual({ a: 'ë' })
    expect(values[2]).toBe('x')
  }
})

test.each([
  ['{"a":1}\n{"a"', {}, 'HTTP_RESPONSE_NOT_JSON', 'line 2'],
  ['[[[1]]]', { maxDepth: 2 }, 'HTTP_RESPONSE_TOO_DEEP', 'line 1'],
  ['1\n"canary-long-line', { maxLine: 5 }, 'HTTP_RESPONSE_TOO_LARGE', 'line 2'],
] as const)(
  'the JSON lines %j are refused by the line, without quoting it',
  async (text, options, code, line) => {
    const error = await all(readNdjson([bytes(text)], options)).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code })
    expect(String(error)).toContain(line)
    expect(String(error)).not.toContain('canary')
  },
)

test('CSV is the same however the bytes are cut', async () => {
  const text = '\ufeffname,note\r\n"Zoë ""Z""","a,b\r\nc"\n,\r"",x'
  for (const pieces of cuts(text)) {
    expect(await all(readCsvRows(pieces))).toEqual([
      ['name', 'note'],
      ['Zoë "Z"', 'a,b\r\nc'],
      ['', ''],
      ['', 'x'],
    ])
  }
})

test('CSV rows are objects by the first row, with any separator', async () => {
  expect(await all(readCsv([bytes('id;name\n1;Ada\n\n2;"B;b"\n')], { separator: ';' }))).toEqual([
    { id: '1', name: 'Ada' },
    { id: '2', name: 'B;b' },
  ])
})

test.each([
  ['a,b\n1', 'Row 2', 'it has 1 cells, not 2'],
  ['a,a\n1,2', 'Row 1', 'two columns'],
  ['a\n"x', 'Row 2', 'never closed'],
  ['a\n"x"y', 'Row 2', 'follows a closing quote'],
])('the CSV %j is refused by the row', async (text, row, what) => {
  const error = await all(readCsv([bytes(text)])).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'HTTP_RESPONSE_DAMAGED' })
  expect(String(error)).toContain(row)
  expect(String(error)).toContain(what)
})

test.each([
  ['a quote within a cell is a character', 'a,b\n5" pipe,x"y"\n', { a: '5" pipe', b: 'x"y"' }],
  ['a first line for spreadsheets names the separator', 'sep=;\r\na;b\r\n1;2\r\n', { a: '1', b: '2' }],
  ['also the usual one', '\ufeffsep=,\na,b\n1,2\n', { a: '1', b: '2' }],
])('CSV: %s', async (_title, text, row) => {
  expect(await all(readCsv([bytes(text)]))).toEqual([row])
})

test('what is written as CSV reads back the same', async () => {
  const rows = [
    ['a', 'b"c'],
    ['', ' x '],
    ['d,e', 'f\ng'],
    ['h\ri', 'ë'],
  ]
  expect(await all(readCsvRows(toCsv(rows)))).toEqual(rows)
  expect(await all(readCsvRows(toCsv([['']])))).toEqual([['']])
})

test('XML and other texts come as they are, in the character set that the response names', async () => {
  const texts: Readonly<Record<string, readonly [string, Buffer]>> = {
    '/utf8': ['application/xml', bytes('<?xml version="1.0"?><name>Köln</name>')],
    '/latin1': ['text/xml; charset=ISO-8859-1', Buffer.from('<name>Köln</name>', 'latin1')],
    '/utf16': ['text/csv; charset="utf-16le"', Buffer.from('name\nKöln', 'utf16le')],
  }
  await withApi(
    ({ url }, response) => {
      const [type, body] = texts[url] ?? ['text/xml; charset=no-such', bytes('x')]
      response.writeHead(200, { 'content-type': type })
      response.end(body)
    },
    async (client) => {
      expect(await client.get('/utf8')).toBe('<?xml version="1.0"?><name>Köln</name>')
      expect(await client.get('/latin1')).toBe('<name>Köln</name>')
      expect(await client.get('/utf16')).toBe('name\nKöln')
      await expect(client.get('/unknown')).rejects.toMatchObject({ code: 'HTTP_RESPONSE_DAMAGED' })
    },
  )
})

test('a text body goes out as it is, with the content type that the caller gives', async () => {
  await withApi(
    ({ headers, body }, response) => sendJson(response, 200, { type: headers['content-type'], body }),
    async (client) => {
      const body = '"id","name"\n"1","Ada"\n'
      expect(await client.put('/job/batches', { body, headers: { 'Content-Type': 'text/csv' } })).toEqual({
        type: 'text/csv',
        body,
      })
      const xml = '<?xml version="1.0"?><a/>'
      expect(await client.post('/soap', { body: xml, headers: { 'content-type': 'text/xml' } })).toEqual({
        type: 'text/xml',
        body: xml,
      })
    },
  )
})

test('nested form fields go out with brackets', async () => {
  await withApi(
    ({ headers, body }, response) => sendJson(response, 200, { type: headers['content-type'], body }),
    async (client) => {
      expect(await client.post('/subscriptions', { form: { items: [{ price: 'p' }] } })).toEqual({
        type: 'application/x-www-form-urlencoded',
        body: 'items%5B0%5D%5Bprice%5D=p',
      })
    },
  )
})

test('the call log tells the bytes of a streamed response once it has ended, also when it is given up', async () => {
  const entries: CallLogEntry[] = []
  await withApi(
    ({ url }, response) => {
      response.writeHead(200, { 'content-type': 'text/csv' })
      if (url === '/whole') return void response.end('x'.repeat(50_000))
      response.write('x'.repeat(1_000))
      if (url === '/cut') setTimeout(() => response.destroy(), 20)
    },
    async (client) => {
      const whole = await client.stream('/whole')
      expect(entries).toEqual([])
      await all(whole.data)
      const cut = await client.stream('/cut')
      await expect(all(cut.data)).rejects.toMatchObject({ code: 'HTTP_NETWORK' })
      const left = await client.stream('/left')
      for await (const chunk of left.data) if (chunk.byteLength > 0) break
      expect(
        entries.map(({ route, status, responseBytes, code }) => [route, status, responseBytes, code]),
      ).toEqual([
        ['/whole', 200, 50_000, undefined],
        ['/cut', 200, 1_000, 'HTTP_NETWORK'],
        ['/left', 200, 1_000, undefined],
      ])
    },
    { onAttempt: (entry) => entries.push(entry) },
  )
})
