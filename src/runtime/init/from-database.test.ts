import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import { fromDatabase } from './from-database.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await withTestDatabase()
  await database.query(`create schema shop`)
  await database.query(
    `create table shop.orders (id integer primary key, note json, details jsonb, updated_at timestamp, paid_at timestamptz)`,
  )
  await database.query('create view shop.open_orders as select * from shop.orders')
  await database.query('create table shop.log (line text)')
})

afterAll(() => database.close())

test('what a database has and no field or resource is proposed for is named, with what to do', async () => {
  const from = `${database.connection}#shop`
  const described = await fromDatabase({
    name: 'erp',
    from,
    directory: '.',
    signal: AbortSignal.timeout(20_000),
  })
  expect(described.resources.map(({ name }) => name)).toEqual(['orders'])
  expect(described.notes).toEqual([expect.stringMatching(/are omitted: log, open_orders; .*key/)])
  const [orders] = described.resources
  expect(orders?.notes.join('\n')).toMatch(/note \(json\), details \(jsonb\)/)
  expect(orders?.notes.join('\n')).toMatch(/updated_at have no zone and are read as UTC/)
  expect(orders?.notes.join('\n')).not.toContain('paid_at')
  const types = orders?.description.fields.map(({ path, type }) => [path[0], type?.kind])
  expect(types).toContainEqual(['updated_at', 'instant'])
  expect(orders?.settings).toMatchObject({ changedAt: 'updated_at' })
})
