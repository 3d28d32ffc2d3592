/** The admin API against its declaration: who may call what, what a response may contain, and that no request makes it fail. */
import { Validator } from '@seriousme/openapi-schema-validator'
import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { serverOf } from '../../../test/support/admin-api/server-of.ts'
import { World } from '../../../test/support/engine-fixture.ts'
import { type ApiRole, grants, isGranted } from '../../api/contract/permissions.ts'
import type { RouteContract } from '../../api/contract/route.ts'
import { apiRoutes } from '../../api/contract/routes.ts'
import { openApiDocument } from '../../api/open-api.ts'
import { createSecret, hashSecret } from '../../runtime/access-secrets.ts'
import { buildServer } from '../create-server.ts'

const routes: readonly (readonly [string, RouteContract])[] = Object.entries(apiRoutes)
const roles = Object.keys(grants) as ApiRole[]
const dayMs = 86_400_000
const unknownId = '00000000-0000-7000-8000-000000000000'

let world: World
let server: FastifyInstance

beforeEach(() => {
  world = new World({ systems: { a: {}, b: {} }, policy: { kind: 'manual' } }).start()
  server = serverOf(world)
})

afterEach(async () => {
  await server.close()
  await world.stop()
})

async function tokenFor(granted: readonly string[], name = 'test', days = 90): Promise<string> {
  const secret = createSecret()
  const expiresAt = world.scheduler.now + days * dayMs
  await world.store.admin.createAccessToken(
    { name, hash: hashSecret(secret), roles: granted, expiresAt },
    'ada',
  )
  return secret
}

interface Sent {
  readonly token?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

async function send(method: string, url: string, { token, body, headers }: Sent = {}) {
  const response = await server.inject({
    method: method as 'GET',
    url,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  })
  const text = response.body
  return { status: response.statusCode, headers: response.headers, text, json: () => JSON.parse(text) }
}

/** The path of a route with ids of nothing. */
function pathOf({ path }: RouteContract): string {
  return path.replaceAll(/\{\w+\}/g, unknownId)
}

describe('the OpenAPI document', () => {
  test('is valid by a foreign validator, and is what the server responds with', async () => {
    const document = openApiDocument(apiRoutes)
    expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true })
    const served = await send('GET', '/api/v1/openapi.json')
    expect(served.json()).toEqual(JSON.parse(JSON.stringify(document)))
  })

  test('names exactly the routes that are served', async () => {
    await server.ready()
    const served = new Set<string>()
    for (const [, { method, path }] of routes) {
      const url = path.replaceAll(/\{(\w+)\}/g, ':$1')
      if (server.hasRoute({ method, url })) served.add(`${method} ${path}`)
    }
    expect([...served].sort()).toEqual(routes.map(([, { method, path }]) => `${method} ${path}`).sort())
    const tree = server.printRoutes({ commonPrefix: false })
    const others = [
      '/',
      'healthz',
      'readyz',
      'hooks/:system',
      'status.js',
      'status.css',
      'sign-in',
      'use-link.js',
    ]
    for (const other of others) expect(tree).toContain(` ${other} (`)
    expect(tree.match(/GET|POST|PUT|DELETE/g)).toHaveLength(routes.length + others.length)
  })

  test('gives each operation a unique id, a summary and its problems', () => {
    const summaries = routes.map(([, { summary }]) => summary)
    expect(new Set(summaries).size).toBe(summaries.length)
    for (const summary of summaries) expect(summary).toMatch(/^[A-Z].*\.$/)
  })
})

describe('access', () => {
  const guarded = routes.filter(([, { permission }]) => permission !== 'none')

  test.each(guarded)('%s is refused without a valid token', async (_id, route) => {
    for (const token of [undefined, 'isth_short', createSecret(), await tokenFor(roles, 'old', -1)]) {
      const response = await send(route.method, pathOf(route), {
        ...(token === undefined ? {} : { token }),
        body: {},
      })
      expect([response.status, response.json().code]).toEqual([401, 'API_UNAUTHENTICATED'])
      expect(response.headers['www-authenticate']).toBe('Bearer')
    }
  })

  test.each(guarded)('%s is allowed to the roles that grant its permission alone', async (_id, route) => {
    for (const role of [...roles, 'unknown-role']) {
      const token = await tokenFor([role], `t-${role}`)
      const response = await send(route.method, pathOf(route), {
        token,
        ...(route.body === undefined ? {} : { body: {} }),
      })
      const { permission } = route
      const isAllowed =
        role !== 'unknown-role' && permission !== 'none' && isGranted([role as ApiRole], permission)
      expect([role, response.status === 403]).toEqual([role, !isAllowed])
    }
  })

  test('only routes without values need no token', () => {
    const open = routes.filter(([, { permission }]) => permission === 'none').map(([id]) => id)
    expect(open).toEqual([
      'getStatus',
      'listDecisions',
      'streamEvents',
      'getOpenApi',
      'signInLocally',
      'startSignIn',
      'finishSignIn',
    ])
  })

  test('a revoked token is refused at once', async () => {
    const token = await tokenFor(['viewer'])
    expect((await send('GET', '/api/v1/caller', { token })).json()).toMatchObject({
      name: 'test',
      roles: ['viewer'],
    })
    await world.store.admin.revokeAccessToken('test', 'ada')
    expect((await send('GET', '/api/v1/caller', { token })).status).toBe(401)
  })

  test('a token grants no more than its creator has, and ends no later', async () => {
    const token = await tokenFor(['admin', 'viewer'], 'admin', 10)
    const create = (body: unknown) => send('POST', '/api/v1/tokens', { token, body })
    expect((await create({ name: 'ci', roles: ['data-reader'] })).json()).toMatchObject({
      code: 'API_FORBIDDEN',
    })
    const later = world.scheduler.now + 20 * dayMs
    expect((await create({ name: 'ci', roles: ['viewer'], expiresAt: later })).status).toBe(400)
    expect((await create({ name: 'ci', roles: ['viewer'], expiresAt: 1 })).status).toBe(400)
    const created = (await create({ name: 'ci', roles: ['viewer'] })).json()
    expect(created).toMatchObject({ name: 'ci', roles: ['viewer'], createdBy: 'token:admin' })
    expect(created.expiresAt).toBeLessThanOrEqual(world.scheduler.now + 10 * dayMs)
    expect((await create({ name: 'ci', roles: ['viewer'] })).status).toBe(409)
    expect((await send('GET', '/api/v1/caller', { token: created.secret })).status).toBe(200)
    const listed = await send('GET', '/api/v1/tokens', { token })
    expect(listed.text).not.toContain(created.secret)
    expect(listed.json().rows).toHaveLength(2)
    expect((await send('DELETE', '/api/v1/tokens/ci', { token })).status).toBe(204)
    expect((await send('GET', '/api/v1/caller', { token: created.secret })).status).toBe(401)
  })

  test('a caller has a limit of its own', async () => {
    const [one, other] = [await tokenFor(['viewer'], 'one'), await tokenFor(['viewer'], 'other')]
    let limited: Awaited<ReturnType<typeof send>> | undefined
    for (let n = 0; n <= 1_200; n += 1) limited = await send('GET', '/api/v1/caller', { token: one })
    expect(limited?.json()).toMatchObject({ status: 429, code: 'API_TOO_MANY_REQUESTS' })
    expect(Number(limited?.headers['retry-after'])).toBeGreaterThan(0)
    expect((await send('GET', '/api/v1/caller', { token: other })).status).toBe(200)
  })
})

describe('requests', () => {
  test.each([
    ['an unknown parameter', '/api/v1/runs?size=3', { in: 'query', at: '' }],
    ['a page that is too large', '/api/v1/runs?limit=201', { in: 'query', at: 'limit' }],
    ['a cursor of another list', '/api/v1/runs?cursor=zzz', { in: 'query', at: 'cursor' }],
    ['an id that is none', '/api/v1/records/7', { in: 'path', at: 'id' }],
    ['a parameter where there is none', '/api/v1/pause?x=1', { in: 'query', at: 'x' }],
  ])('with %s are refused, and the part is named', async (_what, url, part) => {
    const response = await send('GET', url, { token: await tokenFor(['viewer']) })
    expect(response.json()).toMatchObject({ status: 400, code: 'API_INVALID_REQUEST', errors: [part] })
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8')
  })

  test.each([
    ['form data', { 'content-type': 'application/x-www-form-urlencoded' }, 'reason=x', 415],
    ['text', { 'content-type': 'text/plain' }, '{"reason":"x"}', 415],
    ['no media type', {}, '{"reason":"x"}', 415],
    ['broken JSON', { 'content-type': 'application/json' }, '{"reason":', 400],
    [
      'bytes that are not UTF-8',
      { 'content-type': 'application/json' },
      Buffer.from([0x22, 0xff, 0x22]),
      400,
    ],
    ['a deep body', { 'content-type': 'application/json' }, `${'['.repeat(5000)}${']'.repeat(5000)}`, 400],
    [
      'unknown keys',
      { 'content-type': 'application/json' },
      '{"reason":"x","role":"admin","__proto__":{"a":1}}',
      400,
    ],
  ])('with %s as body are refused and change nothing', async (_what, headers, payload, status) => {
    const token = await tokenFor(['operator'])
    const response = await server.inject({
      method: 'PUT',
      url: '/api/v1/pause',
      headers: { ...headers, authorization: `Bearer ${token}` },
      payload,
    })
    expect(response.statusCode).toBe(status)
    expect((await world.store.admin.status()).paused).toBeUndefined()
  })

  test('for a path that does not exist, or with a body that is too large, are described like others', async () => {
    const token = await tokenFor(['operator'])
    expect((await send('GET', '/api/v1/nothing', { token })).json()).toMatchObject({
      status: 404,
      code: 'API_NOT_FOUND',
    })
    const body = { reason: 'x'.repeat(2_000_000) }
    const large = await send('PUT', '/api/v1/pause', { token, body })
    expect(large.json()).toMatchObject({ status: 413, title: 'Body too large' })
  })

  test('are answered although the database hangs, and say whether an action may take effect', async () => {
    const { store, integration } = world
    const admin = Object.assign(Object.create(store.admin), {
      findAccessToken: () => new Promise(() => undefined),
    })
    const hanging = buildServer({
      status: { read: () => Promise.reject(new RangeError('not asked here')) },
      admin: store.admin,
      receive: async () => ({ kind: 'unknown' }),
      checkReady: async () => undefined,
      now: () => 0,
      api: { admin, integration, refresh: async () => {}, wake: () => {}, now: () => 0, answerMs: 50 },
    })
    const headers = { authorization: `Bearer ${createSecret()}` }
    const read = await hanging.inject({ url: '/api/v1/caller', headers })
    expect(read.json()).toMatchObject({
      status: 503,
      code: 'STORE_UNAVAILABLE',
      detail: 'the database did not answer within 0.05 s',
    })
    const change = await hanging.inject({ method: 'DELETE', url: '/api/v1/pause', headers })
    expect(change.json().detail).toContain('the action may take effect all the same')
    await hanging.close()
  })

  test('with a foreign Host header are refused', async () => {
    const token = await tokenFor(['viewer'])
    const response = await send('GET', '/api/v1/caller', { token, headers: { host: 'evil.example' } })
    expect(response.status).toBe(421)
  })

  test('never make the server fail, whatever they contain', async () => {
    const token = await tokenFor(roles)
    const anything = fc.oneof(
      fc.json().map((text): unknown => JSON.parse(text)),
      fc.string(),
      fc.constantFrom(null, {}, []),
    )
    const guess = fc.oneof(
      fc.string({ minLength: 1, unit: 'binary' }),
      fc.constantFrom(
        '..',
        '%00',
        '\u0000',
        "'; drop table record; --",
        unknownId,
        '9'.repeat(400),
        '-1',
        '1e99',
      ),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...routes.filter(([id]) => id !== 'streamEvents' && id !== 'getStatus')),
        fc.array(guess, { minLength: 3, maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom('limit', 'cursor', 'state', 'entity', 'system', 'after', 'signature'),
          guess,
        ),
        anything,
        async ([, route], parts, query, body) => {
          let at = 0
          const path = route.path.replaceAll(/\{\w+\}/g, () =>
            encodeURIComponent(wellFormed(parts[at++] ?? 'x')),
          )
          const search = new URLSearchParams(
            Object.entries(query).map(([name, value]) => [name, wellFormed(value)]),
          )
          // A dot segment may lead to the stream, which does not end.
          fc.pre(new URL(path, 'http://localhost').pathname !== apiRoutes.streamEvents.path)
          const response = await send(route.method, `${path}?${search}`, {
            token,
            ...(route.body === undefined ? {} : { body }),
          })
          expect({ status: response.status, path: route.path, text: response.text }).toMatchObject({
            status: expect.toSatisfy((status: number) => status < 500),
          })
        },
      ),
      { numRuns: 400 },
    )
  })
})

function wellFormed(text: string): string {
  return text.toWellFormed()
}

describe('values', () => {
  async function conflicted() {
    await world.linked('a', 'x', { code: '1', name: 'Ann' })
    const there = String((await world.member('a', 'x', 'b')).nativeId)
    world.system('a').edit('x', { name: 'Anna' })
    world.system('b').edit(there, { name: 'Annie' })
    await world.mark('a', 'x')
    await world.mark('b', there)
    await world.advance(5_000)
    const { rows } = await world.store.admin.conflicts({ limit: 5, state: 'open' })
    expect(rows).toHaveLength(1)
    return { id: rows[0]?.id ?? '', recordId: rows[0]?.recordId ?? '' }
  }
  const disclosures = async () =>
    (await world.store.admin.journal({ limit: 200 })).filter(({ kind }) => kind === 'disclosure')

  test('are left out without the permission, and nothing is recorded as shown', async () => {
    const { id, recordId } = await conflicted()
    const token = await tokenFor(['viewer', 'operator', 'approver', 'mapper', 'admin', 'auditor'])
    for (const url of [
      `/api/v1/conflicts/${id}`,
      '/api/v1/conflicts',
      `/api/v1/records/${recordId}`,
      '/api/v1/systems/a/entities/customer/records/x',
      `/api/v1/records/${recordId}/events`,
      '/api/v1/matches',
      '/api/v1/duplicates',
      '/api/v1/holds',
      '/api/v1/failures',
      '/api/v1/decisions',
    ]) {
      const { status, text } = await send('GET', url, { token })
      expect(status).toBe(200)
      expect(text).not.toMatch(/Ann/)
    }
    expect(await disclosures()).toEqual([])
  })

  test('are shown with it, and each response is recorded before it is sent', async () => {
    const { id, recordId } = await conflicted()
    const token = await tokenFor(['data-reader'], 'reader')
    const found = await send('GET', '/api/v1/systems/a/entities/customer/records/x', { token })
    expect(found.json()).toMatchObject({
      id: recordId,
      state: 'active',
      fields: { code: { value: '1', source: 'a' } },
      members: [
        { system: 'a', nativeId: 'x', state: 'linked', fields: { name: { value: 'Anna' } } },
        { system: 'b', state: 'linked', fields: { name: { value: 'Annie' } } },
      ],
    })
    const one = await send('GET', `/api/v1/conflicts/${id}`, { token })
    expect(one.json().candidates).toHaveLength(2)
    expect((await disclosures()).map(({ actor, body }) => ({ actor, body }))).toEqual([
      { actor: 'token:reader', body: { route: 'findRecord', recordIds: [recordId], address: '127.0.0.1' } },
      { actor: 'token:reader', body: { route: 'getConflict', recordIds: [recordId], address: '127.0.0.1' } },
    ])
  })

  test('are not searched without it, and a search that finds one is recorded', async () => {
    const { recordId } = await conflicted()
    const search = async (text: string, token: string) =>
      (await send('GET', `/api/v1/search?text=${encodeURIComponent(text)}`, { token })).json().rows
    const viewer = await tokenFor(['viewer'])
    expect(await search('1', viewer)).toEqual([])
    expect(await search(recordId, viewer)).toMatchObject([{ recordId, by: 'record id' }])
    expect(await search('x', viewer)).toMatchObject([{ recordId, by: 'native id', system: 'a' }])
    expect(await disclosures()).toEqual([])
    const reader = await tokenFor(['data-reader'], 'reader')
    expect(await search(' 1 ', reader)).toMatchObject([{ recordId, by: 'value' }])
    expect(await search('2', reader)).toEqual([])
    expect((await disclosures()).map(({ body }) => body)).toMatchObject([
      { route: 'searchRecords', recordIds: [recordId] },
    ])
    const audited = JSON.stringify(await world.store.admin.audit({ limit: 50 }))
    expect(audited).toContain('/api/v1/search')
    expect(audited).not.toContain('text=')
  })

  test('are not shown when that can not be recorded', async () => {
    const { recordId } = await conflicted()
    const token = await tokenFor(['data-reader'])
    Object.assign(world.store.admin, { recordDisclosure: () => Promise.reject(new RangeError('full')) })
    const response = await send('GET', `/api/v1/records/${recordId}`, { token })
    expect(response.status).toBe(500)
    expect(response.text).not.toMatch(/Ann/)
  })

  test('of a decision are checked like those of a system', async () => {
    const { id } = await conflicted()
    const token = await tokenFor(['operator'], 'bob')
    const decide = (body: unknown) => send('POST', `/api/v1/conflicts/${id}/resolution`, { token, body })
    expect((await decide({ value: { first: 'Ann' } })).json()).toMatchObject({
      code: 'API_INVALID_REQUEST',
      errors: [{ in: 'body', at: 'value' }],
    })
    expect((await decide({ value: 7 })).status).toBe(400)
    expect((await decide({ system: 'c' })).status).toBe(404)
    expect((await decide({ value: 'Anne' })).status).toBe(204)
    await world.advance(5_000)
    expect(world.system('a').body('x')?.name).toBe('Anne')
    // The second to decide is told who was first.
    expect((await decide({ system: 'b' })).json()).toMatchObject({
      status: 409,
      code: 'API_CONFLICT',
      detail: 'the conflict has been decided by token:bob',
    })
  })
})

describe('actions', () => {
  test('pause and resume the work, once each', async () => {
    const token = await tokenFor(['operator'], 'ops')
    const pause = () => send('PUT', '/api/v1/pause', { token, body: { reason: 'maintenance' } })
    expect((await pause()).status).toBe(204)
    expect((await pause()).status).toBe(409)
    expect((await send('GET', '/api/v1/pause', { token })).json()).toMatchObject({
      paused: true,
      actor: 'token:ops',
      reason: 'maintenance',
    })
    expect((await send('DELETE', '/api/v1/pause', { token })).status).toBe(204)
    expect((await send('DELETE', '/api/v1/pause', { token })).status).toBe(409)
    expect((await send('GET', '/api/v1/pause', { token })).json()).toEqual({ paused: false })
  })

  test('retry failures of a record, and say how many', async () => {
    const token = await tokenFor(['operator'])
    world.system('b').judge = () => ({
      kind: 'rejected',
      failure: { code: 'HTTP_STATUS_FINAL', message: 'no', scope: 'record' },
    })
    await world.edit('a', 'x', { code: '1', name: 'Ann' })
    await world.advance(10_000)
    const { rows } = (await send('GET', '/api/v1/failures', { token })).json()
    expect(rows).toMatchObject([{ system: 'b', operation: 'create' }])
    world.system('b').judge = () => undefined
    expect((await send('POST', '/api/v1/failures/retry', { token, body: {} })).status).toBe(400)
    const retried = await send('POST', '/api/v1/failures/retry', {
      token,
      body: { signature: rows[0].signature },
    })
    expect(retried.json()).toEqual({ count: 1 })
    await world.advance(10_000)
    expect(world.system('b').bodies()).toHaveLength(1)
  })
})

describe('an idempotency key', () => {
  const pause = (token: string, key: string, reason = 'maintenance') =>
    send('PUT', '/api/v1/pause', { token, body: { reason }, headers: { 'idempotency-key': key } })

  test('makes a repeat return the first response, and change nothing', async () => {
    const token = await tokenFor(['operator'], 'ops')
    expect((await pause(token, 'one')).status).toBe(204)
    expect((await pause(token, 'one')).status).toBe(204)
    expect((await pause(token, 'two')).status).toBe(409)
    expect((await pause(token, 'one', 'another')).json()).toMatchObject({
      status: 422,
      code: 'API_IDEMPOTENCY_KEY_REUSED',
    })
    const other = await tokenFor(['operator'], 'other')
    expect((await pause(other, 'one')).status).toBe(409)
    expect((await world.store.admin.audit({ limit: 50 })).map(({ action }) => action)).toEqual([
      'token.create',
      'work.pause',
      'token.create',
    ])
  })

  test('is remembered for each action, and never with a secret', async () => {
    const token = await tokenFor(['admin', 'viewer'])
    const create = () =>
      send('POST', '/api/v1/tokens', {
        token,
        body: { name: 'ci', roles: ['viewer'] },
        headers: { 'idempotency-key': 'k' },
      })
    expect((await create()).json()).toMatchObject({ secret: expect.stringMatching(/^isth_/) })
    const repeat = await create()
    expect(repeat.json()).toMatchObject({ status: 409, code: 'API_CONFLICT' })
    expect(repeat.text).not.toContain('isth_')
    expect(await world.store.admin.accessTokens()).toHaveLength(2)
  })

  test.each(['', 'with space', 'x'.repeat(201)])('is refused as %j', async (key) => {
    const token = await tokenFor(['operator'])
    expect((await pause(token, key)).json()).toMatchObject({
      status: 400,
      errors: [{ in: 'header', at: 'idempotency-key' }],
    })
  })
})
