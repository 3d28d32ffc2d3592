/** Signing in at an identity provider: a real one (oidc-provider), and one that lies. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import Provider from 'oidc-provider'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { serverOf } from '../../../test/support/admin-api/server-of.ts'
import { World } from '../../../test/support/engine-fixture.ts'
import {
  type HostileProvider,
  type Lie,
  signedWithOtherKey,
  signedWithPublicKey,
  startHostileProvider,
  unsigned,
} from '../../../test/support/oauth/hostile-provider.ts'
import { createSignIn, type SignIn } from '../../runtime/sign-in/sign-in.ts'

const clientId = 'isthmus'
const origin = 'http://localhost'
const redirectUri = `${origin}/api/v1/session/oidc/callback`
const mapping = { claim: 'groups', roles: { operators: ['viewer', 'operator'], admins: ['admin'] } }

let world: World
const closing: (() => unknown)[] = []

beforeEach(() => {
  world = new World({ systems: { a: {}, b: {} } }).start()
})

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  await world.stop()
})

function signInAt(issuer: string, more: Partial<Parameters<typeof createSignIn>[0]> = {}): SignIn {
  const signIn = createSignIn({ issuer, clientId, redirectUri, mapping, allow: ['loopback'], ...more })
  closing.push(() => signIn.close())
  return signIn
}

function serve(signIn: SignIn): FastifyInstance {
  const server = serverOf(world, { signIn })
  closing.push(() => server.close())
  return server
}

const pairOf = (line: string) => line.split(';', 1)[0] ?? ''

async function begin(server: FastifyInstance) {
  const response = await server.inject({ url: '/api/v1/session/oidc', headers: { host: 'localhost:80' } })
  return {
    response,
    location: String(response.headers.location),
    cookie: pairOf(String(response.headers['set-cookie'])),
  }
}

function finish(server: FastifyInstance, query: URLSearchParams, cookie: string) {
  return server.inject({
    url: `/api/v1/session/oidc/callback?${query}`,
    headers: { host: 'localhost:80', cookie, 'sec-fetch-site': 'cross-site' },
  })
}

function sessionOf(cookies: unknown): string {
  const lines = Array.isArray(cookies) ? cookies.map(String) : [String(cookies)]
  return pairOf(lines.find((line) => line.startsWith(`isthmus-${world.integration.id}=`)) ?? '')
}

async function callerOf(server: FastifyInstance, cookie: string) {
  return server.inject({ url: '/api/v1/caller', headers: { host: 'localhost:80', cookie } })
}

describe('a real provider', () => {
  async function startProvider(groups: readonly string[]) {
    const http = createServer()
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
    const provider = new Provider(url, {
      clients: [{ client_id: clientId, client_secret: 'shh', redirect_uris: [redirectUri] }],
      claims: { openid: ['sub', 'groups'], email: ['email'], profile: ['name'] },
      findAccount: (_context, sub) => ({
        accountId: sub,
        claims: () => ({ sub, groups: [...groups], email: `${sub}@example.org` }),
      }),
      pkce: { required: () => true },
      features: { devInteractions: { enabled: true } },
    })
    http.on('request', provider.callback())
    closing.push(() => {
      http.closeAllConnections()
      http.close()
    })
    return url
  }

  /** Acts as the browser at the provider's own pages. */
  async function logIn(start: string): Promise<URL> {
    const cookies = new Map<string, string>()
    let place = start
    for (let step = 0; step < 12 && !place.startsWith(`${origin}/`); step += 1) {
      const visit = async (url: string, init: RequestInit = {}) => {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
        const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } })
        for (const line of response.headers.getSetCookie()) {
          const [name = '', value = ''] = pairOf(line).split('=')
          cookies.set(name, value)
        }
        return response
      }
      const page = await visit(place)
      const location = page.headers.get('location')
      if (location !== null) {
        place = new URL(location, place).href
        continue
      }
      const html = await page.text()
      const action = /action="([^"]+)"/.exec(html)?.[1] ?? ''
      const prompt = /name="prompt" value="([^"]+)"/.exec(html)?.[1] ?? 'login'
      const body = new URLSearchParams({ prompt, login: 'ada', password: 'x' })
      const sent = await visit(new URL(action, place).href, { method: 'POST', body })
      place = new URL(sent.headers.get('location') ?? '', place).href
    }
    return new URL(place)
  }

  test('signs a person in, with the roles of the groups', async () => {
    const issuer = await startProvider(['operators', 'others'])
    const server = serve(signInAt(issuer, { clientSecret: 'shh' }))
    const { response, location, cookie } = await begin(server)
    expect(response.statusCode).toBe(303)
    const asked = new URL(location).searchParams
    expect(Object.fromEntries(asked)).toMatchObject({ response_type: 'code', code_challenge_method: 'S256' })
    expect(asked.get('nonce')).not.toBe(asked.get('state'))
    const returned = await logIn(location)
    const finished = await finish(server, returned.searchParams, cookie)
    expect([finished.statusCode, finished.headers.location]).toEqual([303, '/'])
    const audited = JSON.stringify(await world.store.admin.audit({ limit: 20 }))
    expect(audited).toContain('/api/v1/session/oidc/callback')
    for (const name of ['code', 'state']) expect(audited).not.toContain(returned.searchParams.get(name) ?? '')
    const session = sessionOf(finished.headers['set-cookie'])
    expect((await callerOf(server, session)).json()).toMatchObject({
      name: 'ada@example.org',
      kind: 'person',
      roles: ['viewer', 'operator'],
    })
    const [row] = await world.store.admin.sessions(60_000)
    expect(row?.actor).toBe(`person:ada@${issuer}`)
    // The code is used up, and so is the browser's part.
    expect((await finish(server, returned.searchParams, cookie)).json()).toMatchObject({
      status: 403,
      code: 'API_SIGN_IN_REFUSED',
    })
    // A mapping that has changed ends the session at once.
    const changed = serve(
      signInAt(issuer, {
        clientSecret: 'shh',
        mapping: { claim: 'groups', roles: { operators: ['viewer'] } },
      }),
    )
    expect((await callerOf(changed, session)).statusCode).toBe(401)
    expect((await callerOf(serverOf(world), session)).statusCode).toBe(401)
  })

  test('signs nobody in whose groups have no role', async () => {
    const server = serve(signInAt(await startProvider(['others']), { clientSecret: 'shh' }))
    const { location, cookie } = await begin(server)
    const refused = await finish(server, (await logIn(location)).searchParams, cookie)
    expect(refused.json()).toMatchObject({
      status: 403,
      code: 'API_SIGN_IN_REFUSED',
      detail: 'no value of the claim "groups" has a role here',
    })
    expect(await world.store.admin.sessions(60_000)).toEqual([])
  })
})

describe('a provider that lies', () => {
  let provider: HostileProvider
  beforeEach(async () => {
    provider = await startHostileProvider(clientId)
    closing.push(() => provider.close())
  })

  async function attempt(lie: Lie, server = serve(signInAt(provider.url))) {
    provider.lie = lie
    const { response, location, cookie } = await begin(server)
    if (response.statusCode !== 303) return response
    return await finish(server, provider.approve(location), cookie)
  }

  test('signs people in while it tells the truth', async () => {
    expect((await attempt({})).statusCode).toBe(303)
  })

  const past = Math.floor(Date.now() / 1000) - 3_600
  test.each<[string, Lie]>([
    ['no signature', { sign: unsigned }],
    ['no signature, which it claims to support', { sign: unsigned, algorithms: ['none', 'RS256'] }],
    ['the public key as a secret', { sign: signedWithPublicKey }],
    [
      'the public key as a secret, which it claims to support',
      { sign: signedWithPublicKey, algorithms: ['HS256'] },
    ],
    ['a key that it does not publish', { sign: signedWithOtherKey }],
    ['another audience', { claims: { aud: 'another' } }],
    ['another authorized party', { claims: { aud: [clientId, 'another'], azp: 'another' } }],
    ['another issuer', { claims: { iss: 'https://another.example' } }],
    ['another nonce', { claims: { nonce: 'another' } }],
    ['no nonce', { claims: { nonce: undefined } }],
    ['an end in the past', { claims: { iat: past, exp: past + 60 } }],
    ['no subject', { claims: { sub: undefined } }],
    ['metadata of another issuer', { issuer: 'https://another.example' }],
    ['another issuer in the callback', { callback: { iss: 'https://another.example' } }],
    ['another state', { callback: { state: 'another' } }],
    ['an error', { callback: { error: 'access_denied' } }],
    ['too many groups (hasgroups)', { claims: { groups: undefined, hasgroups: true } }],
    ['too many groups (_claim_names)', { claims: { groups: undefined, _claim_names: { groups: 'src1' } } }],
    ['too many groups beside some', { claims: { groups: ['operators'], _claim_names: { groups: 'src1' } } }],
    ['no groups', { claims: { groups: undefined } }],
    ['the name of an inherited property as a group', { claims: { groups: ['constructor', '__proto__'] } }],
  ])('signs nobody in with %s', async (_what, lie) => {
    const response = await attempt(lie)
    expect(response.json()).toMatchObject({ status: 403, code: 'API_SIGN_IN_REFUSED' })
    expect(response.body).not.toContain('eyJ')
    expect(await world.store.admin.sessions(60_000)).toEqual([])
  })

  test('signs nobody in from a browser that did not begin', async () => {
    const server = serve(signInAt(provider.url))
    const mine = await begin(server)
    const other = await begin(server)
    for (const cookie of ['', other.cookie, 'isthmus=x'])
      expect((await finish(server, provider.approve(mine.location), cookie)).statusCode).toBe(403)
  })

  test('and another one with the same subject and e-mail are two people', async () => {
    const second = await startHostileProvider(clientId)
    closing.push(() => second.close())
    const claims = { email: 'ada@example.org' }
    await attempt({ claims })
    const server = serve(signInAt(second.url))
    second.lie = { claims }
    const { location, cookie } = await begin(server)
    const finished = await finish(server, second.approve(location), cookie)
    const rows = await world.store.admin.sessions(60_000)
    expect(rows.map(({ actor }) => actor)).toEqual([`person:ada@${second.url}`, `person:ada@${provider.url}`])
    // A session of the one is not valid where the other is configured.
    const session = sessionOf(finished.headers['set-cookie'])
    expect((await callerOf(serve(signInAt(provider.url)), session)).statusCode).toBe(401)
  })

  test.each([
    ['loopback', []],
    ['an inner network', ['10.0.0.0/8']],
  ])('is not called at an address of %s that is not allowed', async (_what, allow) => {
    const server = serve(signInAt(provider.url.replace('http:', 'https:'), { allow }))
    expect((await begin(server)).response.json()).toMatchObject({
      status: 503,
      code: 'API_SIGN_IN_UNAVAILABLE',
    })
  })

  test.each([
    'https://169.254.169.254',
    'https://[::ffff:127.0.0.1]',
    'https://[64:ff9b::7f00:1]',
    'https://100.64.0.1',
    'https://2130706433',
    'https://0x7f.1',
    'https://localhost',
    'http://10.0.0.1',
  ])('is not called at %s', async (issuer) => {
    const server = serve(signInAt(issuer, { allow: [] }))
    const { response } = await begin(server)
    expect(response.json()).toMatchObject({ status: 503, code: 'API_SIGN_IN_UNAVAILABLE' })
    expect(response.body).not.toContain('ECONNREFUSED')
  })
})
