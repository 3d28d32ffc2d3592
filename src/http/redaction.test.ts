import { generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import { trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { type LocalServer, type Respond, sendJson, startServer } from '../../test/support/local-server.ts'
import * as http from '../http.ts'
import type { AuthOptions } from './auth/options.ts'
import { ApiClient } from './client.ts'
import type { CallOptions } from './options.ts'

const spans = new InMemorySpanExporter()
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const keyLines = pem.split('\n').filter((line) => /^[\w+/=]{20,}$/.test(line))

const secrets = [
  'canary-token',
  'canary-password',
  'canary-key',
  'canary-secret',
  'canary-access',
  'canary-refresh',
  'canary-signature',
  'canary-query',
  'canary-path',
  'canary-header',
  'canary-body',
]
const forms = [
  ...keyLines,
  ...secrets.flatMap((secret) => [
    secret,
    Buffer.from(secret).toString('base64').slice(0, 12),
    Buffer.from(secret).toString('hex'),
  ]),
]

/**
 * Everything that printing, logging or serialising a value could reveal, including the stacks of its causes.
 */
function expectClean(value: unknown, where: string): void {
  const texts = [inspect(value, { depth: 10, showHidden: false }), String(value), JSON.stringify(value) ?? '']
  for (let error = value; error instanceof Error; error = error.cause) {
    texts.push(
      error.stack ?? '',
      error.message,
      JSON.stringify({ ...error }),
      JSON.stringify(Object.entries(error)),
    )
  }
  for (const text of texts)
    for (const form of forms) expect(text.includes(form), `${where}: ${text}`).toBe(false)
}

/** Every kind of failure, each echoing the request, as careless servers do. */
const failures: Readonly<Record<string, Respond>> = {
  status: ({ headers, body, url }, response) => sendJson(response, 400, { headers, body, url }),
  problem: ({ headers, body, url }, response) =>
    sendJson(
      response,
      409,
      { title: url, detail: body, headers },
      { 'content-type': 'application/problem+json' },
    ),
  transient: ({ headers, body, url }, response) => sendJson(response, 503, { headers, body, url }),
  unauthenticated: ({ headers, url }, response) =>
    sendJson(
      response,
      401,
      { headers, url },
      { 'www-authenticate': `Bearer realm="${headers.authorization}"` },
    ),
  throttled: ({ headers }, response) => sendJson(response, 429, { headers }, { 'retry-after': '999' }),
  redirected: ({ url }, response) =>
    sendJson(response, 302, {}, { location: `https://elsewhere.example.com${url}` }),
  broken: ({ headers }, response) => sendJson(response, 200, `{${JSON.stringify(headers)}`),
  unexpected: ({ headers, body }, response) => sendJson(response, 200, { id: [headers, body] }),
  page: ({ headers }, response) =>
    sendJson(response, 200, `<html>${JSON.stringify(headers)}`, { 'content-type': 'text/html' }),
  reset: (_request, response) => void response.destroy(),
  notHttp: ({ headers }, response) => void response.socket?.end(`${JSON.stringify(headers)}\r\n\r\n`),
  silent: () => undefined,
}

const tokenUrl = (server: LocalServer) => `${server.url}/token`

function credentials(server: LocalServer): readonly AuthOptions[] {
  const endpoint = { tokenUrl: tokenUrl(server), clientId: 'c' }
  return [
    { type: 'bearer', token: 'canary-token' },
    { type: 'basic', username: 'ada', password: 'canary-password' },
    { type: 'api-key', header: 'x-key', value: 'canary-key' },
    { type: 'api-key', query: 'key', value: 'canary-key' },
    { type: 'oauth2-client-credentials', ...endpoint, clientSecret: 'canary-secret' },
    {
      type: 'oauth2-client-credentials',
      ...endpoint,
      clientAuthentication: 'private-key-jwt',
      privateKey: pem,
    },
    {
      type: 'oauth2-refresh-token',
      ...endpoint,
      clientSecret: 'canary-secret',
      refreshToken: 'canary-refresh',
    },
    { type: 'oauth2-jwt-bearer', ...endpoint, subject: 'ada', privateKey: pem },
    { type: 'sign', sign: () => ({ headers: { 'x-signature': 'canary-signature' } }) },
  ]
}

function clientWith(server: LocalServer, auth: AuthOptions, where: string): ApiClient {
  return new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    auth,
    headers: { 'x-tenant': 'canary-header' },
    timeouts: { totalMs: 200 },
    retry: { retries: 0 },
    onAttempt: (entry) => expectClean(entry, `${where}: log`),
  })
}

const planted: CallOptions & { readonly path: Readonly<Record<string, string>> } = {
  path: { id: 'canary-path' },
  query: { q: 'canary-query' },
  headers: { 'x-note': 'canary-header' },
  json: { v: 'canary-body' },
}

/** The names of the errors that occurred. */
const met = new Set<string>()

async function expectCleanFailure(call: Promise<unknown>, where: string): Promise<void> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error, where).toBeInstanceOf(Error)
  if (error instanceof Error) met.add(error.name)
  expectClean(error, where)
}

test.each(Object.keys(failures))(
  'no secret shows in any error, log entry, span or inspection: %s',
  async (name) => {
    await using server = await startServer((request, response) =>
      request.url.startsWith('/token')
        ? sendJson(response, 200, { access_token: 'canary-access', token_type: 'bearer', expires_in: 60 })
        : failures[name]?.(request, response),
    )
    for (const auth of credentials(server)) {
      const where = `${name}: ${auth.type}`
      const client = clientWith(server, auth, where)
      expectClean(client, `${where}: client`)
      const schema = z.object({ id: z.number() })
      await expectCleanFailure(client.post('/x/{id}', { ...planted, schema }), where)
      await client.close()
    }
    for (const span of spans.getFinishedSpans()) {
      const { name: title, attributes, events, status } = span
      expectClean({ title, attributes, events, status }, `${name}: span`)
    }
    spans.reset()
  },
)

test.each([200, 400, 401, 500])(
  'a token endpoint that answers %s and quotes our secret does not get it into the error',
  async (status) => {
    await using server = await startServer(({ headers, body }, response) =>
      sendJson(response, status, {
        error: 'invalid_client',
        error_description: `${headers.authorization} ${body} ${decodeURIComponent(body)} canary-secret`,
      }),
    )
    for (const auth of credentials(server).filter(({ type }) => type.startsWith('oauth2'))) {
      const client = clientWith(server, auth, `token ${status}`)
      await expectCleanFailure(client.post('/x/{id}', planted), `token ${status}: ${auth.type}`)
      await client.close()
    }
  },
)

test("a caller's mistakes do not quote values", async () => {
  const auth = { type: 'bearer', token: 'canary-token' } as const
  await using server = await startServer((_request, response) => sendJson(response, 200, {}))
  const client = clientWith(server, auth, 'mistakes')
  const mistakes: readonly (readonly [string, CallOptions])[] = [
    ['/x', { headers: { 'x-note': 'canary-header\n' } }],
    ['/x', { headers: { 'canary-header\n': 'a' } }],
    ['/x', { path: { id: 'canary-path' } }],
    ['/x/{id}/{other}', { path: { id: 'canary-path' } }],
    ['https://ada:canary-password@elsewhere.example.com/canary-path?q=canary-query', {}],
    ['/x', { json: 'canary-body', body: 'canary-body' }],
    ['/x', { totalMs: 0, query: { q: 'canary-query' } }],
  ]
  for (const [target, options] of mistakes)
    await expectCleanFailure(client.get(target, options), `mistake at ${target}`)
  await client.close()
  for (const make of [
    () => new ApiClient({ baseUrl: 'https://ada:canary-password@api.example.com' }),
    () => new ApiClient({ baseUrl: 'https://api.example.com?key=canary-query' }),
    () =>
      new ApiClient({
        baseUrl: server.url,
        allowHttp: true,
        auth: { type: 'bearer', token: 'canary-token\n' },
      }),
    () =>
      new ApiClient({
        baseUrl: server.url,
        allowHttp: true,
        auth: {
          type: 'oauth2-jwt-bearer',
          tokenUrl: tokenUrl(server),
          clientId: 'c',
          subject: 's',
          privateKey: `${pem.slice(0, 400)}`,
        },
      }),
    () =>
      new ApiClient({
        baseUrl: 'https://api.example.com',
        clientCertificate: { certificate: 'x', key: pem },
      }),
  ]) {
    await expectCleanFailure(
      new Promise(() => {
        make()
      }),
      make.toString().slice(0, 0) || 'construction',
    )
  }
})

test('nothing listens, and the secrets stay', async () => {
  const server = await startServer(() => undefined)
  const auths = credentials(server)
  await server.close()
  for (const auth of auths) {
    const client = clientWith(server, auth, 'refused')
    await expectCleanFailure(client.post('/x/{id}', planted), `refused: ${auth.type}`)
    await client.close()
  }
})

test('an open circuit shows no secret', async () => {
  await using server = await startServer((_request, response) => void response.destroy())
  const client = clientWith(server, { type: 'bearer', token: 'canary-token' }, 'breaker')
  for (let call = 0; call < 60; call += 1)
    await expectCleanFailure(client.post('/x/{id}', planted), 'breaker')
  await client.close()
})

test('every class of error was met above', () => {
  const classes = Object.values(http).flatMap((value) =>
    typeof value === 'function' && value.prototype instanceof http.IsthmusError ? [value.name] : [],
  )
  const bases = new Set(['IsthmusError'])
  expect(classes.filter((name) => !bases.has(name) && !met.has(name))).toEqual([])
})
