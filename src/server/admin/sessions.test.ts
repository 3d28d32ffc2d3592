/** Signing in with a link of this machine, sessions, and what another site or another machine can not do with them. */
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { serverOf } from '../../../test/support/admin-api/server-of.ts'
import { World } from '../../../test/support/engine-fixture.ts'
import type { RouteContract } from '../../api/contract/route.ts'
import { apiRoutes } from '../../api/contract/routes.ts'
import { createSecret, hashSecret } from '../../runtime/access-secrets.ts'
import { createLocalLinks, type LocalLinks } from '../sign-in/local-links.ts'

const own = { 'x-isthmus-request': '1', 'sec-fetch-site': 'same-origin', origin: 'http://localhost:80' }
const hourMs = 3_600_000
const routes: readonly (readonly [string, RouteContract])[] = Object.entries(apiRoutes)

let world: World
let links: LocalLinks
let server: FastifyInstance
let time = 0

beforeEach(() => {
  time = 0
  world = new World({ systems: { a: {}, b: {} } }).start()
  links = createLocalLinks(() => time)
  server = serverOf(world, { links })
})

afterEach(async () => {
  await server.close()
  await world.stop()
})

type Headers = Readonly<Record<string, string | undefined>>

async function send(
  method: string,
  url: string,
  { headers = {}, body }: { headers?: Headers; body?: unknown } = {},
) {
  const response = await server.inject({
    method: method as 'GET',
    url,
    headers: {
      host: 'localhost:80',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  })
  const text = response.body
  return { status: response.statusCode, headers: response.headers, json: () => JSON.parse(text) }
}

const signIn = (link: string, headers: Headers = {}) =>
  send('POST', '/api/v1/session/local', { headers: { ...own, ...headers }, body: { link } })

/** The cookie as a browser returns it. */
async function signedIn(headers: Headers = {}): Promise<string> {
  const response = await signIn(links.create('ada'), headers)
  expect(response.status).toBe(200)
  return String(response.headers['set-cookie']).split(';', 1)[0] ?? ''
}

describe('a link of this machine', () => {
  test('starts a session with all roles, whose cookie no script reads and no other integration shares', async () => {
    const response = await signIn(links.create('ada'))
    expect(response.json()).toMatchObject({ name: 'ada', kind: 'local' })
    expect(String(response.headers['set-cookie'])).toMatch(
      new RegExp(
        `^isthmus-${world.integration.id}=[\\w-]{43}; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax$`,
      ),
    )
    const cookie = String(response.headers['set-cookie']).split(';', 1)[0] ?? ''
    expect((await send('GET', '/api/v1/caller', { headers: { cookie } })).json()).toMatchObject({
      name: 'ada',
      kind: 'local',
      roles: expect.arrayContaining(['admin', 'data-reader']),
    })
    const stored = JSON.stringify(await world.store.admin.sessions(hourMs))
    expect(stored).not.toContain(cookie.split('=')[1])
  })

  test('works once, and for a minute', async () => {
    const used = links.create('ada')
    expect((await signIn(used)).status).toBe(200)
    const old = links.create('ada')
    time = 60_000
    for (const link of [used, old, 'x'.repeat(43)])
      expect((await signIn(link)).json()).toMatchObject({ status: 403, code: 'API_LINK_REFUSED' })
  })

  test.each([
    ['Forwarded', { forwarded: 'for=127.0.0.1' }],
    ['X-Forwarded-For', { 'x-forwarded-for': '127.0.0.1' }],
    ['X-Forwarded-Host', { 'x-forwarded-host': 'localhost' }],
    ['Via', { via: '1.1 proxy' }],
    ['X-Real-IP', { 'x-real-ip': '127.0.0.1' }],
  ])('is refused, and used up, with the header %s', async (_name, headers) => {
    const link = links.create('ada')
    expect((await signIn(link, headers)).json()).toMatchObject({ status: 403, code: 'API_LINK_REFUSED' })
    expect((await signIn(link)).status).toBe(403)
  })

  test('is refused from another machine, and under a foreign host name', async () => {
    const there = await server.inject({
      method: 'POST',
      url: '/api/v1/session/local',
      remoteAddress: '10.1.2.3',
      headers: { ...own, host: 'localhost:80', 'content-type': 'application/json' },
      payload: JSON.stringify({ link: links.create('ada') }),
    })
    expect(there.statusCode).toBe(403)
    const named = serverOf(world, { links }, { allowedHosts: ['sync.example.com'] })
    const response = await named.inject({
      method: 'POST',
      url: '/api/v1/session/local',
      headers: {
        ...own,
        host: 'sync.example.com',
        origin: 'http://sync.example.com',
        'content-type': 'application/json',
      },
      payload: JSON.stringify({ link: links.create('ada') }),
    })
    expect(response.json()).toMatchObject({ status: 403, code: 'API_LINK_REFUSED' })
    expect((await signIn(links.create('ada'), { host: 'evil.example' })).status).toBe(421)
    await named.close()
  })

  test('is not offered behind a proxy, where the cookie is Secure and its name says so', async () => {
    const behind = serverOf(world, { links }, { trustedProxy: ['127.0.0.1'] })
    const response = await behind.inject({
      method: 'POST',
      url: '/api/v1/session/local',
      headers: { ...own, host: 'localhost', origin: 'http://localhost', 'content-type': 'application/json' },
      payload: JSON.stringify({ link: links.create('ada') }),
    })
    expect(response.statusCode).toBe(403)
    expect(response.headers['strict-transport-security']).toMatch(/^max-age=\d{8}/)
    const secret = 'a'.repeat(43)
    await world.store.admin.startSession({
      hash: hashSecret(secret),
      kind: 'local',
      actor: 'local:ada',
      name: 'ada',
      roles: ['viewer'],
      expiresAt: world.scheduler.now + hourMs,
    })
    for (const [name, status] of [
      [`__Host-isthmus-${world.integration.id}`, 200],
      [`isthmus-${world.integration.id}`, 401],
    ] as const) {
      const found = await behind.inject({ url: '/api/v1/caller', headers: { cookie: `${name}=${secret}` } })
      expect(found.statusCode).toBe(status)
    }
    await behind.close()
  })
})

describe('a session', () => {
  const caller = (cookie: string) => send('GET', '/api/v1/caller', { headers: { cookie } })

  test('ends by signing out, on the server too', async () => {
    const cookie = await signedIn()
    const out = await send('DELETE', '/api/v1/session', { headers: { ...own, cookie } })
    expect(out.status).toBe(204)
    expect(String(out.headers['set-cookie'])).toContain('Max-Age=0')
    expect((await caller(cookie)).status).toBe(401)
  })

  test('ends when the browser signs in again: an id that was planted before is worth nothing', async () => {
    const first = await signedIn()
    const second = await signedIn({ cookie: first })
    expect(second).not.toBe(first)
    expect((await caller(first)).status).toBe(401)
    expect((await caller(second)).status).toBe(200)
  })

  test('ends after half an hour without a request, and after twelve hours with requests', async () => {
    const cookie = await signedIn()
    await world.advance(31 * 60_000)
    expect((await caller(cookie)).status).toBe(401)
    const busy = await signedIn()
    for (let n = 0; n < 12 * 3; n += 1) {
      expect((await caller(busy)).status).toBe(200)
      await world.advance(20 * 60_000)
    }
    expect((await caller(busy)).status).toBe(401)
  })

  test('is listed, and ended by an admin at once', async () => {
    const [cookie, other] = [await signedIn(), await signedIn()]
    const { rows } = (await send('GET', '/api/v1/sessions', { headers: { cookie } })).json()
    expect(rows.map(({ current }: { current: boolean }) => current)).toEqual([false, true])
    const end = (id: string) => send('DELETE', `/api/v1/sessions/${id}`, { headers: { ...own, cookie } })
    expect((await end(rows[0].id)).status).toBe(204)
    expect((await caller(other)).status).toBe(401)
    expect((await end(rows[0].id)).status).toBe(404)
    expect((await caller(cookie)).status).toBe(200)
  })

  test('creates tokens that outlast it', async () => {
    const cookie = await signedIn()
    const created = await send('POST', '/api/v1/tokens', {
      headers: { ...own, cookie },
      body: { name: 'ci', roles: ['viewer'] },
    })
    expect(created.json().createdBy).toBe('local:ada')
    expect(created.json().expiresAt).toBe(world.scheduler.now + 90 * 24 * hourMs)
  })
})

describe('another site', () => {
  const changes = routes.filter(([, { method }]) => method !== 'GET')

  test.each([
    ['without our header', { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:80' }],
    ['from another site', { ...own, 'sec-fetch-site': 'cross-site' }],
    ['from a sibling of the site', { ...own, 'sec-fetch-site': 'same-site' }],
    ['from an address bar', { ...own, 'sec-fetch-site': 'none' }],
    ['with a foreign Origin', { ...own, origin: 'https://evil.example' }],
    ['with the Origin null', { ...own, origin: 'null' }],
    ['with neither Origin nor Sec-Fetch-Site', { 'x-isthmus-request': '1' }],
  ])('changes nothing %s', async (_what, headers) => {
    const cookie = await signedIn()
    for (const [id, route] of changes) {
      const path = route.path.replaceAll(/\{\w+\}/g, '7')
      const response = await send(route.method, path, { headers: { ...headers, cookie }, body: {} })
      expect([id, response.json().code]).toEqual([id, 'API_CROSS_SITE'])
    }
    expect((await world.store.admin.status()).paused).toBeUndefined()
  })

  test.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x'])(
    'changes nothing by a form of the type %s',
    async (type) => {
      const cookie = await signedIn()
      const response = await server.inject({
        method: 'PUT',
        url: '/api/v1/pause',
        headers: { ...own, host: 'localhost:80', cookie, 'content-type': type },
        payload: '{"reason":"x"}',
      })
      expect(response.statusCode).toBe(415)
    },
  )

  test.each(changes)('can not cause %s by a link', async (_id, route) => {
    const path = route.path.replaceAll(/\{\w+\}/g, '7')
    const methods = routes
      .filter(([, { path: other }]) => other === route.path)
      .map(([, { method }]) => method)
    const cookie = await signedIn()
    const response = await send('GET', path, { headers: { cookie } })
    if (methods.includes('GET')) expect(response.status).toBeLessThan(405)
    else {
      expect(response.json()).toMatchObject({ status: 405, code: 'API_METHOD_NOT_ALLOWED' })
      expect(response.headers.allow).toBe(methods.join(', '))
    }
    expect((await world.store.admin.sessions(hourMs)).length).toBe(1)
  })

  test('a token needs none of this: no browser sends it by itself', async () => {
    const secret = createSecret()
    await world.store.admin.createAccessToken(
      { name: 'ops', hash: hashSecret(secret), roles: ['operator'], expiresAt: world.scheduler.now + hourMs },
      'ada',
    )
    const headers = { authorization: `Bearer ${secret}` }
    expect((await send('PUT', '/api/v1/pause', { headers, body: { reason: 'x' } })).status).toBe(204)
  })
})

describe('every response', () => {
  test.each(
    [...routes.map(([id, { method, path }]) => [id, method, path] as const)].filter(
      ([id]) => id !== 'streamEvents' && id !== 'getStatus',
    ),
  )('of %s has the security headers', async (_id, method, path) => {
    const { headers } = await send(method, path.replaceAll(/\{\w+\}/g, '7'))
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })

  test('of a page excludes foreign and inline content', async () => {
    for (const path of ['/', '/sign-in', '/use-link.js', '/nothing', '/healthz']) {
      const policy = String((await send('GET', path)).headers['content-security-policy'])
      for (const part of [
        "default-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ])
        expect(policy).toContain(part)
      expect(policy).not.toContain('unsafe')
    }
  })

  test('to TRACE is 405', async () => {
    for (const path of ['/', '/api/v1/caller', '/nothing'])
      expect((await send('TRACE', path)).status).toBe(405)
  })
})

test('attempts without valid credentials are limited by address, and valid ones go on', async () => {
  const cookie = await signedIn()
  await send('GET', '/api/v1/caller', { headers: { cookie } })
  const wrong = () =>
    send('GET', '/api/v1/caller', { headers: { authorization: `Bearer ${createSecret()}` } })
  for (let n = 0; n < 30; n += 1) expect((await wrong()).status).toBe(401)
  const limited = await wrong()
  expect(limited.json()).toMatchObject({ status: 429, code: 'API_TOO_MANY_REQUESTS' })
  expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0)
  expect((await send('GET', '/api/v1/caller', { headers: { cookie } })).status).toBe(200)
})

test('the audit trail names refusals and where they came from, and only auditors read it', async () => {
  const cookie = await signedIn()
  await send('GET', '/api/v1/caller')
  await send('GET', '/api/v1/caller', { headers: { authorization: `Bearer ${createSecret()}` } })
  await send('PUT', '/api/v1/pause', { headers: { cookie }, body: { reason: 'x' } })
  await signIn('x'.repeat(43))
  const secret = createSecret()
  await world.store.admin.createAccessToken(
    { name: 'see', hash: hashSecret(secret), roles: ['viewer'], expiresAt: world.scheduler.now + hourMs },
    'ada',
  )
  const viewer = { authorization: `Bearer ${secret}` }
  expect((await send('GET', '/api/v1/audit', { headers: viewer })).status).toBe(403)
  const { rows } = (await send('GET', '/api/v1/audit', { headers: { cookie } })).json()
  expect(
    rows.map(({ action, actor, details }: { action: string; actor: string; details: { route?: string } }) => [
      action,
      actor,
      details.route,
    ]),
  ).toEqual([
    ['session.start', 'local:ada', 'signInLocally'],
    ['access.unauthenticated', 'anonymous', 'getCaller'],
    ['access.cross-site', 'anonymous', 'pause'],
    ['session.refused', 'anonymous', 'signInLocally'],
    ['token.create', 'ada', undefined],
    ['access.denied', 'token:see', 'listAudit'],
  ])
  expect(JSON.stringify(rows)).not.toContain(secret)
  expect(rows[1].details).toMatchObject({ address: '127.0.0.1' })
})
