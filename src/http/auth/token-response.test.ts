import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { startServer } from '../../../test/support/local-server.ts'
import { ApiClient } from '../client.ts'
import { readTokenResponse } from './token-response.ts'

const full = { access_token: 't', token_type: 'Bearer', expires_in: 3_600, refresh_token: 'r' }
const json = { 'content-type': 'application/json' }

async function read(
  body: unknown,
  status = 200,
  headers: Record<string, string> = json,
): Promise<Awaited<ReturnType<typeof readTokenResponse>>> {
  const bytes =
    body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  return readTokenResponse({ status, headers, bytes }, 0)
}

function without(name: keyof typeof full): Partial<typeof full> {
  return Object.fromEntries(Object.entries(full).filter(([key]) => key !== name))
}

const token = { accessToken: 't', lifeSeconds: 3_600, refreshToken: 'r' }
const endless = { ...token, lifeSeconds: undefined }
const single = { accessToken: 't', lifeSeconds: 3_600 }

test.each([
  ['as the RFC says', full, token],
  ['without a token type', without('token_type'), token],
  ['with a token type of null', { ...full, token_type: null }, token],
  ['with the type BearerToken (Apigee)', { ...full, token_type: 'BearerToken' }, token],
  ['with the type "bearer "', { ...full, token_type: 'bearer ' }, token],
  ['with the type token', { ...full, token_type: 'token' }, token],
  ['with a lifetime in text', { ...full, expires_in: '3600' }, token],
  ['with a fraction of a second', { ...full, expires_in: '3600.0' }, token],
  ['without a lifetime', without('expires_in'), endless],
  ['with a lifetime of null', { ...full, expires_in: null }, endless],
  ['with an empty lifetime', { ...full, expires_in: '' }, endless],
  ['with a negative lifetime', { ...full, expires_in: -1 }, endless],
  ['with a lifetime that is no number', { ...full, expires_in: 'never' }, endless],
  ['with a scope in a list', { ...full, scope: ['a', 'b'] }, token],
  ['with a scope of null', { ...full, scope: null }, token],
  ['with a refresh token of null', { ...full, refresh_token: null }, single],
  ['with an empty refresh token', { ...full, refresh_token: '' }, single],
  ['with an identity token that is none', { ...full, id_token: 'x' }, token],
  ['behind a byte order mark', `\ufeff${JSON.stringify(full)}`, token],
  [
    'as a form (GitHub)',
    'access_token=t&scope=&token_type=bearer',
    { accessToken: 't', lifeSeconds: undefined },
  ],
])('a token %s is taken', async (_how, body, expected) => {
  expect(await read(body)).toEqual({ token: expected })
})

test('a token is taken under any success status, media type and coding', async () => {
  expect(await read(full, 201)).toEqual({ token })
  expect(await read(full, 200, { 'content-type': 'text/html' })).toEqual({ token })
  expect(await read(full, 200, {})).toEqual({ token })
  const packed = gzipSync(JSON.stringify(full))
  expect(await read(packed, 200, { 'content-encoding': 'gzip' })).toEqual({ token })
})

test.each([
  [
    400,
    { error: 'invalid_client_id', error_description: 'client identifier invalid' },
    'invalid_client_id',
    true,
  ],
  [400, { error: 'inactive_user' }, 'inactive_user', true],
  [400, { error: 'interaction_required', error_description: 'AADSTS50076' }, 'interaction_required', true],
  [401, { error: { code: 401, message: 'Bad key', status: 'UNAUTHENTICATED' } }, 'UNAUTHENTICATED', true],
  [401, '', 'invalid_client', true],
  [403, { error: 'access_denied' }, 'access_denied', true],
  [403, '<html>', 'status 403', true],
  [200, { error: 'bad_verification_code' }, 'bad_verification_code', true],
  [200, { error: 'invalid_client' }, 'invalid_client', true],
  [200, 'error=invalid_grant', 'invalid_grant', true],
  [400, { error: 'the secret s3cr3t is wrong' }, 'status 400', true],
  [400, { error: 'temporarily_unavailable' }, 'temporarily_unavailable', false],
  [404, 'not here', 'status 404', false],
  [503, '', 'status 503', false],
  [200, {}, 'its response (200) has no access_token', false],
  [200, { ...full, token_type: 'DPoP' }, 'it issues tokens of the type dpop', true],
])('a %d with %j is told as what it is', async (status, body, refusal, isFinal) => {
  expect(await read(body, status)).toMatchObject({ refusal, isFinal })
})

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

test('a token endpoint is not asked again before the time that it named, by no call', async () => {
  const server = await startServer(
    (_request, response) => void response.writeHead(429, { 'retry-after': '60' }).end('{}'),
  )
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    timeouts: { totalMs: 2_000 },
    auth: {
      type: 'oauth2-client-credentials',
      tokenUrl: `${server.url}/token`,
      clientId: 'c',
      clientSecret: 's',
    },
  })
  open.push(server, client)
  for (let call = 0; call < 3; call += 1) {
    const error = await client.get('/x').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'HTTP_TOKEN_UNAVAILABLE', outcome: 'not-sent' })
    const afterMs: unknown = Reflect.get(Reflect.get(Object(error), 'retry'), 'afterMs')
    expect(afterMs).toBeGreaterThan(50_000)
    expect(afterMs).toBeLessThanOrEqual(60_000)
  }
  expect(server.seen).toHaveLength(1)
})
