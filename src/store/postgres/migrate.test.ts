import { readdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import { dumpSchema } from '../../../test/support/schema-dump.ts'
import { createClearCodec } from '../clear-codec.ts'
import { PostgresStore } from './postgres-store.ts'

let database: TestDatabase
const stores: PostgresStore[] = []

function open(schema: string): PostgresStore {
  const codec = createClearCodec(Buffer.from('test key of the store'))
  const store = new PostgresStore({ connection: database.connection, schema, codec, poolSize: 2 })
  stores.push(store)
  return store
}

beforeAll(async () => {
  database = await withTestDatabase()
})
afterAll(async () => {
  for (const store of stores) await store.close()
  await database.close()
})

describe('the schema', () => {
  test('is what the committed dump says', async () => {
    await open('dumped').migrate()
    await expect(await dumpSchema(database, 'dumped')).toMatchFileSnapshot('schema.sql')
  })

  test('is made once by processes that start together', async () => {
    await Promise.all([open('together').migrate(), open('together').migrate(), open('together').migrate()])
    const rows = await database.query<{ number: number }>('select number from together.migration order by 1')
    const files = readdirSync(path.join(import.meta.dirname, 'migrations')).sort()
    expect(rows.map(({ number }) => number)).toEqual(files.map((file) => Number.parseInt(file, 10)))
  })

  test('is refused when a newer version made it', async () => {
    const store = open('newer')
    await store.migrate()
    await database.query(`insert into newer.migration (number, name) values (9999, 'later')`)
    await expect(store.migrate()).rejects.toMatchObject({ code: 'STORE_NEWER_SCHEMA', retry: 'never' })
  })

  test('shares a database with the schema of another integration', async () => {
    const [one, two] = [open('one'), open('two')]
    await Promise.all([one.migrate(), two.migrate()])
    await one.bind({ id: 'a', version: 'v', document: {} })
    await two.bind({ id: 'b', version: 'v', document: {} })
    const worker = await one.registerWorker()
    await one.intake([{ marks: [{ system: 'crm', entity: 'customer', rid: 'C1' }] }])
    expect((await one.claim({ worker: worker.id, limit: 5, leaseMs: 60_000 })).records).toHaveLength(1)
    expect(await two.reap()).toBe(0)
    expect(await two.nextDue()).toBeUndefined()
    expect((await two.admin.status()).workers).toBe(0)
    await worker.close()
  })

  test('has a name that cannot be anything else', () => {
    expect(() => open('x; drop table record')).toThrow(/can't be used/)
    expect(() => open('Upper')).toThrow(/can't be used/)
  })
})
