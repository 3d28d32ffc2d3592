import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLocalJWKSet, exportJWK, jwtVerify } from 'jose'
import Provider, { type Configuration } from 'oidc-provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from '../client.ts'
import { AuthenticationError } from '../errors.ts'
import type { AuthOptions } from './options.ts'

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = (key: typeof rsa.privateKey) => key.export({ type: 'pkcs8', format: 'pem' }).toString()

/** A third-party authorization server, and an API that accepts only tokens it knows. */
interface Site {
  readonly url: string
  readonly provider: Provider
  /** Token requests so far. */
  tokens: number
  close(): Promise<void>
}

let site: Site

beforeAll(async () => {
  site = await startSite()
})
afterAll(() => site.close())

async function startSite(): Promise<Site> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(url, await configuration())
  addJwtBearerGrant(provider, url)
  const running: Site = {
    url,
    provider,
    tokens: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  const handle = provider.callback()
  server.on('request', async (request, response) => {
    if (request.url?.startsWith('/token')) running.tokens += 1
    if (!request.url?.startsWith('/api')) return void handle(request, response)
    const value = request.headers.authorization?.replace('Bearer ', '') ?? ''
    const found = (await provider.AccessToken.find(value)) ?? (await provider.ClientCredentials.find(value))
    response.writeHead(found === undefined ? 401 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ client: found?.clientId ?? null }))
  })
  return running
}

async function configuration(): Promise<Configuration> {
  const publicKeys = await Promise.all([rsa, ec].map(({ publicKey }) => exportJWK(publicKey)))
  const both = { redirect_uris: ['https://app.example.com/back'], response_types: ['code' as const] }
  const none = { redirect_uris: [], response_types: [] }
  return {
    clients: [
      { ...none, client_id: 'basic', client_secret: 's%/+c', grant_types: ['client_credentials'] },
      {
        ...none,
        client_id: 'post',
        client_secret: 'secret',
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'client_secret_post',
      },
      ...(['rs', 'es'] as const).map((name, index) => ({
        ...none,
        client_id: name,
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'private_key_jwt' as const,
        token_endpoint_auth_signing_alg: index === 0 ? ('RS256' as const) : ('ES256' as const),
        jwks: { keys: [publicKeys[index]!] },
      })),
      {
        ...both,
        client_id: 'app',
        client_secret: 'secret',
        grant_types: ['authorization_code', 'refresh_token'],
      },
      { ...none, client_id: 'bearer', token_endpoint_auth_method: 'none', grant_types: [jwtBearer] },
    ],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    ttl: { AccessToken: 2, ClientCredentials: 2, Grant: 60, RefreshToken: 60, IdToken: 60 },
    rotateRefreshToken: true,
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  }
}

/** The grant of RFC 7523: the assertion must be signed with the client's registered key. */
function addJwtBearerGrant(provider: Provider, url: string): void {
  provider.registerGrantType(
    jwtBearer,
    async (context) => {
      const { client, params } = context.oidc
      const keys = createLocalJWKSet({ keys: [await exportJWK(rsa.publicKey)] })
      const { payload } = await jwtVerify(String(params?.assertion), keys, {
        issuer: 'bearer',
        audience: `${url}/token`,
        requiredClaims: ['exp', 'iat', 'jti'],
        maxTokenAge: 180,
      })
      if (client === undefined) throw new RangeError('no client')
      const grant = new provider.Grant({ accountId: String(payload.sub), clientId: client.clientId })
      const grantId = await grant.save()
      const token = new provider.AccessToken({
        accountId: String(payload.sub),
        client,
        grantId,
        gty: 'jwt-bearer',
        claims: {},
        scope: undefined,
      } as never)
      context.body = { access_token: await token.save(), token_type: 'Bearer', expires_in: token.expiration }
    },
    ['assertion'],
    [],
  )
}

/** The result of a user's consent in a browser. */
async function firstRefreshToken(): Promise<string> {
  const { provider } = site
  const client = await provider.Client.find('app')
  const grant = new provider.Grant({ accountId: 'ada', clientId: 'app' })
  grant.addOIDCScope('openid offline_access')
  const token = new provider.RefreshToken({
    accountId: 'ada',
    client,
    grantId: await grant.save(),
    gty: 'authorization_code',
    scope: 'openid offline_access',
    claims: {},
    authTime: 1,
  } as never)
  return token.save()
}

function clientWith(auth: AuthOptions, offset: { ms: number } = { ms: 0 }): ApiClient {
  return new ApiClient({
    baseUrl: `${site.url}/api`,
    allowHttp: true,
    retry: { retries: 0 },
    auth,
    clock: { now: () => Date.now() + offset.ms, monotonic: () => performance.now() + offset.ms },
  })
}

const at = () => ({ tokenUrl: `${site.url}/token` })

test.each([
  ['a secret in the header', { clientId: 'basic', clientSecret: 's%/+c' }],
  ['a secret in the body', { clientId: 'post', clientSecret: 'secret', clientAuthentication: 'post' }],
  [
    'an assertion signed with RSA',
    { clientId: 'rs', clientAuthentication: 'private-key-jwt', privateKey: pem(rsa.privateKey) },
  ],
  [
    'an assertion signed with P-256',
    { clientId: 'es', clientAuthentication: 'private-key-jwt', privateKey: pem(ec.privateKey) },
  ],
] as const)('client credentials by %s', async (_title, options) => {
  const client = clientWith({ type: 'oauth2-client-credentials', ...at(), ...options })
  expect(await client.get('/x')).toEqual({ client: options.clientId })
  await client.close()
})

test('refresh tokens rotate: each renewal uses the newest one', async () => {
  const offset = { ms: 0 }
  const refreshToken = await firstRefreshToken()
  const before = site.tokens
  const client = clientWith(
    { type: 'oauth2-refresh-token', ...at(), clientId: 'app', clientSecret: 'secret', refreshToken },
    offset,
  )
  for (let round = 0; round < 3; round += 1) {
    const responses = await Promise.all(Array.from({ length: 20 }, () => client.get('/x')))
    expect(new Set(responses.map((reply) => JSON.stringify(reply)))).toEqual(new Set(['{"client":"app"}']))
    offset.ms += 2_000
  }
  expect(site.tokens - before).toBe(3)
  await client.close()
})

test('a refresh token that was used before is final, and the server is not asked again', async () => {
  const refreshToken = await firstRefreshToken()
  const auth = {
    type: 'oauth2-refresh-token',
    ...at(),
    clientId: 'app',
    clientSecret: 'secret',
    refreshToken,
  } as const
  const first = clientWith(auth)
  await first.get('/x')
  await first.close()
  const second = clientWith(auth)
  const before = site.tokens
  for (let round = 0; round < 3; round += 1) {
    const error = await second.get('/x').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ code: 'HTTP_TOKEN_REFUSED', retry: 'never', outcome: 'not-sent' })
    expect(String(error)).toContain('invalid_grant')
  }
  expect(site.tokens - before).toBe(1)
  await second.close()
})

test('a wrong secret is final', async () => {
  const client = clientWith({
    type: 'oauth2-client-credentials',
    ...at(),
    clientId: 'basic',
    clientSecret: 'no',
  })
  await expect(client.get('/x')).rejects.toMatchObject({ code: 'HTTP_TOKEN_REFUSED', retry: 'never' })
  await expect(client.get('/x')).rejects.toThrow('invalid_client')
  await client.close()
})

test('a signed assertion is exchanged for a token of its subject (RFC 7523)', async () => {
  const client = clientWith({
    type: 'oauth2-jwt-bearer',
    ...at(),
    clientId: 'bearer',
    subject: 'ada',
    privateKey: pem(rsa.privateKey),
  })
  expect(await client.get('/x')).toEqual({ client: 'bearer' })
  await client.close()
})

test('a token that the server took back is replaced, and the call sent once more', async () => {
  const client = clientWith({
    type: 'oauth2-client-credentials',
    ...at(),
    clientId: 'basic',
    clientSecret: 's%/+c',
  })
  await client.get('/x')
  const before = site.tokens
  const find = site.provider.ClientCredentials.find
  let refusals = 1
  site.provider.ClientCredentials.find = async function (this: unknown, value: string, ...rest: []) {
    refusals -= 1
    return refusals >= 0 ? undefined : find.call(site.provider.ClientCredentials, value, ...rest)
  } as typeof find
  expect(await client.get('/x')).toEqual({ client: 'basic' })
  site.provider.ClientCredentials.find = find
  expect(site.tokens - before).toBe(1)
  await client.close()
})

test('100 concurrent calls over 3 token expiries make 4 token requests', async () => {
  const offset = { ms: 0 }
  const before = site.tokens
  const client = clientWith(
    { type: 'oauth2-client-credentials', ...at(), clientId: 'basic', clientSecret: 's%/+c' },
    offset,
  )
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(Array.from({ length: 25 }, () => client.get('/x')))
    offset.ms += 2_000
  }
  expect(site.tokens - before).toBe(4)
  await client.close()
})

test('a key that can not sign is refused before anything is sent, without quoting it', () => {
  const small = pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey)
  for (const privateKey of [
    'canary',
    small,
    pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey),
  ]) {
    const make = () =>
      clientWith({ type: 'oauth2-jwt-bearer', ...at(), clientId: 'bearer', subject: 'ada', privateKey })
    expect(make).toThrow(/privateKey/)
    expect(make).not.toThrow(/canary/)
  }
})
