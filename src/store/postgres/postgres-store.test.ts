import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeStore } from '../../../test/conformance/store.ts'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import { openPostgresHarness } from '../../../test/support/postgres-harness.ts'
import { createClearCodec } from '../clear-codec.ts'
import { PostgresStore } from './postgres-store.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await withTestDatabase()
})
afterAll(() => database.close())

describeStore('PostgreSQL', ({ format } = {}) => openPostgresHarness(database, { format }))

test('a lane that no version stores is refused with the record and what is wrong, and the rest of the record is shown', async () => {
  const codec = createClearCodec(Buffer.from('test key of the store'))
  const schema = 'impossible'
  const store = new PostgresStore({ connection: database.connection, schema, codec, poolSize: 2 })
  try {
    await store.migrate()
    await store.bind({ id: 'test', version: 'v1', document: {} })
    await store.intake([{ marks: [{ system: 'crm', entity: 'customer', nativeId: 'C1' }] }])
    await database.query(`update ${schema}.member set lane = 'backoff', lane_reason = 'moving'`)
    const [row] = await database.query<{ id: string }>(`select id from ${schema}.record`)
    const recordId = row?.id ?? ''
    const about = expect.stringContaining(`record ${recordId} in crm`)
    await expect(store.admin.record({ recordId })).rejects.toMatchObject({
      code: 'STORE_ROW_INVALID',
      message: about,
    })
    expect(await store.admin.inspect({ recordId })).toMatchObject({
      record: { id: recordId, entity: 'customer' },
      members: [],
      unreadable: [{ system: 'crm', code: 'STORE_ROW_INVALID', message: about }],
    })
    await database.query(`update ${schema}.member set lane_until = 5`)
    const detail = await store.admin.record({ recordId })
    expect(detail?.members[0]?.lane).toEqual({ state: 'backoff', reason: 'moving', until: 5 })
  } finally {
    await store.close()
  }
})

test('a list of runs and the status name a reason that no version stores, and show the rest', async () => {
  const codec = createClearCodec(Buffer.from('test key of the store'))
  const schema = 'reasons'
  const store = new PostgresStore({ connection: database.connection, schema, codec, poolSize: 2 })
  try {
    await store.migrate()
    await store.bind({ id: 'test', version: 'v1', document: {} })
    const [good, bad] = [randomUUID(), randomUUID()]
    await store.startRun({ id: good, kind: 'full', system: 'crm', entity: 'customer' })
    await store.finishRun({ id: good, complete: true, seen: 1 })
    await store.startRun({ id: bad, kind: 'full', system: 'erp', entity: 'customer' })
    await store.finishRun({ id: bad, complete: false, seen: 1 })
    await database.query(`update ${schema}.run set reason_code = 'moonlight' where id = $1`, [bad])
    const about = expect.stringContaining(`run ${bad}`)
    const { rows } = await store.admin.runs({ limit: 10 })
    expect(rows.map(({ id }) => id).toSorted()).toEqual([good, bad].toSorted())
    expect(rows.find(({ id }) => id === bad)).toMatchObject({ unreadable: about })
    const { systems } = await store.admin.status()
    expect(systems.find(({ system }) => system === 'erp')?.lastRun).toMatchObject({ unreadable: about })
  } finally {
    await store.close()
  }
})

test('lists name a row that can not be read, and show the rest', async () => {
  const codec = createClearCodec(Buffer.from('test key of the store'))
  const schema = 'spoiled_lists'
  const store = new PostgresStore({ connection: database.connection, schema, codec, poolSize: 2 })
  try {
    await store.migrate()
    await store.bind({ id: 'test', version: 'v1', document: {} })
    const worker = await store.registerWorker()
    await store.intake([{ marks: [{ system: 'crm', entity: 'customer', nativeId: 'C1' }] }])
    const { records } = await store.claim({ worker: worker.id, limit: 1, leaseMs: 60_000 })
    const [claimed] = records
    const recordId = claimed!.lease.recordId
    const conflict = (field: string) => ({
      ...{ id: randomUUID(), recordId, entity: 'customer', field, policy: 'ask' },
      candidates: [{ system: 'crm', value: 'Ann', rev: 1, at: 1 }],
    })
    const entry = (n: number) => ({ kind: 'decision' as const, recordId, actor: 'worker', body: { n } })
    const [good, bad] = [conflict('name'), conflict('email')]
    await store.settle([
      {
        lease: claimed!.lease,
        conflicts: [good, bad],
        journal: [entry(1)],
        finish: { kind: 'keep' },
      },
    ])
    await store.settle([{ lease: claimed!.lease, journal: [entry(2)], finish: { kind: 'keep' } }])
    await database.query(`update ${schema}.conflict set candidates = '\\x00' where id = $1`, [bad.id])
    await database.query(
      `update ${schema}.journal set body = '\\x00' where seq = (select min(seq) from ${schema}.journal where record_id = $1)`,
      [recordId],
    )
    const { rows } = await store.admin.conflicts({ limit: 10 })
    expect(rows.find(({ id }) => id === good.id)?.candidates).toMatchObject([{ value: 'Ann' }])
    expect(rows.find(({ id }) => id === bad.id)).toMatchObject({
      candidates: [],
      unreadable: expect.stringContaining(bad.id),
    })
    const lines = await store.admin.journal({ recordId, limit: 10 })
    expect(lines).toMatchObject([{ unreadable: expect.any(String) }, { body: { n: 2 } }])
    await worker.close()
  } finally {
    await store.close()
  }
})

test('a value that the database refuses fails its own record, and says what refused it', async () => {
  const codec = createClearCodec(Buffer.from('test key of the store'))
  const schema = 'refusing'
  const store = new PostgresStore({ connection: database.connection, schema, codec, poolSize: 2 })
  try {
    await store.migrate()
    await store.bind({ id: 'test', version: 'v1', document: {} })
    await database.query(`alter table ${schema}.member add constraint no_nine check (rid <> 'N9')`)
    const worker = await store.registerWorker()
    const marks = ['C1', 'C2'].map((nativeId) => ({ system: 'crm', entity: 'customer', nativeId }))
    await store.intake([{ marks }])
    const { records } = await store.claim({ worker: worker.id, limit: 2, leaseMs: 60_000 })
    const settlements = records.map(({ lease }, index) => ({
      lease,
      members: [{ system: 'erp', nativeId: `N${9 - index}`, state: 'linked' as const }],
      finish: { kind: 'again' as const, at: 0 },
    }))
    const [bad, good] = await store.settle(settlements)
    expect(good).toEqual({ kind: 'ok' })
    expect(bad).toMatchObject({ kind: 'unstorable', error: { code: 'STORE_VALUE_REFUSED', retry: 'never' } })
    expect(bad).toHaveProperty(
      'error.message',
      expect.stringContaining('23514, constraint no_nine, table member'),
    )
    expect(await store.settle(settlements.slice(0, 1))).toMatchObject([{ kind: 'unstorable' }])
  } finally {
    await store.close()
  }
})
