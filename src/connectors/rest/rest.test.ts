import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, test } from 'vitest'
import { type FakeSystem, startFakeSystem } from '../../../test/support/fake-system/fake-system.ts'
import type { FakeResourceOptions } from '../../../test/support/fake-system/options.ts'
import { type Respond, sendJson, startServer } from '../../../test/support/local-server.ts'
import type { CallContext, ConnectedSystem, ListEnd, Resource } from '../kit/contract.ts'
import { connectSystem } from '../registry.ts'

const open: { close(): Promise<void> }[] = []
const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }
const manifestFile = fileURLToPath(new URL('./fixtures/erp.yaml', import.meta.url))
const webhookSecret = `whsec_${Buffer.from('the secret of the erp').toString('base64')}`

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

function connect(url: string, config: Record<string, unknown>, readTimeoutMs = 5_000): ConnectedSystem {
  const system = connectSystem(
    {
      name: 'erp',
      connector: 'rest',
      config: { url, allowHttp: true, ...config },
      timing: { readTimeoutMs, writeTimeoutMs: readTimeoutMs, concurrency: 8 },
    },
    { clock },
  )
  open.push(system)
  return system
}

async function fakeErp(
  options: Partial<FakeResourceOptions> = {},
  config: Record<string, unknown> = {},
): Promise<{ fake: FakeSystem; partners: Resource; system: ConnectedSystem }> {
  const fake = await startFakeSystem({
    name: 'erp',
    token: 'let-me-in',
    resources: [{ name: 'partners', write: 'put', conditional: 'required', ...options }],
  })
  open.push(fake)
  const auth = { type: 'bearer', token: 'let-me-in' }
  const system = connect(fake.url, { auth, manifest: manifestFile, ...config })
  return { fake, system, partners: system.resource('partners') }
}

/** A REST system whose answers the test writes itself. */
async function scripted(respond: Respond, resource: Record<string, unknown> = {}): Promise<Resource> {
  const server = await startServer(respond)
  open.push(server)
  const defaults = {
    path: '/things',
    create: { as: 'none' },
    remove: { delete: true },
    version: { path: 'v', ifMatch: '{version}' },
  }
  const manifest = { resources: { things: { ...defaults, ...resource } } }
  return connect(server.url, { manifest }, 500).resource('things')
}

async function listOf(resource: Resource): Promise<{ rids: string[]; end: ListEnd }> {
  const rids: string[] = []
  const pages = resource.list(context)
  for (;;) {
    const next = await pages.next()
    if (next.done === true) return { rids, end: next.value }
    rids.push(...next.value.map(({ rid }) => rid))
  }
}

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
      rid: '1',
      native: { username: 'Bret' },
    })
    expect(await resource.read('999', context)).toEqual({ kind: 'gone' })
    const many = await resource.readMany?.(['2', '999', '1'], context)
    expect(many?.map((one) => (one.kind === 'live' ? one.rid : one.kind))).toEqual(['2', 'gone', '1'])
    const made = await resource.create?.(
      { body: { name: 'Ada' }, recordId: 'r-1', idempotencyKey: 'k' },
      context,
    )
    expect(made).toMatchObject({ kind: 'ok', rid: '11', native: { isthmusId: 'r-1' } })
    expect(resource.markerOf?.({ isthmusId: 'r-1' })).toBe('r-1')
    expect(await resource.find?.({ by: 'marker', recordId: 'r-1' }, context)).toEqual({
      kind: 'found',
      rids: ['11'],
      capped: false,
    })
    const update = await resource.update?.(
      { rid: '11', patch: { name: 'Ada L.' }, idempotencyKey: 'k' },
      context,
    )
    expect(update).toMatchObject({ kind: 'ok', native: { name: 'Ada L.', isthmusId: 'r-1' } })
    expect(await resource.remove?.({ rid: '11', mode: 'delete' }, context)).toEqual({ kind: 'ok', rid: '11' })
    expect(await resource.remove?.({ rid: '11', mode: 'delete' }, context)).toEqual({ kind: 'gone' })
  })

  test('a search for a marker that no record has yet finds none, although the server drops unknown filters', async () => {
    const resource = await users()
    expect(await resource.find?.({ by: 'marker', recordId: 'none' }, context)).toEqual({
      kind: 'found',
      rids: [],
      capped: false,
    })
    const byMail = await resource.find?.({ by: 'values', values: { email: 'Sincere@april.biz' } }, context)
    expect(byMail).toEqual({ kind: 'found', rids: ['1'], capped: false })
  })

  test('the list is walked by id, complete, and counts as evidence', async () => {
    const { rids, end } = await listOf(await users())
    expect(rids).toHaveLength(10)
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
    const read = await partners.read(made.rid, context)
    if (read.kind !== 'live') return expect.fail(read.kind)
    expect(read).toMatchObject({ version: made.version, native: { externalId: 'r1' } })
    const update = {
      rid: made.rid,
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
    const unread = { rid: made.rid, patch: {}, idempotencyKey: 'k' }
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
      all.push(...page.changed.map(({ rid }) => rid))
      cursor = page.cursor
      more = page.more
    }
    expect(new Set(all).size).toBe(20)
    const [victim = ''] = all
    await partners.remove?.({ rid: victim, mode: 'delete' }, context)
    const next = await partners.changes?.(cursor, context)
    expect(next).toMatchObject({ kind: 'page', more: false, changed: [{ rid: victim, deleted: true }] })
  })

  test('H24, H25: walks the whole list, and does not trust one that ends early', async () => {
    const whole = await fakeErp()
    for (let n = 0; n < 30; n += 1) whole.fake.resource('partners').table.create({ name: `n${n}` }, 'user')
    const { rids, end } = await listOf(whole.partners)
    expect(new Set(rids).size).toBe(30)
    expect(end).toEqual({ complete: true, expected: 30 })
    const capped = await fakeErp({ listCap: 10 })
    for (let n = 0; n < 30; n += 1) capped.fake.resource('partners').table.create({ name: `n${n}` }, 'user')
    expect((await listOf(capped.partners)).end).toMatchObject({ complete: false, expected: 30 })
  })

  test('tells a record that was merged into another, and a wrong path, apart from a deletion', async () => {
    const { partners, fake } = await fakeErp()
    const { table } = fake.resource('partners')
    const [a, b] = [table.create({ name: 'a' }, 'user').rid, table.create({ name: 'b' }, 'user').rid]
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
      changed: [{ resource: 'partners', rid: 'p1', version: '4', deleted: true }],
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

describe('what may have taken effect', () => {
  const create = (resource: Resource) =>
    resource.create?.({ body: { a: 1 }, recordId: 'r', idempotencyKey: 'k' }, context)
  const update = (resource: Resource) =>
    resource.update?.({ rid: '1', patch: { a: 1 }, ifVersion: '3', idempotencyKey: 'k' }, context)

  const page: Respond = (_request, response) =>
    sendJson(response, 404, '<html>no such page</html>', { 'content-type': 'text/html' })
  const table: [string, Respond, string, string | undefined][] = [
    [
      '200 with a web page',
      (_q, r) => sendJson(r, 200, '<html></html>', { 'content-type': 'text/html' }),
      'unknown',
      'system',
    ],
    ['200 with broken JSON', (_q, r) => sendJson(r, 200, '{'), 'unknown', 'record'],
    ['303', (_q, r) => sendJson(r, 303, {}), 'unknown', 'system'],
    ['307', (_q, r) => sendJson(r, 307, {}), 'not-sent', 'system'],
    ['400', (_q, r) => sendJson(r, 400, {}), 'rejected', 'record'],
    ['401', (_q, r) => sendJson(r, 401, {}), 'not-sent', 'system'],
    ['403', (_q, r) => sendJson(r, 403, {}), 'not-sent', 'system'],
    ['404 in the form of the API', (_q, r) => sendJson(r, 404, {}), 'gone', undefined],
    ['404 of a proxy', page, 'unknown', 'system'],
    ['408', (_q, r) => sendJson(r, 408, {}), 'unknown', 'record'],
    ['409', (_q, r) => sendJson(r, 409, {}), 'rejected', 'record'],
    ['412', (_q, r) => sendJson(r, 412, {}), 'stale', undefined],
    ['422', (_q, r) => sendJson(r, 422, {}), 'rejected', 'record'],
    ['429', (_q, r) => sendJson(r, 429, {}, { 'retry-after': '9' }), 'not-sent', 'system'],
    ['500', (_q, r) => sendJson(r, 500, {}), 'unknown', 'record'],
    ['503', (_q, r) => sendJson(r, 503, {}), 'unknown', 'system'],
    ['no answer', () => undefined, 'unknown', 'record'],
    ['a reset', (_q, r) => void r.destroy(), 'unknown', 'system'],
  ]
  test.each(table)('a write answered by %s', async (name, respond, kind, scope) => {
    let requests = 0
    const resource = await scripted((request, response) => {
      requests += 1
      return respond(request, response)
    })
    for (const result of [await create(resource), await update(resource)]) {
      expect(result).toMatchObject({ kind })
      expect(result !== undefined && 'failure' in result ? result.failure.scope : undefined).toBe(scope)
    }
    // After a 429 our own limiter keeps the second one back.
    expect(requests).toBe(name === '429' ? 1 : 2)
  })

  test('an unreachable system and a passed start time are known not to have been sent', async () => {
    const resource = await scripted((_request, response) => sendJson(response, 200, { id: 1 }))
    const late = { ...context, startBefore: performance.now() - 1 }
    const result = await resource.create?.({ body: {}, recordId: 'r', idempotencyKey: 'k' }, late)
    expect(result).toMatchObject({ kind: 'not-sent', failure: { code: 'HTTP_START_TOO_LATE' } })
    const dead = connect('http://127.0.0.1:1', { manifest: 'jsonplaceholder' }).resource('users')
    expect(await dead.create?.({ body: {}, recordId: 'r', idempotencyKey: 'k' }, context)).toMatchObject({
      kind: 'not-sent',
      failure: { code: 'HTTP_NETWORK', scope: 'system' },
    })
  })

  test('says when to come back, which fields were refused, and never quotes a sentence', async () => {
    const throttled = await scripted((_q, r) => sendJson(r, 429, {}, { 'retry-after': '9' }))
    expect(await create(throttled)).toMatchObject({ failure: { retryAfterMs: 9_000 } })
    const refusing = await scripted(
      (_q, r) =>
        sendJson(r, 422, {
          code: 'INVALID',
          errors: [{ field: 'email' }, { field: 'ada@example.org is taken' }],
        }),
      { errors: { code: 'code', fields: { items: 'errors', name: 'field' } } },
    )
    const result = await create(refusing)
    expect(result).toMatchObject({ kind: 'rejected', fields: ['email'] })
    expect(JSON.stringify(result)).toContain('INVALID')
    expect(JSON.stringify(result)).not.toContain('ada@')
  })

  test('a created record whose answer names no id is an unknown outcome', async () => {
    const resource = await scripted((_q, r) => sendJson(r, 201, { fine: true }))
    expect(await create(resource)).toMatchObject({
      kind: 'unknown',
      failure: { code: 'CONNECTOR_ANSWER_UNUSABLE' },
    })
    const located = await scripted((_q, r) => {
      r.writeHead(201, { location: '/things/a%20b' })
      r.end()
    })
    expect(await create(located)).toEqual({ kind: 'ok', rid: 'a b' })
  })
})

test('a search that the API answers with strangers, because it ignored the filter, finds nothing of ours', async () => {
  const rows = Array.from({ length: 3 }, (_, n) => ({ id: n, mark: n === 1 ? 'ours' : 'theirs' }))
  const resource = await scripted((_request, response) => sendJson(response, 200, rows), {
    create: { as: 'marker', field: 'mark' },
    search: { maxResults: 3 },
  })
  expect(await resource.find?.({ by: 'marker', recordId: 'ours' }, context)).toEqual({
    kind: 'found',
    rids: ['1'],
    capped: true,
  })
  expect(await resource.find?.({ by: 'marker', recordId: 'nobody' }, context)).toMatchObject({
    rids: [],
    capped: true,
  })
})

describe('ways of paging', () => {
  const records = Array.from({ length: 23 }, (_, n) => ({ id: n + 1 }))
  const size = { parameter: 'limit', value: 10 }
  const number = (url: string, name: string): number =>
    Number(new URL(url, 'http://x').searchParams.get(name) ?? 0)

  const ways: [
    string,
    Record<string, unknown>,
    (url: string, origin: string) => [unknown, (Record<string, string> | undefined)?],
    boolean,
  ][] = [
    [
      'page',
      { paging: 'page', parameter: 'page', size },
      (url) => [records.slice((number(url, 'page') - 1) * 10, number(url, 'page') * 10)],
      false,
    ],
    [
      'offset',
      { paging: 'offset', parameter: 'skip', size },
      (url) => [records.slice(number(url, 'skip'), number(url, 'skip') + 10)],
      false,
    ],
    [
      'keyset with a smaller page than asked for',
      { paging: 'keyset', after: 'after', size: { parameter: 'limit', value: 100 } },
      (url) => [records.filter(({ id }) => id > number(url, 'after')).slice(0, 4)],
      true,
    ],
    [
      'cursor',
      { paging: 'cursor', after: 'token', next: 'meta.next', items: 'rows', stable: true, size },
      (url) => {
        const from = number(url, 'token')
        return [{ rows: records.slice(from, from + 10), meta: { next: from + 10 < 23 ? from + 10 : null } }]
      },
      true,
    ],
    [
      'link',
      { paging: 'link', stable: true, size },
      (url, origin) => {
        const from = number(url, 'from')
        const link =
          from + 10 < 23
            ? { link: `<${origin}/things?x=,;&from=${from + 10}>; title="a, b"; rel="last next"` }
            : undefined
        return [records.slice(from, from + 10), link]
      },
      true,
    ],
    ['single', { paging: 'single', items: 'all' }, () => [{ all: records }], true],
  ]
  test.each(ways)('%s', async (_name, list, answer, complete) => {
    const resource = await scripted(
      (request, response) => {
        const [body, headers] = answer(request.url, `http://${request.headers.host}`)
        sendJson(response, 200, body, headers)
      },
      { list },
    )
    const { rids, end } = await listOf(resource)
    expect(rids).toEqual(records.map(({ id }) => String(id)))
    expect(end.complete).toBe(complete)
  })

  test('a page link to another host is not followed', async () => {
    const resource = await scripted(
      (_request, response) =>
        sendJson(response, 200, records, { link: '<http://evil.example/next>; rel="next"' }),
      { list: { paging: 'link' } },
    )
    await expect(listOf(resource)).rejects.toMatchObject({ code: 'HTTP_BASE_URL_ESCAPE' })
  })

  test('a server that sends the same page for ever is noticed', async () => {
    const resource = await scripted(
      (_request, response) => sendJson(response, 200, { rows: records, next: 'again' }),
      {
        list: { paging: 'cursor', after: 'token', next: 'next', items: 'rows' },
      },
    )
    await expect(listOf(resource)).rejects.toMatchObject({ code: 'HTTP_PAGES_REPEATED' })
  })

  test('an answer that has no list, or a record without an id, is a clear error', async () => {
    for (const body of [{ rows: records }, [{ name: 'no id' }], ['text']]) {
      const resource = await scripted((_request, response) => sendJson(response, 200, body), {
        list: { paging: 'single' },
      })
      await expect(listOf(resource)).rejects.toMatchObject({ code: 'CONNECTOR_ANSWER_UNUSABLE' })
    }
  })
})

describe('identity of creates', () => {
  const seenBy = async (create: Record<string, unknown>) => {
    const seen: { method: string; url: string; body: unknown; key: unknown }[] = []
    const resource = await scripted(
      ({ method, url, body, headers }, response) => {
        seen.push({ method, url, body: JSON.parse(body), key: headers['x-key'] })
        sendJson(response, 201, { id: 'native' })
      },
      { create },
    )
    await resource.create?.({ body: { a: 1 }, recordId: 'rec', idempotencyKey: 'idem' }, context)
    return seen[0]
  }

  test('the id, key, marker or header goes where the manifest says', async () => {
    expect(await seenBy({ as: 'clientId' })).toMatchObject({
      method: 'PUT',
      url: '/things/rec',
      body: { a: 1, id: 'rec' },
    })
    expect(await seenBy({ as: 'upsertKey', path: '/things/by/{key}', field: 'ext.ref' })).toMatchObject({
      method: 'PUT',
      url: '/things/by/rec',
      body: { ext: { ref: 'rec' } },
    })
    expect(await seenBy({ as: 'idempotencyKey', header: 'X-Key', ttl: '24h' })).toMatchObject({
      method: 'POST',
      key: 'idem',
      body: { a: 1 },
    })
    expect(await seenBy({ as: 'marker', field: 'mark' })).toMatchObject({
      method: 'POST',
      url: '/things',
      body: { a: 1, mark: 'rec' },
    })
    expect(await seenBy({ as: 'none' })).toMatchObject({ method: 'POST', body: { a: 1 } })
  })
})

describe('a changes feed by time', () => {
  test('follows (time, id) through the API, ties across page edges included', async () => {
    const rows = Array.from({ length: 25 }, (_, n) => ({
      id: `r${String(n).padStart(2, '0')}`,
      at: n < 20 ? '2026-01-01T00:00:00Z' : '2026-01-01T00:00:01Z',
    }))
    const resource = await scripted(
      ({ url }, response) => {
        const query = new URL(url, 'http://x').searchParams
        const from = Date.parse(query.get('since') ?? '1970-01-01')
        const after = query.get('after') ?? ''
        const found = rows.filter(
          ({ id, at }) => Date.parse(at) > from || (Date.parse(at) === from && id > after),
        )
        sendJson(response, 200, found.slice(0, Number(query.get('limit'))))
      },
      {
        version: undefined,
        changes: {
          by: 'timestamp',
          since: 'since',
          afterId: 'after',
          position: 'at',
          size: { parameter: 'limit', value: 4 },
        },
      },
    )
    const told: string[] = []
    let cursor: string | undefined
    for (let more = true; more; ) {
      const page = await resource.changes?.(cursor, context)
      if (page?.kind !== 'page') return expect.fail(JSON.stringify(page))
      told.push(...page.changed.map(({ rid }) => rid))
      cursor = page.cursor
      more = page.more
    }
    expect(told).toEqual(rows.map(({ id }) => id))
    expect(await resource.changes?.(cursor, context)).toMatchObject({ kind: 'page', changed: [] })
  })

  test('H23: a counter that the system no longer knows is expired', async () => {
    const resource = await scripted((_q, r) => sendJson(r, 410, {}), {
      changes: { by: 'sequence', since: 'since', next: 'next' },
    })
    expect(await resource.changes?.('7', context)).toEqual({ kind: 'expired' })
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
