/** Hazards of creating, of recognising existing records, and of starting over: H16 to H20, H36. */

import pg from 'pg'
import { expect, test } from 'vitest'
import { elapse } from '../support/elapse.ts'
import { type JoinOptions, recordOf, useJoinedSystems } from '../support/joined-systems.ts'
import { customerRecord } from '../support/two-systems.ts'

const { join, database } = useJoinedSystems()
const first = customerRecord(1)
const soon = { timing: { readTimeout: '3s', writeTimeout: '500ms' } }
const quickly = { startWindowMs: 200 } as const

/** An ERP that offers this kind of identity for creates, whatever the definition specifies about markers. */
function erpThatCreates(create: object, more: Partial<JoinOptions> = {}, resource: object = {}): JoinOptions {
  return {
    engine: quickly,
    ...more,
    definition: { erpSystem: soon, erpResource: { create, ...resource }, ...more.definition },
  }
}

test.each([
  ['an upsert key', erpThatCreates({ as: 'upsertKey', field: 'externalId' })],
  ['a marker', erpThatCreates({ as: 'marker', field: 'externalId' }, { erp: { create: 'none' } })],
  [
    'its own fields',
    erpThatCreates(
      { as: 'naturalKey' },
      { erp: { create: 'none' }, definition: { erpPart: { key: undefined } } },
    ),
  ],
])('H16 a create whose response never came is found again by %s, not made twice', async (_what, options) => {
  const joined = await join({ ...options, settle: true })
  joined.erp.fault({ kind: 'lose-response', method: 'POST', times: 1 })
  joined.contacts.create(first, 'user')
  await joined.until('it is there', () => joined.partners.size > 0)
  await joined.quiet()
  await joined.full()
  expect([joined.contacts.size, joined.partners.size]).toEqual([1, 1])
  joined.partners.patch(recordOf(joined.partners, 'C000001').nativeId, { phone: 'linked' }, 'user')
  await joined.until('the two are linked', () => recordOf(joined.contacts, 'C000001').body.phone === 'linked')
})

test('H16 where no create can be recognised it is made at most once, and left for review', async () => {
  const joined = await join({
    engine: quickly,
    erp: { create: 'none' },
    definition: {
      erpSystem: soon,
      erpResource: { create: { as: 'none' }, search: undefined, list: undefined, changes: undefined },
      erpPart: { key: undefined, triggers: [] },
    },
  })
  joined.erp.fault({ kind: 'drop', method: 'POST', times: 1 })
  joined.contacts.create(first, 'user')
  const { admin } = joined.runtime().store
  await joined.until('a person is asked', async () => (await admin.failures({ limit: 5 })).rows.length > 0)
  expect(joined.erp.countCalls('POST')).toBe(1)
  expect(joined.partners.size).toBe(0)
})

test('H17 a lagging search is not relied on too early after a lost create', async () => {
  const joined = await join(
    erpThatCreates(
      { as: 'marker', field: 'externalId' },
      { erp: { create: 'none', searchLagMs: 1500 } },
      { search: { items: 'data', lag: '1500ms' }, changes: undefined },
    ),
  )
  joined.erp.fault({ kind: 'zombie', method: 'POST', delayMs: 300, times: 1 })
  joined.contacts.create(first, 'user')
  await joined.until('it is linked', async () => {
    if (joined.partners.size === 0) return false
    const nativeId = recordOf(joined.partners, 'C000001').nativeId
    return (await joined.runtime().store.admin.record({ system: 'erp', nativeId })) !== undefined
  })
  await joined.quiet()
  expect(joined.partners.size).toBe(1)
  expect(joined.erp.countCalls('POST')).toBe(1)
})

test('H18 an idempotency key is used again within its lifetime, and not relied on after it', async () => {
  const within = await join(
    erpThatCreates(
      { as: 'idempotencyKey', ttl: '1h', field: 'externalId' },
      { erp: { create: 'idempotencyKey' } },
    ),
  )
  within.erp.fault({ kind: 'lose-response', method: 'POST', times: 1 })
  within.contacts.create(first, 'user')
  await within.until('it is there', () => within.partners.size > 0)
  await within.quiet()
  expect(within.partners.size).toBe(1)

  const after = await join(
    erpThatCreates(
      { as: 'idempotencyKey', ttl: '300ms', field: 'externalId' },
      { erp: { create: 'idempotencyKey', idempotencyTtlMs: 300 } },
    ),
  )
  after.erp.fault({ kind: 'lose-response', method: 'POST', times: 1 })
  after.contacts.create(first, 'user')
  await after.until('it is there', () => after.partners.size > 0)
  await after.quiet()
  await after.full()
  expect([after.contacts.size, after.partners.size]).toEqual([1, 1])
})

test.each([
  ['with our mark on it', { as: 'marker', field: 'externalId' }, 'none', {}],
  [
    'without a mark, and with nothing to match it by',
    { as: 'idempotencyKey', ttl: '1h' },
    'idempotencyKey',
    { customer: { match: 'never' }, erpPart: { key: undefined } },
  ],
] as const)(
  'H19 our own create that a poll finds before its response comes is not created back, %s',
  async (_what, create, kind, definition) => {
    const joined = await join({
      erp: { create: kind },
      definition: { ...definition, erpResource: { create } },
    })
    // Carried out at once, while further responses are lost.
    joined.erp.fault({ kind: 'lose-response', method: 'POST' })
    joined.contacts.create(first, 'user')
    await joined.until('it is there', () => joined.partners.size > 0)
    await joined.until('a poll has found it', () => joined.erp.countCalls('GET', /^\/partners\/\d/) > 0)
    await elapse(500, 'further creates lose their responses meanwhile')
    joined.erp.faults.clear()
    await joined.quiet()
    await joined.full()
    expect([joined.contacts.size, joined.partners.size]).toEqual([1, 1])
  },
)

test('H20 existing records of both systems are linked, not duplicated, whatever the order and however many there are', async () => {
  const records = Array.from({ length: 40 }, (_, n) => customerRecord(n + 1))
  const joined = await join({
    inCrm: records.slice(0, 30),
    inErp: records
      .slice(10)
      .reverse()
      .map((record) => ({ ...record, code: ` ${String(record.code).toLowerCase()}` })),
    definition: { customer: { match: [{ normalised: ['code'] }] } },
    settle: false,
  })
  await joined.another()
  await joined.quiet()
  expect([joined.contacts.size, joined.partners.size]).toEqual([40, 40])
  expect((await joined.runtime().store.admin.status()).records).toMatchObject({ active: 40 })
})

test('H20 one that matches either of two waits for review and changes neither', async () => {
  const joined = await join({
    inCrm: [1, 2].map((n) => customerRecord(n)),
    definition: {
      customer: { match: [{ exact: ['email'] }] },
      erpPart: { operations: ['update'] },
    },
  })
  joined.contacts.patch(recordOf(joined.contacts, 'C000002').nativeId, { email: first.email }, 'user')
  await joined.quiet()
  joined.partners.create(customerRecord(3, { email: first.email }), 'user')
  const { admin } = joined.runtime().store
  await joined.until('a person is asked', async () => (await admin.reviews({ limit: 5 })).rows.length === 1)
  await joined.full()
  expect((await admin.reviews({ limit: 5 })).rows).toMatchObject([{ system: 'erp', candidates: [{}, {}] }])
  expect(joined.writes()).toBe(0)
})

test('H36 after restoring an older backup of the store, later creates are recognised and not made again', async () => {
  const joined = await join({ inCrm: [1, 2, 3].map((n) => customerRecord(n)) })
  await joined.restart({ meanwhile: () => onServer(`create database ${name()}_copy template ${name()}`) })
  for (const n of [4, 5, 6]) joined.contacts.create(customerRecord(n), 'user')
  joined.contacts.patch(recordOf(joined.contacts, 'C000001').nativeId, { phone: 'since' }, 'user')
  await joined.until('all are through', () => joined.partners.size === 6)
  await joined.quiet()
  const before = joined.writes()
  await joined.restart({
    meanwhile: async () => {
      await onServer(`alter database ${name()} rename to ${name()}_newer`)
      await onServer(`alter database ${name()}_copy rename to ${name()}`)
    },
  })
  await joined.quiet()
  await joined.full()
  expect([joined.contacts.size, joined.partners.size]).toEqual([6, 6])
  expect(joined.writes()).toBe(before)
  expect(recordOf(joined.partners, 'C000001').body.phone).toBe('since')
  await onServer(`drop database ${name()}_newer`)
})

const name = (): string => new URL(database().connection).pathname.slice(1)

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: database().connection.replace(/\/test_\w+/, '/postgres') })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
