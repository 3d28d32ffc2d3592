/** Requests as `fetch` sends or refuses them. */
import { chunks, duplex, echo, type FetchPlay, outcomeOf, send } from './play.ts'

const form = (): FormData => {
  const data = new FormData()
  data.append('a', 'ü')
  data.append('f', new File(['one'], 'one.txt', { type: 'text/plain' }))
  return data
}

export const requests: readonly FetchPlay[] = [
  { name: 'sends a GET', respond: echo, play: send({}) },
  { name: 'sends a query as it is', respond: echo, play: send({}, '?a=%20b&c=[d]&e=ü') },
  { name: 'sends no fragment', respond: echo, play: send({}, 'x#part') },
  {
    name: 'sends dots in a path as the address standard reads them',
    respond: echo,
    play: send({}, 'a/../b/./c'),
  },
  { name: 'sends a method in small letters', respond: echo, play: send({ method: 'post', body: 'a' }) },
  {
    name: 'sends patch as it is written',
    respond: (request, response, body) => echo(request, response, body),
    play: async (fetch, url) => (await fetch(url, { method: 'PATCH', body: 'a' })).json(),
  },
  { name: 'sends QUERY', respond: echo, play: send({ method: 'QUERY', body: 'a' }) },
  { name: 'sends a POST without a body', respond: echo, play: send({ method: 'POST' }) },
  { name: 'sends a PUT with null', respond: echo, play: send({ method: 'PUT', body: null }) },
  { name: 'sends a DELETE', respond: echo, play: send({ method: 'DELETE' }) },
  { name: 'sends an empty text', respond: echo, play: send({ method: 'POST', body: '' }) },
  { name: 'sends a text', respond: echo, play: send({ method: 'POST', body: 'ü' }) },
  { name: 'sends lone surrogates as U+FFFD', respond: echo, play: send({ method: 'POST', body: '\ud800x' }) },
  { name: 'sends bytes', respond: echo, play: send({ method: 'POST', body: Uint8Array.of(97, 98) }) },
  {
    name: 'sends a part of a buffer',
    respond: echo,
    play: send({ method: 'POST', body: new Uint8Array([97, 98, 99]).subarray(1, 2) }),
  },
  {
    name: 'sends an array buffer',
    respond: echo,
    play: send({ method: 'POST', body: Uint8Array.of(97).buffer }),
  },
  {
    name: 'sends a blob with its type',
    respond: echo,
    play: send({ method: 'POST', body: new Blob(['a'], { type: 'text/x' }) }),
  },
  {
    name: 'sends a blob without a type',
    respond: echo,
    play: send({ method: 'POST', body: new Blob(['a']) }),
  },
  {
    name: 'sends search parameters',
    respond: echo,
    play: send({ method: 'POST', body: new URLSearchParams({ a: 'ü b' }) }),
  },
  {
    name: 'sends a form',
    respond: echo,
    play: async (fetch, url) => {
      const { headers, ...rest } = Object(await (await fetch(url, { method: 'POST', body: form() })).json())
      // Boundaries may differ in length.
      return {
        ...rest,
        type: String(headers['content-type']).split('=')[0],
        body: String(rest.body).replaceAll(/-{2,}[^\r"]+/g, '--'),
      }
    },
  },
  {
    name: 'sends an object as its text',
    respond: echo,
    play: send({ method: 'POST', body: { toString: () => 'obj' } as unknown as string }),
  },
  {
    name: 'sends a stream',
    respond: echo,
    play: send(() => duplex({ method: 'POST', body: chunks('a', 'b') })),
  },
  {
    name: 'refuses a stream without duplex',
    respond: echo,
    play: send(() => ({ method: 'POST', body: chunks('a') })),
  },
  {
    name: 'refuses a stream that was read',
    respond: echo,
    play: send(() => {
      const body = chunks('a')
      body.getReader()
      return duplex({ method: 'POST', body })
    }),
  },
  { name: 'refuses GET with a body', respond: echo, play: send({ method: 'GET', body: 'a' }) },
  { name: 'refuses HEAD with a body', respond: echo, play: send({ method: 'HEAD', body: 'a' }) },
  ...['CONNECT', 'trace', 'TRACK', 'a b', ''].map((method) => ({
    name: `refuses the method ${JSON.stringify(method)}`,
    respond: echo,
    play: send({ method }),
  })),
  {
    name: 'takes the caller’s content type',
    respond: echo,
    play: send({ method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } }),
  },
  { name: 'trims header values', respond: echo, play: send({ headers: { 'X-A': '  b \t' } }) },
  {
    name: 'joins headers of one name',
    respond: echo,
    play: send({
      headers: [
        ['x-a', '1'],
        ['X-A', '2'],
      ],
    }),
  },
  { name: 'takes Headers', respond: echo, play: send({ headers: new Headers({ 'x-a': '1' }) }) },
  {
    name: 'takes a number as a value',
    respond: echo,
    play: send({ headers: { 'x-a': 1 } as unknown as Record<string, string> }),
  },
  {
    name: 'sends Latin-1 in a value',
    respond: ({ headers }, response) =>
      void response.end(JSON.stringify(Buffer.from(String(headers['x-a']), 'latin1').toString('hex'))),
    play: send({ headers: { 'x-a': 'caf\u00e9' } }),
  },
  ...(
    [
      ['a line break', { 'x-a': 'b\r\nc: d' }],
      ['a NUL', { 'x-a': 'b\0' }],
      ['a letter beyond Latin-1', { 'x-a': '\u20ac' }],
      ['an empty name', { '': 'b' }],
      ['a name with a blank', { 'x a': 'b' }],
    ] as const
  ).map(([what, headers]) => ({
    name: `refuses a header with ${what}`,
    respond: echo,
    play: send({ headers }),
  })),
  {
    name: 'refuses headers that are null',
    respond: echo,
    play: send({ headers: null as unknown as HeadersInit }),
  },
  {
    name: 'takes members that are undefined',
    respond: echo,
    play: send({
      method: undefined,
      body: undefined,
      headers: undefined,
      signal: undefined,
    } as unknown as RequestInit),
  },
  { name: 'takes a signal of null', respond: echo, play: send({ signal: null }) },
  {
    name: 'refuses a signal that is none',
    respond: echo,
    play: send({ signal: 'now' as unknown as AbortSignal }),
  },
  { name: 'refuses a wrong redirect', respond: echo, play: send({ redirect: 'maybe' as RequestRedirect }) },
  { name: 'refuses a wrong cache', respond: echo, play: send({ cache: 'maybe' as RequestCache }) },
  {
    name: 'refuses only-if-cached that is not same-origin',
    respond: echo,
    play: send({ cache: 'only-if-cached' }),
  },
  ...(['no-store', 'reload', 'no-cache', 'force-cache'] as const).map((cache) => ({
    name: `says ${cache} in headers`,
    respond: echo,
    play: send({ cache }),
  })),
  {
    name: 'keeps the caller’s own pragma beside no-store',
    respond: echo,
    play: send({ cache: 'no-store', headers: { pragma: 'mine' } }),
  },
  {
    name: 'sends a Request',
    respond: echo,
    play: async (fetch, url) =>
      (await fetch(new Request(url, { method: 'PUT', body: 'a', headers: { 'x-a': '1' } }))).json(),
  },
  {
    name: 'overrides a Request',
    respond: echo,
    play: async (fetch, url) =>
      (
        await fetch(new Request(url, { method: 'PUT', body: 'a', headers: { 'x-a': '1' } }), {
          method: 'POST',
          headers: { 'x-a': '2' },
        })
      ).json(),
  },
  {
    name: 'refuses a Request that was used',
    respond: echo,
    play: async (fetch, url) => {
      const request = new Request(url, { method: 'PUT', body: 'a' })
      const first = await (await fetch(request)).json()
      return [first, request.bodyUsed, await outcomeOf(() => fetch(request))]
    },
  },
  {
    name: 'takes a URL',
    respond: echo,
    play: async (fetch, url) => (await fetch(new URL('x?y', url))).json(),
  },
  {
    name: 'takes an object with an address',
    respond: echo,
    play: async (fetch, url) => (await fetch({ toString: () => url } as unknown as string)).json(),
  },
  {
    name: 'refuses credentials in the address',
    respond: echo,
    play: async (fetch, url) => fetch(url.replace('//', '//a:b@')),
  },
  { name: 'refuses what is no address', respond: echo, play: async (fetch) => fetch('http://') },
  { name: 'refuses other schemes', respond: echo, play: async (fetch) => fetch('ftp://127.0.0.1/') },
  {
    name: 'refuses a call without arguments',
    respond: echo,
    play: async (fetch) => (fetch as () => Promise<unknown>)(),
  },
  { name: 'has the name and length of fetch', respond: echo, play: (fetch) => [fetch.name, fetch.length] },
]
