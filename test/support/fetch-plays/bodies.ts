/** Bodies of responses, and their codings. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { coded, type FetchPlay, json, outcomeOf, read, reported, text } from './play.ts'

export const bodies: readonly FetchPlay[] = [
  { name: 'reads JSON', respond: text('{"a":1}'), play: json },
  { name: 'reads JSON after a BOM', respond: text('\ufeff{"a":1}'), play: json },
  { name: 'rejects a body that is no JSON', respond: text('<a>'), play: json },
  { name: 'rejects an empty body as JSON', respond: text(''), play: json },
  { name: 'drops one BOM of a text', respond: text('\ufefftest=\ufeff'), play: read },
  { name: 'reads text that is not UTF-8', respond: text(Uint8Array.of(0xff, 0x61)), play: read },
  {
    name: 'reads bytes, an array buffer and a blob with its type',
    respond: text('abc', { 'content-type': 'Application/JSON; charset=utf-8' }),
    play: async (fetch, url) => {
      const blob = await (await fetch(url)).blob()
      const buffer = await (await fetch(url)).arrayBuffer()
      return [blob.type, blob.size, new Uint8Array(buffer), await (await fetch(url)).bytes()].map(String)
    },
  },
  {
    name: 'reads an urlencoded form with a BOM in it',
    respond: text('\ufefftest=\ufeff', { 'content-type': 'application/x-www-form-urlencoded' }),
    play: async (fetch, url) => [...(await (await fetch(url)).formData())],
  },
  {
    name: 'reads a multipart form',
    respond: text(
      '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--b\r\ncontent-disposition: form-data; name="f"; filename="x.txt"\r\ncontent-type: text/plain\r\n\r\ntwo\r\n--b--\r\n',
      { 'content-type': 'multipart/form-data; boundary=b' },
    ),
    play: async (fetch, url) => {
      const form = await (await fetch(url)).formData()
      const file = form.get('f')
      return [form.get('a'), file instanceof Blob ? [file.type, await file.text()] : file]
    },
  },
  {
    name: 'rejects a form under another type',
    respond: text('a=1', { 'content-type': 'asdasd' }),
    play: async (fetch, url) => (await fetch(url)).formData(),
  },
  {
    name: 'rejects a form whose boundary does not fit',
    respond: text('--b\r\n\r\n', { 'content-type': 'multipart/form-data; boundary=other' }),
    play: async (fetch, url) => (await fetch(url)).formData(),
  },
  {
    name: 'refuses a body that is locked, and one that was read',
    respond: text('abc'),
    play: async (fetch, url) => {
      const locked = await fetch(url)
      locked.body?.getReader()
      const used = await fetch(url)
      const before = used.bodyUsed
      await used.text()
      return [
        await outcomeOf(() => locked.blob()),
        await outcomeOf(() => locked.clone()),
        await outcomeOf(() => used.json()),
        await outcomeOf(() => used.clone()),
        [before, used.bodyUsed, used.body?.locked],
      ]
    },
  },
  {
    name: 'clones a response, also after its body was asked for',
    respond: text('abc', { 'x-a': '1' }),
    play: async (fetch, url) => {
      const one = await fetch(url)
      const two = one.clone()
      void one.body
      const three = one.clone()
      const all = await Promise.all([one, two, three].map((each) => each.text()))
      return [all, two.status, three.headers.get('x-a'), two.url === one.url, two.redirected]
    },
  },
  {
    name: 'streams',
    respond: (_request, response) => {
      response.writeHead(200)
      response.write('a')
      setTimeout(() => response.end('b'), 20)
    },
    play: async (fetch, url) => {
      const parts: string[] = []
      for await (const part of (await fetch(url)).body ?? []) parts.push(Buffer.from(part).toString())
      return parts.join('')
    },
  },
  { name: 'has a stream for an empty body', respond: text(''), play: reported() },
  ...[204, 205, 304].map((status) => ({
    name: `has no body for ${status}`,
    respond: text('', {}, status),
    play: reported(),
  })),
  { name: 'has no body for HEAD', respond: text('abc'), play: reported({ method: 'HEAD' }) },
  {
    name: 'tells the status text',
    respond: (_request, response) => void response.writeHead(299, 'Fine by us').end(),
    play: reported(),
  },
  { name: 'tells a 404', respond: text('no', { 'content-type': 'text/html' }, 404), play: reported() },
  {
    name: 'passes a refusal on with its challenge',
    respond: text('no', { 'www-authenticate': 'Basic realm="x"' }, 401),
    play: async (fetch, url) => {
      const response = await fetch(url)
      return [response.status, response.headers.get('www-authenticate'), await response.text()]
    },
  },
]

export const codings: readonly FetchPlay[] = [
  { name: 'decodes gzip', respond: coded('gzip', gzipSync('hello')), play: read },
  { name: 'decodes x-gzip', respond: coded('x-gzip', gzipSync('hello')), play: read },
  { name: 'decodes a coding in capitals', respond: coded('GZIP', gzipSync('hello')), play: read },
  { name: 'decodes deflate', respond: coded('deflate', deflateSync('hello')), play: read },
  { name: 'decodes raw deflate', respond: coded('deflate', deflateRawSync('hello')), play: read },
  { name: 'decodes br', respond: coded('br', brotliCompressSync('hello')), play: read },
  {
    name: 'decodes stacked codings',
    respond: coded('deflate, gzip', gzipSync(deflateSync('hello'))),
    play: read,
  },
  { name: 'leaves an unknown coding as it is', respond: coded('mine', Buffer.from('hello')), play: read },
  { name: 'leaves identity as it is', respond: coded('identity', Buffer.from('hello')), play: read },
  { name: 'reads an empty body under gzip', respond: coded('gzip', Buffer.alloc(0)), play: read },
  { name: 'rejects what is no gzip', respond: coded('gzip', Buffer.from('not gzip')), play: read },
  {
    name: 'takes HEAD under gzip',
    respond: coded('gzip', Buffer.alloc(0)),
    play: reported({ method: 'HEAD' }),
  },
  { name: 'takes 204 under gzip', respond: text('', { 'content-encoding': 'gzip' }, 204), play: reported() },
  {
    name: 'keeps the status of a refusal whose body is no gzip',
    respond: text('not gzip', { 'content-encoding': 'gzip' }, 404),
    play: async (fetch, url) => (await fetch(url)).status,
  },
  {
    name: 'does not decode the body of a redirect',
    respond: text('not gzip', { 'content-encoding': 'gzip', location: '/x' }, 302),
    play: async (fetch, url) => (await fetch(url, { redirect: 'manual' })).status,
  },
]
