/** The server over real HTTP: pages, headers, live events, webhook intake, and its responses while the database is unavailable. */
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import pg from 'pg'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { RunningServer } from '../../src/server/create-server.ts'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import { RunningPair, until } from '../support/running-pair.ts'
import { customerRecord, hookSecret } from '../support/two-systems.ts'

vi.setConfig({ testTimeout: 60_000 })

let database: TestDatabase
let pair: RunningPair
let server: RunningServer

beforeAll(async () => {
  database = await withTestDatabase()
  pair = await RunningPair.open(database.connection)
  pair.contacts.create(customerRecord(1), 'user')
  await pair.start()
  server = await pair.subscribe()
  await pair.agree(1)
})

afterAll(async () => {
  await pair.close()
  await database.close()
})

async function deliver(
  path: string,
  options: { readonly body?: string; readonly secret?: string; readonly id?: string } = {},
): Promise<Response> {
  const { body = JSON.stringify({ type: 'contacts.changed', data: { id: '1', version: 9 } }) } = options
  const id = options.id ?? `msg_${randomBytes(6).toString('hex')}`
  const now = new Date()
  return fetch(`${server.url}${path}`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(options.secret ?? hookSecret).sign(id, now, body),
    },
  })
}

const otherSecret = `whsec_${Buffer.from('another-secret-of-32-bytes-length').toString('base64')}`

test('serves its pages with headers that exclude foreign content', async () => {
  for (const [path, type] of [
    ['/', 'text/html'],
    ['/status.js', 'text/javascript'],
    ['/status.css', 'text/css'],
    ['/api/v1/status', 'application/json'],
    ['/api/v1/decisions', 'application/json'],
  ] as const) {
    const response = await fetch(server.url + path)
    expect(response.status, path).toBe(200)
    expect(response.headers.get('content-type'), path).toContain(type)
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    expect(policy).toContain("frame-ancestors 'none'")
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    expect(response.headers.get('cache-control')).toBe('no-store')
  }
})

test('shows figures and decisions, and no value of any record', async () => {
  const status = await (await fetch(`${server.url}/api/v1/status`)).text()
  const decisions = await (await fetch(`${server.url}/api/v1/decisions`)).text()
  expect(JSON.parse(status)).toMatchObject({ integration: 'two-systems' })
  expect(JSON.parse(decisions)).not.toEqual([])
  for (const value of ['Customer 1', 'customer1@example.org', '+49 30 100001'])
    expect(status + decisions).not.toContain(value)
})

test('refuses requests for another host name, but accepts webhooks under any', async () => {
  const ask = (path: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request(`${server.url}${path}`, { headers: { host: 'evil.example' } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .once('error', reject)
        .end()
    })
  expect(await ask('/')).toBe(421)
  expect(await ask('/api/v1/status')).toBe(421)
  expect(await ask('/hooks/crm')).toBe(404)
})

test('sends status and new decisions to all clients', async () => {
  const stop = new AbortController()
  const response = await fetch(`${server.url}/api/v1/events`, { signal: stop.signal })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  let text = ''
  const reading = (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString()
  })().catch(() => undefined)
  await until(() => /event: status\ndata: \{/.test(text) || 'no status yet')
  const before = text.split('event: decisions').length
  const [nativeId = ''] = pair.contacts.nativeIds()
  pair.contacts.patch(nativeId, { phone: 'watched' }, 'user')
  await until(() => text.split('event: decisions').length > before || 'no decision yet')
  expect(text).not.toContain('watched')
  stop.abort()
  await reading
})

test('responds with 202 to a signed delivery, even when it is repeated', async () => {
  expect((await deliver('/hooks/crm', { id: 'msg_twice' })).status).toBe(202)
  expect((await deliver('/hooks/crm', { id: 'msg_twice' })).status).toBe(202)
  const accepted = pair.events.filter((event) => event.type === 'WebhookAccepted')
  expect(accepted.slice(-2).map(({ duplicate }) => duplicate)).toEqual([false, true])
})

test('responds to an unknown system and a wrong signature alike', async () => {
  const unknown = await deliver('/hooks/nobody')
  const forged = await deliver('/hooks/crm', { secret: otherSecret })
  const unsigned = await fetch(`${server.url}/hooks/crm`, { method: 'POST', body: '{}' })
  const withoutHooks = await deliver('/hooks/erp')
  const [shown, ...others] = await Promise.all(
    [unknown, forged, unsigned, withoutHooks].map(async (response) => ({
      status: response.status,
      body: await response.text(),
      type: response.headers.get('content-type'),
    })),
  )
  expect(shown?.status).toBe(401)
  for (const other of others) expect(other).toEqual(shown)
})

test('refuses a body over 1 MiB, and accepts one just below it up to the signature', async () => {
  expect((await deliver('/hooks/crm', { body: 'x'.repeat(1024 * 1024 + 1) })).status).toBe(413)
  expect(
    (await deliver('/hooks/crm', { body: 'x'.repeat(1024 * 1024 - 1), secret: otherSecret })).status,
  ).toBe(401)
})

test('responds with 503 to deliveries and to /readyz while the database is unavailable, 202 once it is back, and loses nothing', async () => {
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  await whileClosed(async () => {
    const response = await deliver('/hooks/crm')
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    const ready = await fetch(`${server.url}/readyz`)
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({ code: expect.stringMatching(/^STORE_/) })
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    const [nativeId = ''] = pair.contacts.nativeIds()
    pair.contacts.patch(nativeId, { phone: 'while it was away' }, 'user')
  })
  await until(async () => (await deliver('/hooks/crm')).status === 202 || 'still refused')
  await until(() => pair.partner('C000001')?.phone === 'while it was away' || 'not there yet')
})

/** Runs a function while the database refuses connections. */
async function whileClosed(meanwhile: () => Promise<void>): Promise<void> {
  const { pathname } = new URL(database.connection)
  const name = pathname.slice(1)
  const client = new pg.Client({ connectionString: database.connection.replace(pathname, '/postgres') })
  await client.connect()
  try {
    await client.query(`alter database ${name} with allow_connections false`)
    await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`, [name])
    await meanwhile()
  } finally {
    await client.query(`alter database ${name} with allow_connections true`)
    await client.end()
  }
}
