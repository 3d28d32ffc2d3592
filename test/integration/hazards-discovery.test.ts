/** Hazards of discovering, creating, deleting and referencing: first loads, lost responses, lists, cursors, webhooks. Real HTTP, real PostgreSQL. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import { type PairOptions, RunningPair, settle, until } from '../support/running-pair.ts'
import { customerRecord, fakeResourceManifest } from '../support/two-systems.ts'

let database: TestDatabase
let pair: RunningPair

beforeAll(async () => {
  database = await withTestDatabase()
})
afterEach(() => pair.close())
afterAll(() => database.close())

async function open(options: PairOptions = {}): Promise<RunningPair> {
  pair = await RunningPair.open(database.connection, options)
  return pair
}

function fill(count: number): void {
  for (let n = 1; n <= count; n += 1) pair.contacts.create(customerRecord(n), 'user')
}

/** Both systems with the same records, joined, and settled. */
async function joined(count: number, options: PairOptions = {}): Promise<void> {
  await open(options)
  fill(count)
  await pair.start()
  await pair.agree(count)
  await pair.running.idle()
}

async function linked(): Promise<number> {
  const { systems } = await pair.running.store.admin.status()
  return systems.reduce((sum, one) => sum + one.linked, 0)
}

const duplicatesOf = (codes: readonly unknown[]) => codes.length - new Set(codes).size

function partnerCodes(): readonly unknown[] {
  return [...pair.partners.nativeIds()].map((nativeId) => pair.partners.current(nativeId)?.body?.code)
}

describe('creating', () => {
  test('H2, H20: records that exist on both sides are matched at the first load, not created again', async () => {
    await open()
    fill(20)
    for (let n = 1; n <= 20; n += 2) pair.partners.create(customerRecord(n), 'user')
    await pair.start()
    await pair.agree(20)
    expect(duplicatesOf(partnerCodes())).toBe(0)
    expect(pair.partners.changes.filter((change) => change.by === 'engine')).toHaveLength(10)
  })

  for (const [kind, fake, manifest] of [
    ['upsert key', { create: 'upsertKey' }, { as: 'upsertKey', field: 'externalId' }],
    ['idempotency key', { create: 'idempotencyKey' }, { as: 'idempotencyKey', ttl: '1h' }],
    ['marker', { create: 'none' }, { as: 'marker', field: 'externalId' }],
    ['natural key', { create: 'none' }, { as: 'naturalKey' }],
  ] as const)
    test(`H16, H17: creates whose responses are lost make one record each (${kind})`, async () => {
      await open({ erp: fake, definition: { erpResource: { create: manifest } } })
      fill(8)
      pair.erp.fault({ kind: 'lose-response', method: 'POST', chance: 0.5, times: 6 })
      await pair.start()
      await pair.agree(8)
      await pair.quiet()
      expect(pair.erp.countCalls('POST')).toBeGreaterThanOrEqual(8)
      expect(pair.partners.size).toBe(8)
      expect(duplicatesOf(partnerCodes())).toBe(0)
      await until(async () => (await linked()) === 16)
    })

  test('H18: an expired idempotency key is not relied on; the record is searched for', async () => {
    const manifest = { as: 'idempotencyKey', ttl: '1s' }
    await open({
      erp: { create: 'idempotencyKey', idempotencyTtlMs: 1000 },
      definition: { erpResource: { create: manifest } },
    })
    fill(4)
    pair.erp.fault({ kind: 'lose-response', method: 'POST', times: 3 })
    await pair.start()
    await pair.agree(4)
    await pair.quiet()
    expect(pair.partners.size).toBe(4)
    await until(async () => (await linked()) === 8)
  })

  test('H19: our own create is not treated as new when the target announces it before its response', async () => {
    await open({ crm: { create: 'none' }, definition: { crmResource: { create: { as: 'naturalKey' } } } })
    await pair.start()
    await pair.subscribe()
    await pair.full()
    pair.crm.fault({ kind: 'lose-response', method: 'POST', times: 2 })
    for (let n = 1; n <= 4; n += 1) pair.partners.create(customerRecord(n), 'user')
    await pair.agree(4)
    await settle(2000)
    await pair.agree(4)
  })
})

describe('lists, cursors and webhooks', () => {
  test('H31: webhooks that are lost, duplicated, late and out of order do not affect the result', async () => {
    await joined(5)
    await pair.subscribe({ lose: 0.4, duplicate: 0.5, delayMs: 300 })
    for (let n = 0; n < 60; n += 1) pair.contacts.patch(String((n % 5) + 1), { city: `City ${n}` }, 'user')
    await pair.agree(5)
  })

  test('H31: a change is propagated by its webhook alone, without any poll', async () => {
    await joined(2, { definition: { crmPart: { triggers: [{ webhook: 'changes' }] } } })
    await pair.subscribe()
    pair.contacts.patch('1', { city: 'Oslo' }, 'user')
    await until(() => pair.partner('C000001')?.city === 'Oslo')
  })

  test('a forged webhook is refused and marks nothing', async () => {
    await joined(1)
    const server = await pair.subscribe()
    const response = await fetch(`${server.url}/hooks/crm`, {
      method: 'POST',
      headers: {
        'webhook-id': 'x',
        'webhook-timestamp': String(Date.now() / 1000),
        'webhook-signature': 'v1,AAAA',
      },
      body: JSON.stringify({ type: 'contacts.changed', data: { id: '999', version: 1 } }),
    })
    expect(response.status).toBe(401)
    expect(await pair.detail('crm', '999')).toBeUndefined()
  })

  test('H21: changes with the same timestamp are not lost at the edge of a page', async () => {
    await joined(1, {
      definition: {
        crmResource: {
          changes: {
            by: 'timestamp',
            path: '/contacts/changed',
            since: 'from',
            position: 'updatedAt',
            afterId: 'after',
            items: 'data',
            more: 'more',
            overlap: '0s',
            size: { parameter: 'limit', value: 7 },
          },
        },
      },
    })
    for (let n = 2; n <= 60; n += 1) pair.contacts.create(customerRecord(n), 'user')
    await pair.agree(60)
  })

  test('H23: an expired cursor leads to a full list, not to "now"', async () => {
    await joined(3)
    pair.crm.fault({
      kind: 'status',
      status: 410,
      path: 'changes',
      times: 1,
      body: { error: { code: 'EXPIRED' } },
    })
    pair.contacts.patch('2', { city: 'Oslo' }, 'user')
    await pair.agree(3)
    expect(pair.events.some((event) => event.type === 'CursorExpired')).toBe(true)
  })

  test('H24, H25: a list that stops at a cap deletes nothing', async () => {
    await joined(12)
    pair.crm.fault({ kind: 'cut-list', path: 'limit=500', times: 4 })
    await pair.full()
    await pair.full()
    await settle(2500)
    expect(pair.partners.size).toBe(12)
  })
})

describe('deleting', () => {
  test('a record that a user deletes is deleted on the other side, after a second read', async () => {
    await joined(6)
    pair.contacts.remove('3', 'user')
    await until(() => pair.partners.size === 5)
    expect(pair.partner('C000003')).toBeUndefined()
  })

  test('H26: an empty list, a page of HTML or a wrong tenant deletes nothing', async () => {
    await joined(6)
    pair.crm.fault({ kind: 'empty-list', path: 'limit', times: 3 })
    await pair.full()
    pair.crm.faults.clear()
    pair.crm.fault({ kind: 'html', times: 10 })
    await pair.full()
    pair.crm.faults.clear()
    pair.crm.tenant = 'somebody else'
    pair.contacts.remove('1', 'user')
    await settle(3000)
    expect(pair.partners.size).toBe(6)
  })

  test('H27: a mass deletion is held for review, all of it', async () => {
    await joined(40, {
      definition: {
        customer: {
          delete: { from: ['crm'], action: 'delete', confirm: '1s', guard: { max: '1 %', atLeast: 5 } },
        },
      },
    })
    for (let n = 1; n <= 12; n += 1) pair.contacts.remove(String(n), 'user')
    await until(async () => (await pair.running.store.admin.holds({ limit: 50 })).rows.length === 12)
    expect(pair.partners.size).toBe(40)
  })

  test('H28: an edit against a deletion is held, and nothing is lost meanwhile', async () => {
    await joined(6)
    pair.erp.outage(true)
    pair.contacts.patch('2', { city: 'Rome' }, 'user')
    await settle(300)
    pair.partners.patch(String(nativeIdOf('C000002')), { phone: 'edited' }, 'user')
    pair.contacts.remove('2', 'user')
    pair.erp.outage(false)
    await until(async () => (await pair.running.store.admin.holds({ limit: 10 })).rows.length > 0)
    expect(pair.partner('C000002')).toMatchObject({ phone: 'edited' })
  })

  test('H38: a record that users merged into another is followed, and deletes nothing', async () => {
    await joined(6)
    const survivor = nativeIdOf('C000002')
    pair.contacts.remove('1', 'user', { mergedInto: '2' })
    await until(() => pair.events.some((event) => event.type === 'MembersMerged'))
    await settle(1500)
    expect(pair.partner('C000002')?.id).toBe(survivor)
    expect(pair.partners.size).toBe(6)
  })
})

function nativeIdOf(code: string): unknown {
  return pair.partner(code)?.id
}

describe('one record, one system, nothing else', () => {
  test('H33: a record that the target always refuses blocks no other', async () => {
    await open({ erp: { unique: 'email' } })
    fill(20)
    pair.contacts.patch('7', { email: 'customer8@example.org' }, 'user')
    await pair.start()
    await until(() => pair.partners.size === 19)
    await until(async () => (await pair.running.store.admin.failures({ limit: 10 })).rows.length === 1)
  })

  test('H34: a throttled system is not called for as long as it requests', async () => {
    await joined(4)
    pair.erp.fault({ kind: 'status', status: 429, retryAfter: '2', method: 'PUT', times: 1 })
    pair.contacts.patch('1', { city: 'Oslo' }, 'user')
    await until(() => pair.erp.countCalls('PUT') === 1)
    await settle(1500)
    expect(pair.erp.countCalls('PUT')).toBe(1)
    await pair.agree(4)
  })

  test('changes during an outage of one side are caught up afterwards, and nothing is made twice', async () => {
    await joined(5)
    pair.erp.outage(true)
    for (let n = 1; n <= 5; n += 1) pair.contacts.patch(String(n), { city: `Outage ${n}` }, 'user')
    for (let n = 6; n <= 9; n += 1) pair.contacts.create(customerRecord(n), 'user')
    await settle(2500)
    pair.erp.outage(false)
    await pair.agree(9)
    expect(duplicatesOf(partnerCodes())).toBe(0)
  })

  test('H29: an order waits for its customer and then refers to the right one', async () => {
    const order = {
      fields: { number: { type: 'string', required: true }, buyer: { type: 'ref', entity: 'customer' } },
      match: [{ exact: ['number'] }],
      conflict: { default: 'prefer crm erp' },
      systems: {
        crm: {
          resource: 'deals',
          key: 'externalId',
          map: { number: 'number', buyer: 'buyerId' },
          triggers: [{ poll: '1s' }],
        },
        erp: {
          resource: 'orders',
          key: 'externalId',
          map: { number: 'number', buyer: 'partnerId' },
          triggers: [{ poll: '1s' }],
        },
      },
    }
    await open({
      more: { crm: [{ name: 'deals', create: 'upsertKey' }], erp: [{ name: 'orders', create: 'upsertKey' }] },
      definition: {
        entities: { order },
        crmSystem: manifestOf('contacts', 'deals'),
        erpSystem: manifestOf('partners', 'orders'),
      },
    })
    fill(3)
    pair.crm.resource('deals').table.create({ number: 'O1', buyerId: '2' }, 'user')
    await pair.start()
    await pair.agree(3)
    const orders = pair.erp.resource('orders').table
    await until(() =>
      [...orders.nativeIds()].some(
        (nativeId) => orders.current(nativeId)?.body?.partnerId === nativeIdOf('C000002'),
      ),
    )
    expect(orders.size).toBe(1)
  })
})

const replaced = { write: { with: 'put', returns: 'body+version', omit: ['id', 'version', 'updatedAt'] } }

function manifestOf(...resources: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    manifest: {
      fingerprint: { path: '/account', value: 'tenant' },
      resources: Object.fromEntries(
        resources.map((name) => [name, fakeResourceManifest(name, name === 'partners' ? replaced : {})]),
      ),
      ...(resources.includes('contacts') && {
        webhooks: { scheme: { kind: 'standard' }, resource: { path: 'type', before: '.' }, id: 'data.id' },
      }),
    },
  }
}
