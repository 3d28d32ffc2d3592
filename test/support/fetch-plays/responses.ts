/** Responses, and redirects. */
import {
  chunks,
  duplex,
  type FetchPlay,
  facts,
  outcomeOf,
  read,
  redirect,
  reported,
  send,
  text,
} from './play.ts'

export const responses: readonly FetchPlay[] = [
  {
    name: 'tells headers as fetch does',
    respond: (_request, response) =>
      void response
        .writeHead(200, ['X-A', '1', 'x-a', '2', 'Set-Cookie', 'a=1', 'set-cookie', 'b=2', 'x-empty', ''])
        .end(),
    play: async (fetch, url) => {
      const { headers } = await fetch(url)
      return [
        headers.get('x-a'),
        headers.getSetCookie(),
        headers.get('X-EMPTY'),
        headers.get('none'),
        headers instanceof Headers,
      ]
    },
  },
  {
    name: 'keeps the headers of a response as they are',
    respond: text('a', { 'x-a': '1' }),
    play: async (fetch, url) => {
      const { headers } = await fetch(url)
      return [
        await outcomeOf(() => headers.set('x-a', '2')),
        await outcomeOf(() => headers.append('x-b', '2')),
        await outcomeOf(() => headers.delete('x-a')),
        [headers.get('x-a'), headers.get('x-b')],
      ]
    },
  },
  {
    name: 'keeps the headers of a stream as they are',
    respond: (_request, response) => {
      response.writeHead(200, { 'x-a': '1' }).write('a')
      setTimeout(() => response.end('b'), 10)
    },
    play: async (fetch, url) => {
      const response = await fetch(url)
      const outcome = await outcomeOf(() => response.headers.set('x-a', '2'))
      return [outcome, response.headers.get('x-a'), await response.text()]
    },
  },
  {
    name: 'tells its address without a fragment',
    respond: text('a'),
    play: async (fetch, url) => (await fetch(`${url}x?y#z`)).url.replace(url, ''),
  },
  {
    name: 'is a Response',
    respond: text('a'),
    play: async (fetch, url) => {
      const response = await fetch(url)
      return [response instanceof Response, Object.prototype.toString.call(response)]
    },
  },
  {
    name: 'goes over early hints',
    respond: (_request, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' })
      response.end('late')
    },
    play: read,
  },
  {
    name: 'checks integrity',
    respond: text('hello'),
    play: async (fetch, url) => [
      await outcomeOf(async () =>
        (await fetch(url, { integrity: 'sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=' })).text(),
      ),
      await outcomeOf(async () =>
        (await fetch(url, { integrity: 'sha256-AAAAul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=' })).text(),
      ),
    ],
  },
]

export const redirects: readonly FetchPlay[] = [
  ...[301, 302, 303, 307, 308].flatMap((status) => [
    {
      name: `follows ${status} of a GET`,
      respond: redirect(status, '/to'),
      play: send({ headers: { 'x-a': '1' } }),
    },
    {
      name: `follows ${status} of a POST`,
      respond: redirect(status, '/to'),
      play: send({ method: 'POST', body: 'a' }),
    },
    {
      name: `follows ${status} of a PUT`,
      respond: redirect(status, '/to'),
      play: send({ method: 'PUT', body: 'a' }),
    },
    {
      name: `follows ${status} of a stream`,
      respond: redirect(status, '/to'),
      play: send(() => duplex({ method: 'POST', body: chunks('a') })),
    },
    {
      name: `follows ${status} of HEAD`,
      respond: redirect(status, '/to'),
      play: reported({ method: 'HEAD' }),
    },
  ]),
  { name: 'tells that it was redirected', respond: redirect(302, 'sub/to?x'), play: reported() },
  { name: 'keeps a redirect that has no address', respond: redirect(302), play: reported() },
  { name: 'keeps 300 and 304', respond: redirect(300, '/to'), play: reported() },
  {
    name: 'rejects a redirect by demand',
    respond: redirect(302, '/to'),
    play: reported({ redirect: 'error' }),
  },
  {
    name: 'takes a response that is none under redirect error',
    respond: text('a'),
    play: reported({ redirect: 'error' }),
  },
  {
    name: 'hands a redirect on by demand',
    respond: redirect(302, '/to'),
    play: async (fetch, url) => {
      const response = await fetch(url, { redirect: 'manual' })
      return [facts(response, url), response.headers.get('location'), await response.text()]
    },
  },
  { name: 'rejects a loop', respond: text('', { location: '/' }, 302), play: reported() },
  { name: 'rejects a redirect to no address', respond: redirect(302, 'http://'), play: reported() },
  {
    name: 'rejects a redirect to another scheme',
    respond: redirect(302, 'ftp://127.0.0.1/'),
    play: reported(),
  },
]
