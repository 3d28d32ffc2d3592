/** Hazards of writing: conflicts, echoes, coercions, lost updates, unknown outcomes. Real HTTP, real PostgreSQL, the connector `rest`. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import { type PairOptions, RunningPair, settle, until } from '../support/running-pair.ts'
import { customerRecord } from '../support/two-systems.ts'

let database: TestDatabase
let pair: RunningPair

beforeAll(async () => {
  database = await withTestDatabase()
})
afterEach(() => pair.close())
afterAll(() => database.close())

async function joined(options: PairOptions = {}, count = 2): Promise<RunningPair> {
  pair = await RunningPair.open(database.connection, options)
  for (let n = 1; n <= count; n += 1) {
    pair.contacts.create(customerRecord(n), 'user')
    pair.partners.create(customerRecord(n), 'user')
  }
  await pair.start()
  await until(async () => (await linked()) === 2 * count)
  await pair.running.idle()
  return pair
}

async function linked(): Promise<number> {
  const { systems } = await pair.running.store.admin.status()
  return systems.reduce((sum, one) => sum + one.linked, 0)
}

const plainErp = { write: 'both', conditional: 'none', versioned: false } as const

describe('hazards of writing', () => {
  test('H1: two systems that differ in a value that was not changed are not written to each other', async () => {
    await joined({ definition: { erpPart: { map: { code: 'code', name: { path: 'name', maxLength: 5 } } } } })
    expect(pair.writes).toBe(0)
    await pair.full()
    await pair.running.idle()
    expect(pair.writes).toBe(0)
  })

  test('H3: concurrent edits of one field become a conflict, and the loser is kept', async () => {
    await joined()
    pair.contacts.patch('1', { city: 'Oslo' }, 'user')
    pair.partners.patch('1', { city: 'Rome' }, 'user')
    await pair.agree(2)
    expect(pair.partner('C000001')).toMatchObject({ city: 'Oslo' })
    const { rows } = await pair.running.store.admin.conflicts({ limit: 10 })
    expect(rows[0]?.candidates.map((one) => one.value).toSorted()).toEqual(['Oslo', 'Rome'])
  })

  test('H6: our own write does not come back as a change', async () => {
    await joined()
    await pair.subscribe()
    pair.contacts.patch('1', { city: 'Oslo' }, 'user')
    await pair.agree(2)
    await settle(2500)
    expect(pair.writes).toBe(1)
    expect((await pair.running.store.admin.conflicts({ limit: 10 })).rows).toEqual([])
  })

  test('H3: an edit made right after our write is a later edit, even where responses name no version', async () => {
    await joined({ erp: plainErp, definition: { erpResource: plainManifest } })
    for (let round = 1; round <= 2; round += 1) {
      pair.contacts.patch('1', { city: `Oslo ${round}` }, 'user')
      await until(() => pair.partner('C000001')?.city === `Oslo ${round}`)
      pair.partners.patch('1', { city: `Rome ${round}` }, 'user')
      await pair.agree(2)
      expect(pair.contact('C000001')?.city).toBe(`Rome ${round}`)
    }
    expect((await pair.running.store.admin.conflicts({ limit: 10 })).rows).toEqual([])
  })

  test('H7, H8: a name that the ERP truncates is written once and never propagates back', async () => {
    const long = 'A name that is much longer than forty characters can ever be'
    await joined()
    pair.contacts.patch('1', { name: long }, 'user')
    await until(() => pair.partner('C000001')?.name === long.slice(0, 40))
    await settle(2500)
    await pair.full()
    await pair.running.idle()
    expect(pair.contact('C000001')?.name).toBe(long)
    expect(pair.writes).toBe(1)
  })

  test("H9: systems that rewrite each other's writes are held, and settle", async () => {
    await joined({ crm: { rewrites: ['phone'] }, erp: { rewrites: ['phone'] } }, 1)
    pair.contacts.patch('1', { phone: '123' }, 'user')
    await settle(6000)
    const writes = pair.writes
    expect(writes).toBeLessThan(20)
    await settle(2500)
    expect(pair.writes).toBe(writes)
  })

  test('H11: an edit of another field between our write and our next read is not lost', async () => {
    await joined()
    pair.contacts.patch('1', { city: 'Oslo' }, 'user')
    await until(() => pair.partner('C000001')?.city === 'Oslo')
    pair.partners.patch('1', { phone: '99' }, 'user')
    await pair.agree(2)
    expect(pair.contact('C000001')).toMatchObject({ city: 'Oslo', phone: '99' })
  })

  test('H12: replacing a whole object leaves unmapped properties unchanged', async () => {
    await joined()
    pair.partners.patch('1', { memo: 'do not lose me' }, 'user')
    pair.contacts.patch('1', { city: 'Oslo' }, 'user')
    await pair.agree(2)
    expect(pair.partner('C000001')?.memo).toBe('do not lose me')
  })

  test('H13: an edit between our read and our write is detected, not overwritten', async () => {
    await joined()
    pair.erp.fault({ kind: 'slow', method: 'PUT', delayMs: 400, times: 1 })
    pair.contacts.patch('1', { city: 'Oslo' }, 'user')
    await until(() => pair.erp.countCalls('PUT') > 0)
    pair.partners.patch('1', { phone: '42' }, 'user')
    await pair.agree(2)
    expect(pair.contact('C000001')).toMatchObject({ city: 'Oslo', phone: '42' })
  })

  test('H14: a write that takes effect long after its call was abandoned does no harm', async () => {
    await joined({ erp: plainErp, definition: { erpResource: plainManifest } })
    pair.erp.fault({ kind: 'zombie', method: 'PATCH', delayMs: 400, times: 1 })
    pair.contacts.patch('1', { city: 'Oslo' }, 'user')
    await until(() => pair.erp.countCalls('PATCH') > 0)
    pair.contacts.patch('1', { city: 'Rome' }, 'user')
    await pair.agree(2)
    await settle(3500)
    await pair.full()
    await pair.agree(2)
    expect(pair.partner('C000001')?.city).toBe('Rome')
  })

  test('H10: a read that lags behind does not bring an old value back', async () => {
    await joined({ crm: { readLagMs: 1500 }, definition: { crmResource: { read: { lag: '1500ms' } } } })
    pair.partners.patch('1', { city: 'Oslo' }, 'user')
    await until(() => pair.contact('C000001')?.city === 'Oslo')
    await pair.full()
    await settle(3000)
    await pair.agree(2)
    expect(pair.partner('C000001')?.city).toBe('Oslo')
  })

  test('H39: a valid value that the target refuses is not sent repeatedly, and other fields continue', async () => {
    await joined()
    const body = JSON.stringify({ error: { code: 'NOT_VALID', message: 'email: not a valid address' } })
    pair.erp.fault({ kind: 'status', status: 422, method: 'PUT', body })
    pair.contacts.patch('1', { email: 'odd@example.org' }, 'user')
    await until(async () => (await pair.running.store.admin.failures({ limit: 10 })).rows.length === 1)
    const calls = pair.erp.countCalls('PUT')
    await settle(2500)
    expect(pair.erp.countCalls('PUT')).toBe(calls)
    pair.erp.faults.clear()
    pair.contacts.patch('1', { email: 'free@example.org' }, 'user')
    await pair.agree(2)
    expect((await pair.running.store.admin.failures({ limit: 10 })).rows).toEqual([])
  })
})

/** The ERP without versions or preconditions, patched. */
const plainManifest = {
  version: undefined,
  write: { with: 'patch', nested: 'merge', returns: 'body', omit: ['id'] },
}
