import { afterAll, beforeAll } from 'vitest'
import { testBucketStore } from '../../../test/conformance/bucket-store.ts'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import { createClearCodec } from '../clear-codec.ts'
import { PostgresStore } from './postgres-store.ts'

let database: TestDatabase
let stores: readonly PostgresStore[] = []

beforeAll(async () => {
  database = await withTestDatabase()
  const codec = createClearCodec(Buffer.from('test key of the store'))
  const open = (): PostgresStore => new PostgresStore({ connection: database.connection, codec, poolSize: 2 })
  stores = [open(), open(), open()]
  await stores[0]?.migrate()
})
afterAll(async () => {
  for (const store of stores) await store.close()
  await database.close()
})

testBucketStore('PostgreSQL', () => stores.map(({ buckets }) => buckets))
