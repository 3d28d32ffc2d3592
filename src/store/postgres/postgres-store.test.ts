import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'
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
