import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeStore } from '../../../test/conformance/store.ts'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import { createClearCodec } from '../clear-codec.ts'
import { PostgresStore } from './postgres-store.ts'

let database: TestDatabase
let schemas = 0

beforeAll(async () => {
  database = await withTestDatabase()
})
afterAll(() => database.close())

describeStore('PostgreSQL', async () => {
  schemas += 1
  const schema = `suite_${schemas}`
  const codec = createClearCodec(Buffer.from('test key of the store'))
  const open = () => new PostgresStore({ connection: database.connection, schema, codec, poolSize: 4 })
  const store = open()
  const other = open()
  await store.migrate()
  await store.bind({ id: 'test', version: 'v1', document: {} })
  return {
    store,
    other,
    uuid: () => randomUUID(),
    advance: (ms) => sleep(ms),
    kill: async ({ id }) => {
      await database.query(
        `select pg_terminate_backend(pid) from pg_locks
         where locktype = 'advisory' and objsubid = 2 and objid = $1 and granted`,
        [id],
      )
    },
    tamper: async (seq) => {
      await database.query(
        `update ${schema}.journal set body = set_byte(body, 3, (get_byte(body, 3) + 1) % 256) where seq = $1`,
        [seq],
      )
    },
    close: async () => {
      await store.close()
      await other.close()
      await database.query(`drop schema ${schema} cascade`)
    },
  }
})

test('a lane that no version stores is refused with the record and what is wrong', async () => {
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
    const reading = store.admin.record({ recordId })
    await expect(reading).rejects.toMatchObject({
      code: 'STORE_ROW_INVALID',
      message: expect.stringContaining(`record ${recordId} in crm`),
    })
    await database.query(`update ${schema}.member set lane_until = 5`)
    const detail = await store.admin.record({ recordId })
    expect(detail?.members[0]?.lane).toEqual({ state: 'backoff', reason: 'moving', until: 5 })
  } finally {
    await store.close()
  }
})
