/**
 * The connectors `salesforce` and `sap-s4` with tokens of a third-party authorization server: client credentials and JWT bearer. Salesforce's own
 * endpoint reports no lifetime; this one does, so renewal before expiry is tested too.
 */
import { generateKeyPairSync } from 'node:crypto'
import { createServer, request as sendRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLocalJWKSet, exportJWK, jwtVerify } from 'jose'
import Provider from 'oidc-provider'
import { afterEach, expect, test } from 'vitest'
import type { CallContext, ConnectedSystem } from '../../src/connectors/kit/contract.ts'
import { connectSystem } from '../../src/connectors/registry.ts'
import { startFakeSalesforce } from '../support/salesforce/fake-salesforce.ts'
import { startSapServer } from '../support/sap/server.ts'

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const audience = 'https://login.salesforce.com'
const user = 'integration@example.com'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = (key: typeof rsa.privateKey): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }
const lifeSeconds = 600

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

interface AuthorizationServer {
  readonly tokenUrl: string
  /** Requests at the token endpoint so far. */
  asked(): number
  knows(authorization: string | undefined): Promise<boolean>
  /** From now on, no issued token is accepted. */
  revokeAll(): void
  close(): Promise<void>
}

/** `ahead`: how far its clock is ahead of this machine's, for times in assertions. */
async function startAuthorizationServer(ahead = { ms: 0 }): Promise<AuthorizationServer> {
  const server = createServer()
  const url = await listen(server)
  const none = { redirect_uris: [], response_types: [] }
  const provider = new Provider(url, {
    clients: [
      { ...none, client_id: 'isthmus', client_secret: 'correct', grant_types: ['client_credentials'] },
      { ...none, client_id: 'app', token_endpoint_auth_method: 'none', grant_types: [jwtBearer] },
    ],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    ttl: { AccessToken: lifeSeconds, ClientCredentials: lifeSeconds, Grant: lifeSeconds },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  })
  addJwtBearerGrant(provider, ahead)
  let asked = 0
  const revoked = new Set<string>()
  const seen = new Set<string>()
  const handle = provider.callback()
  server.on('request', (request, response) => {
    if (request.url === '/token') asked += 1
    void handle(request, response)
  })
  const result: AuthorizationServer = {
    tokenUrl: `${url}/token`,
    asked: () => asked,
    knows: async (authorization) => {
      const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? ''
      seen.add(token)
      if (token === '' || revoked.has(token)) return false
      const found = (await provider.ClientCredentials.find(token)) ?? (await provider.AccessToken.find(token))
      return found !== undefined
    },
    revokeAll: () => {
      for (const token of seen) revoked.add(token)
    },
    close: () => shut(server),
  }
  open.push(result)
  return result
}

/** The grant of RFC 7523 as Salesforce requires it: issued by the client, for the login host, about a known user. */
function addJwtBearerGrant(provider: Provider, ahead: { readonly ms: number }): void {
  provider.registerGrantType(
    jwtBearer,
    async (koa) => {
      const { client, params } = koa.oidc
      const keys = createLocalJWKSet({ keys: [await exportJWK(rsa.publicKey)] })
      const verified = await jwtVerify(String(params?.assertion), keys, {
        issuer: 'app',
        audience,
        subject: user,
        requiredClaims: ['exp'],
        maxTokenAge: 180,
        currentDate: new Date(Date.now() + ahead.ms),
      }).catch(() => undefined)
      if (client === undefined || verified === undefined) {
        koa.status = 400
        koa.body = { error: 'invalid_grant', error_description: 'invalid assertion' }
        return
      }
      const grant = new provider.Grant({ accountId: user, clientId: client.clientId })
      const token = new provider.AccessToken({
        accountId: user,
        client,
        grantId: await grant.save(),
        gty: 'jwt-bearer',
        claims: {},
        scope: undefined,
      } as never)
      koa.body = { access_token: await token.save(), token_type: 'Bearer', expires_in: token.expiration }
    },
    ['assertion'],
    [],
  )
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function shut(server: ReturnType<typeof createServer>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

/** An org that accepts the authorization server's tokens: a gateway in front of the fake replaces valid ones by a session of the org. */
async function startOrg(
  authorization: AuthorizationServer,
): Promise<{ readonly url: string; readonly id: string }> {
  const fake = await startFakeSalesforce()
  const session = fake.oauth.newSession()
  const upstream = new URL(fake.url)
  const door = createServer(async (request, response) => {
    const known = await authorization.knows(request.headers.authorization)
    const headers = { ...request.headers, authorization: known ? `Bearer ${session}` : 'Bearer of-nobody' }
    const { method, url: path } = request
    const onward = sendRequest(
      { host: upstream.hostname, port: upstream.port, method, path, headers },
      (reply) => {
        response.writeHead(reply.statusCode ?? 502, reply.headers)
        reply.pipe(response)
      },
    )
    onward.once('error', () => response.destroy())
    request.pipe(onward)
  })
  const url = await listen(door)
  open.push(fake, { close: () => shut(door) })
  return { url, id: fake.org.create('Account', { Name: 'Nordwind AG' }) }
}

interface Wish {
  readonly connector: 'salesforce' | 'sap-s4'
  readonly url: string
  readonly auth: object
  /** How far this machine's clock is ahead of the test's beginning. */
  readonly ahead?: { ms: number }
}

function connect({ connector, url, auth, ahead = { ms: 0 } }: Wish): ConnectedSystem {
  const system = connectSystem(
    {
      name: 'remote',
      connector,
      config: { url, allowHttp: true, auth },
      timing: { readTimeoutMs: 5_000, writeTimeoutMs: 5_000, concurrency: 8 },
    },
    { clock: { now: () => Date.now() + ahead.ms, monotonic: () => performance.now() + ahead.ms } },
  )
  open.push(system)
  return system
}

type Flow = readonly [string, (authorization: AuthorizationServer) => object]

const secret: Flow = [
  'client credentials',
  ({ tokenUrl }) => ({
    type: 'oauth2-client-credentials',
    tokenUrl,
    clientId: 'isthmus',
    clientSecret: 'correct',
  }),
]
const bearer = (key: typeof rsa.privateKey): ((authorization: AuthorizationServer) => object) => {
  return ({ tokenUrl }) => ({
    type: 'oauth2-jwt-bearer',
    tokenUrl,
    clientId: 'app',
    subject: user,
    audience,
    privateKey: pem(key),
  })
}
const flows: readonly Flow[] = [secret, ['JWT bearer', bearer(rsa.privateKey)]]

test.each(flows)(
  'salesforce by %s: one token for all, another before its end and after it was revoked',
  async (_title, auth) => {
    const ahead = { ms: 0 }
    const authorization = await startAuthorizationServer(ahead)
    const org = await startOrg(authorization)
    const accounts = connect({
      connector: 'salesforce',
      url: org.url,
      auth: auth(authorization),
      ahead,
    }).resource('Account')
    const reads = await Promise.all(Array.from({ length: 8 }, () => accounts.read(org.id, context)))
    expect(reads.every(({ kind }) => kind === 'live')).toBe(true)
    expect(authorization.asked()).toBe(1)
    authorization.revokeAll()
    expect(await accounts.read(org.id, context)).toMatchObject({
      kind: 'live',
      native: { Name: 'Nordwind AG' },
    })
    expect(authorization.asked()).toBe(2)
    ahead.ms = (lifeSeconds - 1) * 1_000
    expect(
      await accounts.update?.(
        { nativeId: org.id, patch: { Name: 'Südwind AG' }, idempotencyKey: 'k' },
        context,
      ),
    ).toMatchObject({ kind: 'ok' })
    expect(authorization.asked()).toBe(3)
  },
)

test('sap-s4 by client credentials: one shared token, another before its expiry and after it was revoked', async () => {
  const authorization = await startAuthorizationServer()
  const sap = await startSapServer({ admits: (header) => authorization.knows(header) })
  open.push(sap)
  const ahead = { ms: 0 }
  const system = connect({ connector: 'sap-s4', url: sap.url, auth: secret[1](authorization), ahead })
  const partners = system.resource('BusinessPartner')
  const make = (n: number) =>
    partners.create?.(
      {
        body: { BusinessPartnerCategory: '2', OrganizationBPName1: `Partner ${n}` },
        recordId: `0190f0a1-0000-7000-8000-00000000000${n}`,
        idempotencyKey: `k${n}`,
      },
      context,
    )
  const made = await Promise.all([1, 2, 3, 4].map(make))
  expect(made.every((result) => result?.kind === 'ok')).toBe(true)
  expect(authorization.asked()).toBe(1)
  authorization.revokeAll()
  expect(await make(5)).toMatchObject({ kind: 'ok' })
  expect(authorization.asked()).toBe(2)
  ahead.ms = (lifeSeconds - 1) * 1_000
  expect(await make(6)).toMatchObject({ kind: 'ok' })
  expect(authorization.asked()).toBe(3)
  expect(sap.partners.count()).toBe(6)
})

test.each<Flow>([
  [
    'a wrong secret',
    ({ tokenUrl }) => ({
      type: 'oauth2-client-credentials',
      tokenUrl,
      clientId: 'isthmus',
      clientSecret: 'wrong',
    }),
  ],
  ['an assertion signed with another key', bearer(stranger.privateKey)],
])('%s closes the whole system, and nothing of it is told', async (_title, auth) => {
  const authorization = await startAuthorizationServer()
  const org = await startOrg(authorization)
  const accounts = connect({ connector: 'salesforce', url: org.url, auth: auth(authorization) }).resource(
    'Account',
  )
  const read = await accounts.read(org.id, context)
  expect(read).toMatchObject({ kind: 'unknown', failure: { scope: 'system' } })
  expect(JSON.stringify(read)).not.toMatch(/wrong|assertion=|PRIVATE/)
  const write = await accounts.update?.(
    { nativeId: org.id, patch: { Name: 'x' }, idempotencyKey: 'k' },
    context,
  )
  expect(write).toMatchObject({ kind: 'not-sent', failure: { scope: 'system' } })
  expect(authorization.asked()).toBeLessThanOrEqual(4)
})
