import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mark } from '../../../test/conformance/store-kit.ts'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import { createClearCodec } from '../clear-codec.ts'
import { localMasterKey, type MasterKey } from '../sealing/master-key.ts'
import { PostgresStore } from './postgres-store.ts'

const codec = createClearCodec(Buffer.from('test key of the store'))
const key = randomBytes(32)
const master = localMasterKey(key, 'the test')
const worker = path.join(import.meta.dirname, '../../../test/support/rotate-worker.ts')

let database: TestDatabase
let schema: string
const opened: PostgresStore[] = []

beforeAll(async () => {
  database = await withTestDatabase()
})
afterAll(async () => {
  for (const store of opened) await store.close()
  await database.close()
})

async function openStore(masterKey: MasterKey = master): Promise<PostgresStore> {
  const findMasterKey = async () => masterKey
  const store = new PostgresStore({
    connection: database.connection,
    schema,
    codec,
    poolSize: 3,
    findMasterKey,
  })
  opened.push(store)
  await store.migrate()
  return store
}

async function newSchema(): Promise<PostgresStore> {
  schema = `keys_${randomBytes(6).toString('hex')}`
  const store = await openStore()
  await store.bind({ id: 'test', version: 'v1', document: {} })
  return store
}

/** Records with a value each, so that each has a key. */
async function addRecords(store: PostgresStore, prefix: string, count: number): Promise<readonly string[]> {
  const session = await store.registerWorker()
  const marks = Array.from({ length: count }, (_value, n) => mark(`${prefix}${n}`))
  await store.intake([{ marks }])
  const ids: string[] = []
  while (ids.length < count) {
    const { records } = await store.claim({ worker: session.id, limit: 1_000, leaseMs: 60_000 })
    await store.decide(
      records.map(({ lease }) => ({
        lease,
        record: {
          state: 'active' as const,
          rev: 1,
          fields: { name: { value: `value of ${lease.recordId}`, rev: 1, src: 'crm', at: 1 } },
        },
      })),
    )
    await store.settle(
      records.map(({ lease, record }) => ({
        lease,
        finish: { kind: 'clean' as const, seq: record.dirtySeq },
      })),
    )
    ids.push(...records.map(({ lease }) => lease.recordId))
  }
  await session.close()
  return ids
}

async function expectReadable(store: PostgresStore, ids: readonly string[]): Promise<void> {
  for (const recordId of ids) {
    const detail = await store.admin.record({ recordId })
    expect(detail?.record.fields.name?.value).toBe(`value of ${recordId}`)
  }
}

test('a rotation that is killed is continued, loses no key, and leaves none under the old wrapping key', async () => {
  const store = await newSchema()
  const before = await addRecords(store, 'A', 4_500)
  const child = spawn(process.execPath, [worker, database.connection, schema, key.toString('hex')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  // This process has not noticed the new wrapping key yet, and goes on working.
  const during = await addRecords(store, 'B', 20)
  expect(await store.sealing.retire()).toEqual([])
  const result = await store.sealing.rotate()
  expect(result).toMatchObject({ active: expect.any(Number), resumed: true })
  expect(result.rewrapped).toBeGreaterThanOrEqual(2_500)
  const retired = await store.sealing.retire()
  expect(retired).toHaveLength(1)
  const rows = await database.query<{ wrapped_by: number }>(
    `select distinct wrapped_by from ${schema}.record_key`,
  )
  expect(rows).toEqual([{ wrapped_by: result.active }])
  const fresh = await openStore()
  await expectReadable(fresh, [...during, ...before.slice(0, 20), ...before.slice(-20)])
  const after = await addRecords(store, 'C', 20)
  await expectReadable(await openStore(), after)
})

test('records are added and changed while the keys rotate again and again', async () => {
  const store = await newSchema()
  const other = await openStore()
  const ids: string[] = []
  let isDone = false
  const rotations = (async () => {
    while (!isDone) {
      await other.sealing.rotate()
      await other.sealing.retire()
    }
  })()
  try {
    for (let round = 0; round < 15; round += 1) ids.push(...(await addRecords(store, `R${round}_`, 40)))
  } finally {
    isDone = true
    await rotations
  }
  const fresh = await openStore()
  await expectReadable(fresh, ids)
  const status = await fresh.sealing.status()
  expect(status).toMatchObject({ sealed: true })
})

test('after a change of the master key only the new one opens the schema', async () => {
  const store = await newSchema()
  const ids = await addRecords(store, 'A', 3)
  const to = localMasterKey(randomBytes(32), 'the new file')
  await store.sealing.changeMaster(to)
  await expect(openStore()).rejects.toMatchObject({ code: 'STORE_KEY_WRONG' })
  await expectReadable(await openStore(to), ids)
  // The process that was running keeps its keys in memory.
  await expectReadable(store, ids)
})

test('several processes that start at once on a new schema use the same keys', async () => {
  schema = `keys_${randomBytes(6).toString('hex')}`
  const stores = await Promise.all([openStore(), openStore(), openStore()])
  await stores[0]?.bind({ id: 'test', version: 'v1', document: {} })
  const ids = await addRecords(stores[0]!, 'A', 3)
  for (const store of stores) await expectReadable(store, ids)
  const keys = await database.query(`select kind from ${schema}.sealing_key order by kind`)
  expect(keys).toEqual([{ kind: 'hash' }, { kind: 'shared' }, { kind: 'wrapping' }])
})

test('keys of days and records go with the deliveries, records and journal lines that they sealed', async () => {
  const store = await newSchema()
  const [gone, kept] = await addRecords(store, 'A', 2)
  await store.intake([{ delivery: { system: 'crm', deliveryId: 'd1', body: Buffer.from('{}') }, marks: [] }])
  const before = Date.now() + 10 * 86_400_000
  const request = {
    historyBefore: 0,
    deadLettersBefore: 0,
    deliveriesBefore: 0,
    runsDeadBefore: 0,
    limit: 100,
  }
  await database.query(`delete from ${schema}.record where id = $1`, [gone])
  await database.query(`insert into ${schema}.journal (stream, position, at, kind, record_id, actor, body, previous_hash, hash)
    values ('s', 1, 1, 'decision', '${kept}', 'a', '', '', '')`)
  expect(await store.prune(request)).toMatchObject({ keys: 1 })
  const left = await database.query<{ record_id: string }>(`select record_id from ${schema}.record_key`)
  expect(left).toEqual([{ record_id: kept }])
  await database.query(`update ${schema}.sealing_key set day = 1 where kind = 'day'`)
  expect(await store.prune({ ...request, deliveriesBefore: before })).toMatchObject({
    deliveries: 1,
    keys: 1,
  })
  expect(await store.sealing.status()).toMatchObject({ dayKeys: 0 })
})

test('of two processes that start at once, one with and one without a key, no value is stored in both ways', async () => {
  schema = `keys_${randomBytes(6).toString('hex')}`
  const unsealed = new PostgresStore({ connection: database.connection, schema, codec, poolSize: 2 })
  opened.push(unsealed)
  await unsealed.migrate()
  const sealed = await openStore()
  await expect(unsealed.bind({ id: 'test', version: 'v1', document: {} })).rejects.toMatchObject({
    code: 'STORE_KEY_MISSING',
  })
  await sealed.bind({ id: 'test', version: 'v1', document: {} })
  await expectReadable(sealed, await addRecords(sealed, 'A', 2))
})

test('a schema that was used before it had a key stays as it is', async () => {
  schema = `keys_${randomBytes(6).toString('hex')}`
  const clear = new PostgresStore({ connection: database.connection, schema, codec, poolSize: 2 })
  opened.push(clear)
  await clear.migrate()
  await clear.bind({ id: 'test', version: 'v1', document: {} })
  const ids = await addRecords(clear, 'A', 2)
  const store = await openStore()
  expect(await store.sealing.status()).toEqual({ sealed: false })
  await expectReadable(store, ids)
  await expect(store.sealing.rotate()).rejects.toMatchObject({ code: 'STORE_KEY_MISSING' })
})
