import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, test } from 'vitest'
import {
  clock,
  closeAll,
  connect,
  context,
  fakeErp,
  listOf,
  manifestFile,
  open,
  webhookSecret,
} from '../../../test/support/rest/connected.ts'
import type { Resource } from '../kit/contract.ts'
import { connectSystem } from '../registry.ts'

afterEach(closeAll)

describe('JSONPlaceholder on json-server', () => {
  async function users(): Promise<Resource> {
    const require = createRequire(import.meta.url)
    const jsonServer = require('json-server') as typeof import('json-server')
    const data = structuredClone(require('jsonplaceholder/data.json')) as { users: object[]; posts: object[] }
    const app = jsonServer.create()
    app.use(jsonServer.bodyParser)
    app.use(jsonServer.router({ users: data.users, posts: data.posts }))
    const server = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    open.push({
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve())
          server.closeAllConnections()
        }),
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return connect(url, {
      manifest: { extends: 'jsonplaceholder', resources: { posts: { inflight: '1s' } } },
    }).resource('users')
  }

  test('reads one and many, creates, finds by marker, changes and deletes', async () => {
    const resource = await users()
    expect(await resource.read('1', context)).toMatchObject({
      kind: 'live',
      nativeId: '1',
      native: { username: 'Bret' },
    })
    expect(await resource.read('999', context)).toEqual({ kind: 'gone' })
    const many = await resource.readMany?.(['2', '999', '1'], context)
    expect(many?.map((one) => (one.kind === 'live' ? one.nativeId : one.kind))).toEqual(['2', 'gone', '1'])
    const made = await resource.create?.(
      { body: { name: 'Ada' }, recordId: 'r-1', idempotencyKey: 'k' },
      context,
    )
    expect(made).toMatchObject({ kind: 'ok', nativeId: '11', native: { isthmusId: 'r-1' } })
    expect(resource.markerOf?.({ isthmusId: 'r-1' })).toBe('r-1')
    expect(await resource.find?.({ by: 'marker', recordId: 'r-1' }, context)).toEqual({
      kind: 'found',
      nativeIds: ['11'],
      capped: false,
    })
    const update = await resource.update?.(
      { nativeId: '11', patch: { name: 'Ada L.' }, idempotencyKey: 'k' },
      context,
    )
    expect(update).toMatchObject({ kind: 'ok', native: { name: 'Ada L.', isthmusId: 'r-1' } })
    expect(await resource.remove?.({ nativeId: '11', mode: 'delete' }, context)).toEqual({
      kind: 'ok',
      nativeId: '11',
    })
    expect(await resource.remove?.({ nativeId: '11', mode: 'delete' }, context)).toEqual({ kind: 'gone' })
  })

  test('a search for a marker that no record has yet finds none, although the server drops unknown filters', async () => {
    const resource = await users()
    expect(await resource.find?.({ by: 'marker', recordId: 'none' }, context)).toEqual({
      kind: 'found',
      nativeIds: [],
      capped: false,
    })
    const byMail = await resource.find?.({ by: 'values', values: { email: 'Sincere@april.biz' } }, context)
    expect(byMail).toEqual({ kind: 'found', nativeIds: ['1'], capped: false })
  })

  test('the list is walked by id, complete, and counts as evidence', async () => {
    const { nativeIds, end } = await listOf(await users())
    expect(nativeIds).toHaveLength(10)
    expect(end).toEqual({ complete: true, expected: 10 })
  })
})

describe('a system with PUT, versions and a counter feed, in 30 lines of YAML', () => {
  test('declares what the manifest says', async () => {
    const { partners, system } = await fakeErp()
    expect(partners.capabilities).toMatchObject({
      write: 'put',
      conditionalWrites: true,
      version: 'ordered',
      create: 'marker',
      changes: { cursor: 'seq' },
      deletes: 'feed',
      remove: 'both',
      inflightMs: 2_000,
      list: { paging: 'keyset', pageSize: 7 },
    })
    expect(await system.fingerprint(context)).toEqual({ kind: 'known', value: 'tenant-of-erp' })
  })

  test('replaces the whole record under its version, and says when somebody was faster', async () => {
    const { partners, fake } = await fakeErp()
    const body = { name: 'A', address: { city: 'Bonn', street: 'X' }, note: 'kept' }
    const made = await partners.create?.({ body, recordId: 'r1', idempotencyKey: 'k' }, context)
    if (made?.kind !== 'ok' || made.version === undefined) return expect.fail(JSON.stringify(made))
    const read = await partners.read(made.nativeId, context)
    if (read.kind !== 'live') return expect.fail(read.kind)
    expect(read).toMatchObject({ version: made.version, native: { externalId: 'r1' } })
    const update = {
      nativeId: made.nativeId,
      patch: { address: { city: 'Köln' } },
      base: read.native,
      idempotencyKey: 'k',
    }
    const first = await partners.update?.({ ...update, ifVersion: made.version }, context)
    expect(first).toMatchObject({
      kind: 'ok',
      native: { address: { city: 'Köln', street: 'X' }, note: 'kept' },
    })
    expect(await partners.update?.({ ...update, ifVersion: made.version }, context)).toEqual({
      kind: 'stale',
    })
    expect(await partners.update?.(update, context)).toMatchObject({ kind: 'rejected' })
    const unread = { nativeId: made.nativeId, patch: {}, idempotencyKey: 'k' }
    expect(await partners.update?.(unread, context)).toMatchObject({
      kind: 'not-sent',
      failure: { code: 'CONNECTOR_BASE_MISSING' },
    })
    expect(fake.countCalls('PUT')).toBe(3)
  })

  test('follows the feed page by page, with deletions, and starts where the cursor says', async () => {
    const { partners, fake } = await fakeErp({ conditional: 'none' })
    const { table } = fake.resource('partners')
    for (let n = 0; n < 20; n += 1) table.create({ name: `n${n}` }, 'user')
    const all: string[] = []
    let cursor: string | undefined
    for (let more = true; more; ) {
      const page = await partners.changes?.(cursor, context)
      if (page?.kind !== 'page') return expect.fail(JSON.stringify(page))
      all.push(...page.changed.map(({ nativeId }) => nativeId))
      cursor = page.cursor
      more = page.more
    }
    expect(new Set(all).size).toBe(20)
    const [victim = ''] = all
    await partners.remove?.({ nativeId: victim, mode: 'delete' }, context)
    const next = await partners.changes?.(cursor, context)
    expect(next).toMatchObject({ kind: 'page', more: false, changed: [{ nativeId: victim, deleted: true }] })
  })

  test('H24, H25: walks the whole list, and does not trust one that ends early', async () => {
    const whole = await fakeErp()
    for (let n = 0; n < 30; n += 1) whole.fake.resource('partners').table.create({ name: `n${n}` }, 'user')
    const { nativeIds, end } = await listOf(whole.partners)
    expect(new Set(nativeIds).size).toBe(30)
    expect(end).toEqual({ complete: true, expected: 30 })
    const capped = await fakeErp({ listCap: 10 })
    for (let n = 0; n < 30; n += 1) capped.fake.resource('partners').table.create({ name: `n${n}` }, 'user')
    expect((await listOf(capped.partners)).end).toMatchObject({ complete: false, expected: 30 })
  })

  test('tells a record that was merged into another, and a wrong path, apart from a deletion', async () => {
    const { partners, fake } = await fakeErp()
    const { table } = fake.resource('partners')
    const [a, b] = [
      table.create({ name: 'a' }, 'user').nativeId,
      table.create({ name: 'b' }, 'user').nativeId,
    ]
    table.remove(a, 'user', { mergedInto: b })
    const merged = await partners.read(a, context)
    expect(merged).toEqual({ kind: 'gone', mergedInto: b })
    const elsewhere = connect(fake.url, {
      auth: { type: 'bearer', token: 'let-me-in' },
      manifest: {
        resources: {
          x: { path: '/nowhere', errors: { gone: { code: { path: 'error.code', equals: ['NOT_FOUND'] } } } },
        },
      },
    })
    expect(await elsewhere.resource('x').read('1', context)).toMatchObject({ kind: 'unknown' })
  })

  test('reads a signed webhook, and refuses a forged one', async () => {
    const { system } = await fakeErp({}, { webhooks: { secret: webhookSecret } })
    const body = JSON.stringify({ type: 'partners.deleted', data: { id: 'p1', version: 4 } })
    const at = new Date()
    const headers = {
      'webhook-id': 'msg_7',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(webhookSecret).sign('msg_7', at, body),
    }
    const delivery = { headers, body: Buffer.from(body), receivedAt: at.getTime() }
    expect(await system.webhook?.(delivery)).toEqual({
      kind: 'accepted',
      deliveryId: 'msg_7',
      changed: [{ resource: 'partners', nativeId: 'p1', version: '4', deleted: true }],
    })
    expect(await system.webhook?.({ ...delivery, body: Buffer.from(`${body} `) })).toMatchObject({
      kind: 'refused',
    })
  })

  test('wrong credentials concern the whole system, and nothing was sent as far as writes go', async () => {
    const { fake } = await fakeErp()
    const system = connect(fake.url, { auth: { type: 'bearer', token: 'wrong' }, manifest: manifestFile })
    const partners = system.resource('partners')
    const failure = { code: 'HTTP_UNAUTHENTICATED', scope: 'system' }
    expect(await partners.read('1', context)).toMatchObject({ kind: 'unknown', failure })
    const made = await partners.create?.({ body: {}, recordId: 'r', idempotencyKey: 'k' }, context)
    expect(made).toMatchObject({ kind: 'not-sent', failure })
    expect(await system.fingerprint(context)).toMatchObject({ kind: 'unknown' })
  })
})

describe('configuration', () => {
  const broken: [string, Record<string, unknown>, RegExp][] = [
    [
      'a mistyped key',
      { manifest: { resources: { a: { pth: '/a', path: '/a' } } } },
      /systems\.erp\.manifest\.resources\.a\.pth.*path/,
    ],
    [
      'a mistyped value',
      { manifest: { resources: { a: { path: '/a', write: { with: 'pach' } } } } },
      /did you mean patch/,
    ],
    ['an unknown built-in manifest', { manifest: 'jsonplacehodler' }, /did you mean jsonplaceholder/],
    ['a missing file', { manifest: './nowhere.yaml' }, /nowhere\.yaml can't be read/],
    ['a mistyped key of the section', { manifest: 'jsonplaceholder', webhoks: {} }, /webhoks.*webhooks/],
    [
      'an unknown auth type',
      { manifest: 'jsonplaceholder', auth: { type: 'bearr', token: 't' } },
      /did you mean bearer/,
    ],
    [
      'a secret without a scheme',
      { manifest: 'jsonplaceholder', webhooks: { secret: 's' } },
      /does not say how deliveries are signed/,
    ],
    ['plain HTTP to another host', { manifest: 'jsonplaceholder', url: 'http://example.com' }, /use https/],
  ]
  test.each(broken)('%s is refused with a hint', (_name, config, message) => {
    expect(() => connect('http://127.0.0.1:1', config)).toThrow(message)
  })

  test('a manifest that extends another changes parts of it, and replaces a part of another kind', () => {
    const users = {
      list: { paging: 'page', parameter: '_page', size: { parameter: '_limit' } },
      create: { as: 'none' },
      remove: { archive: { active: false } },
    }
    const manifest = { extends: 'jsonplaceholder', resources: { users, extra: { path: '/extra' } } }
    const system = connect('http://127.0.0.1:1', { manifest })
    expect(system.resource('users').capabilities).toMatchObject({
      list: { paging: 'offset', pageSize: 100 },
      create: 'none',
      remove: 'both',
      read: { batch: 50 },
    })
    expect(system.resource('extra').capabilities).toMatchObject({
      create: 'unsupported',
      list: { paging: 'none' },
    })
    expect(system.resource('posts').capabilities.create).toBe('marker')
  })

  test('an unknown connector or resource names the nearest one', () => {
    const timing = { readTimeoutMs: 1, writeTimeoutMs: 1, concurrency: 1 }
    expect(() => connectSystem({ name: 'x', connector: 'rset', config: {}, timing }, { clock })).toThrow(
      /did you mean rest/,
    )
    expect(() => connect('http://127.0.0.1:1', { manifest: 'jsonplaceholder' }).resource('user')).toThrow(
      /did you mean users/,
    )
  })
})
