import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../../../test/support/database.ts'
import { expectKeptCounts } from '../../../../test/support/kept-counts.ts'
import { createClearCodec } from '../../clear-codec.ts'
import { PostgresStore } from '../postgres-store.ts'

let database: TestDatabase
let store: PostgresStore
let fresh: () => PostgresStore

const opened: PostgresStore[] = []

beforeAll(async () => {
  database = await withTestDatabase()
  fresh = () => {
    const codec = createClearCodec(Buffer.from('test key of the status'))
    const one = new PostgresStore({ connection: database.connection, codec, poolSize: 4 })
    opened.push(one)
    return one
  }
  store = fresh()
  await store.migrate()
  await store.bind({ id: 'test', version: 'v1', document: {} })
})
afterAll(async () => {
  for (const one of opened) await one.close()
  await database.close()
})

function addRecords(from: number, to: number): Promise<unknown> {
  return database.query(
    `with added as (
       insert into isthmus.record (id, entity, state, discovered_at, next_at)
       select md5(i::text)::uuid, 'customer', 'active', 1, 1 from generate_series($1::int, $2::int) i
       returning id
     )
     insert into isthmus.member (record_id, system, entity, rid, state)
     select id, 'crm', 'customer', id::text, 'linked' from added`,
    [from, to],
  )
}

describe('the status in PostgreSQL', () => {
  test('keeps its counts through changes of any kind, also concurrent ones', async () => {
    await addRecords(1, 300)
    const changes = [
      `update isthmus.record set state = 'tombstoned' where id in (select id from isthmus.record limit 40)`,
      `update isthmus.member set lane = 'held', lane_reason = 'guard' where rid < '4'`,
      `update isthmus.member set state = 'suspect' where rid > 'c'`,
      `update isthmus.member set state = 'gone' where rid > 'e'`,
      `update isthmus.member set lane_attempts = 3`,
    ]
    await Promise.all(changes.map((change) => database.query(change)))
    await Promise.all([addRecords(301, 500), store.reap(), fresh().reap(), fresh().reap()])
    await database.query(
      `delete from isthmus.record where id in (select id from isthmus.record order by id limit 70)`,
    )
    await expectKeptCounts(database, 'isthmus')
    await store.reap()
    await expectKeptCounts(database, 'isthmus')
    const [left] = await database.query<{ count: number }>(
      'select count(*)::int as count from isthmus.count_change',
    )
    expect(left?.count).toBe(0)
    const { records, systems } = await fresh().admin.status()
    expect(Object.values(records).reduce((sum, count) => sum + count, 0)).toBe(430)
    expect(systems).toMatchObject([{ system: 'crm', entity: 'customer' }])
  })

  test('estimates a queue that is longer than it counts', async () => {
    const before = (await fresh().admin.status()).queue
    expect(before).toMatchObject({ due: 430 })
    expect(before).not.toHaveProperty('estimated')
    await addRecords(1_001, 16_000)
    await database.query('vacuum analyze isthmus.record')
    const { queue, systems } = await fresh().admin.status()
    expect(queue.estimated).toBe(true)
    expect(queue.due).toBeGreaterThan(15_000)
    expect(queue.due).toBeLessThan(16_000)
    expect(systems[0]?.backlog?.count).toBeGreaterThan(15_000)
    expect(systems[0]?.backlog?.count).toBeLessThan(16_000)
  })
})
