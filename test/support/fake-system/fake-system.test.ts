import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterEach, expect, test } from 'vitest'
import { type FakeSystem, startFakeSystem } from './fake-system.ts'
import type { FakeResourceOptions, FakeSystemOptions } from './options.ts'
import { spawnFakeSystem } from './spawn.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function fakeWith(
  resource: Partial<FakeResourceOptions> = {},
  more: Partial<FakeSystemOptions> = {},
): Promise<FakeSystem> {
  const fake = await startFakeSystem({ name: 'crm', resources: [{ name: 'contacts', ...resource }], ...more })
  open.push(fake)
  return fake
}

async function call(fake: { url: string }, method: string, path: string, body?: unknown, headers = {}) {
  const response = await fetch(fake.url + path, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    etag: response.headers.get('etag'),
    body: text === '' ? undefined : JSON.parse(text),
  }
}

test('a write on a stale version is refused and a write on the current one is applied', async () => {
  const fake = await fakeWith()
  const made = await call(fake, 'POST', '/contacts', { name: 'Ada' })
  expect(made).toMatchObject({ status: 201, etag: '"1"', body: { id: '1', name: 'Ada', version: 1 } })
  const patched = await call(fake, 'PATCH', '/contacts/1', { phone: '1' }, { 'if-match': '"1"' })
  expect(patched.body).toMatchObject({ name: 'Ada', phone: '1', version: 2 })
  expect((await call(fake, 'PATCH', '/contacts/1', { phone: '2' }, { 'if-match': '"1"' })).status).toBe(412)
  const replaced = await call(fake, 'PUT', '/contacts/1', { name: 'Bea' })
  expect(replaced.body).not.toHaveProperty('phone')
})

test('a conditional resource demands If-Match', async () => {
  const fake = await fakeWith({ conditional: 'required' })
  await call(fake, 'POST', '/contacts', { name: 'Ada' })
  expect((await call(fake, 'PUT', '/contacts/1', { name: 'Bea' })).status).toBe(428)
})

test('the same upsert, client id or idempotency key makes one record', async () => {
  const upsert = await fakeWith({ create: 'upsertKey' })
  await call(upsert, 'POST', '/contacts', { name: 'Ada', externalId: 'r1' })
  expect((await call(upsert, 'POST', '/contacts', { name: 'Ada', externalId: 'r1' })).status).toBe(200)
  const client = await fakeWith({ create: 'clientId' })
  await call(client, 'POST', '/contacts', { id: 'mine', name: 'Ada' })
  expect((await call(client, 'POST', '/contacts', { id: 'mine', name: 'Ada' })).status).toBe(409)
  const keyed = await fakeWith({ create: 'idempotencyKey' })
  for (let i = 0; i < 2; i += 1)
    await call(keyed, 'POST', '/contacts', { name: 'Ada' }, { 'idempotency-key': 'k' })
  expect([upsert, client, keyed].map((fake) => fake.resource('contacts').table.size)).toEqual([1, 1, 1])
})

test('texts are truncated, decimals keep their places and chosen properties are rewritten', async () => {
  const fake = await fakeWith({ truncate: { name: 4 }, decimals: { limit: 2 }, rewrites: ['phone'] })
  const made = await call(fake, 'POST', '/contacts', { name: 'Adalbert', limit: '10.5', phone: '1' })
  expect(made.body).toMatchObject({ name: 'Adal', limit: '10.50', phone: '1 #1' })
})

test('pages continue after records that were deleted, offsets skip records', async () => {
  const fake = await fakeWith()
  const { table } = fake.resource('contacts')
  for (let n = 1; n <= 6; n += 1) table.create({ name: `n${n}` }, 'user')
  const first = await call(fake, 'GET', '/contacts?limit=2')
  expect(first.body).toMatchObject({ data: [{ id: '1' }, { id: '2' }], next: '2', total: 6 })
  table.remove('1', 'user')
  expect(
    (await call(fake, 'GET', '/contacts?limit=2&after=2')).body.data.map((one: { id: string }) => one.id),
  ).toEqual(['3', '4'])
  expect(
    (await call(fake, 'GET', '/contacts?limit=2&offset=2')).body.data.map((one: { id: string }) => one.id),
  ).toEqual(['4', '5'])
})

test('a lagging search does not find a record created just now', async () => {
  const fake = await fakeWith({ searchLagMs: 60_000 })
  await call(fake, 'POST', '/contacts', { name: 'Ada', externalId: 'r1' })
  expect((await call(fake, 'GET', '/contacts?externalId=r1')).body.data).toEqual([])
})

test('a lost response has had its effect, a dropped request has none and a zombie has it later', async () => {
  const fake = await fakeWith()
  const { table } = fake.resource('contacts')
  fake.fault({ kind: 'lose-response', times: 1 })
  await expect(call(fake, 'POST', '/contacts', { name: 'lost' })).rejects.toThrow()
  fake.fault({ kind: 'drop', times: 1 })
  await expect(call(fake, 'POST', '/contacts', { name: 'dropped' })).rejects.toThrow()
  expect(table.size).toBe(1)
  fake.fault({ kind: 'zombie', delayMs: 50, times: 1 })
  await expect(call(fake, 'POST', '/contacts', { name: 'zombie' })).rejects.toThrow()
  expect(table.size).toBe(1)
  await expect.poll(() => table.size).toBe(2)
})

test('the history shows who wrote what', async () => {
  const fake = await fakeWith()
  const { table } = fake.resource('contacts')
  table.create({ name: 'a' }, 'user')
  await call(fake, 'PATCH', '/contacts/1', { name: 'b' })
  table.patch('1', { name: 'c' }, 'user')
  expect(table.history('1').map((version) => [version.by, version.body?.name])).toEqual([
    ['user', 'a'],
    ['engine', 'b'],
    ['user', 'c'],
  ])
})

test('the change feed names changes after a cursor, including deletions', async () => {
  const fake = await fakeWith()
  const { table } = fake.resource('contacts')
  table.create({ name: 'a' }, 'user')
  table.remove('1', 'user')
  expect((await call(fake, 'GET', '/contacts/changes?since=1')).body).toEqual({
    changes: [{ id: '1', version: 2, deleted: true }],
    next: '2',
    more: false,
  })
})

test('a change is announced by a signed webhook', async () => {
  const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`
  const seen: unknown[] = []
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const headers = request.headers as Record<string, string>
    seen.push(new Webhook(secret).verify(Buffer.concat(chunks).toString(), headers))
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  open.push({ close: () => new Promise((resolve) => receiver.close(() => resolve())) })
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
  const fake = await fakeWith({}, { webhooks: { url, secret } })
  fake.resource('contacts').table.create({ name: 'a' }, 'user')
  await expect.poll(() => seen).toMatchObject([{ type: 'contacts.changed', data: { id: '1', version: 1 } }])
  await expect.poll(() => fake.webhooksAccepted).toBe(1)
})

test('a fake in a process of its own is controlled and read through its back door', async () => {
  const fake = await spawnFakeSystem({ name: 'crm', resources: [{ name: 'contacts' }] })
  open.push(fake)
  expect(await fake.edit({ resource: 'contacts', create: [{ name: 'a' }, { name: 'b' }] })).toEqual([
    '1',
    '2',
  ])
  await fake.fault({ kind: 'status', status: 503, times: 1 })
  expect((await call(fake, 'GET', '/contacts/1')).status).toBe(503)
  expect((await call(fake, 'GET', '/contacts/1')).status).toBe(200)
  expect(await fake.records('contacts')).toMatchObject([{ id: '1', name: 'a' }, { id: '2' }])
  expect(await fake.counts('contacts')).toMatchObject({ live: 2, duplicates: [] })
})

test('a generated million is listed page by page', async () => {
  const fake = await fakeWith({ virtual: 1_000_000 })
  const page = await call(fake, 'GET', '/contacts?limit=10000&after=990000')
  expect(page.body.data).toHaveLength(10_000)
  expect(page.body).toMatchObject({ next: null, total: 1_000_000 })
})
