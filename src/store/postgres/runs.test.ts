import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import { createClearCodec } from '../clear-codec.ts'
import type { RunComparison } from '../contract.ts'
import { PostgresStore } from './postgres-store.ts'

const place = { system: 'crm', entity: 'customer' } as const

let database: TestDatabase
const stores: PostgresStore[] = []

beforeAll(async () => {
  database = await withTestDatabase()
})
afterAll(async () => {
  for (const store of stores) await store.close()
  await database.close()
})

async function open(schema: string, rangeRows: number): Promise<PostgresStore> {
  const codec = createClearCodec(Buffer.from('test key of the runs'))
  const store = new PostgresStore({ connection: database.connection, schema, codec, rangeRows, poolSize: 4 })
  stores.push(store)
  await store.migrate()
  await store.bind({ id: 'test', version: 'v1', document: {} })
  return store
}

/** Stages records with these ids; some more than once. */
async function list(store: PostgresStore, id: string, nativeIds: readonly string[]): Promise<void> {
  await store.startRun({ id, kind: 'full', ...place })
  const digest = store.digest({ n: '1' })
  await store.stage(
    id,
    nativeIds.map((nativeId) => ({ nativeId, digest })),
  )
}

function compare(store: PostgresStore, id: string, seen: number): Promise<RunComparison> {
  return store.finishRun({ id, complete: true, seen })
}

const ids = (count: number, offset = 0): readonly string[] =>
  Array.from({ length: count }, (_, n) => `C${n + offset}`)

async function stageOf(schema: string, id: string): Promise<string> {
  const [row] = await database.query<{ stage: string }>(`select stage from ${schema}.run where id = $1`, [id])
  return `${schema}.${row?.stage}`
}

describe('full runs in PostgreSQL', () => {
  test('compared in ranges find the same as in one', async () => {
    const found: unknown[] = []
    for (const [schema, rows] of [
      ['whole', 1_000_000],
      ['ranges', 7],
      ['single', 1],
    ] as const) {
      const store = await open(schema, rows)
      await list(store, 'first', ids(40))
      const first = await compare(store, 'first', 40)
      // What was linked can be missing; what was discovered only is not.
      await database.query(`update ${schema}.record set state = 'active'`)
      await database.query(
        `update ${schema}.member set state = 'linked', linked_at = 1, shadow_mac = case when rid < 'C3' then $1::bytea end`,
        [store.digest({ n: '1' })],
      )
      await list(store, 'second', [...ids(30, 20), 'C20', 'C21', '', 'ä', 'Z'])
      const second = await compare(store, 'second', 35)
      const records = await database.query(
        `select m.rid, r.state, r.dirty_seq - r.clean_seq > 1 as is_marked
         from ${schema}.member m join ${schema}.record r on r.id = m.record_id order by m.rid`,
      )
      found.push({ first, second, records })
    }
    expect(found[0]).toMatchObject({ first: { discovered: 40 }, second: { missing: 20 } })
    expect(found[1]).toEqual(found[0])
    expect(found[2]).toEqual(found[0])
  })

  test('interrupted while they are compared continue with the remaining ranges', async () => {
    const store = await open('halfway', 10)
    await database.query(
      `create function halfway.fail() returns trigger language plpgsql as $$ begin raise 'no'; end $$`,
    )
    await database.query(
      `create trigger fail before insert on halfway.record for each statement execute function halfway.fail()`,
    )
    await list(store, 'run', ids(40))
    await expect(compare(store, 'run', 40)).rejects.toMatchObject({ code: 'STORE_QUERY_FAILED' })
    const stage = await stageOf('halfway', 'run')
    const ranges = await database.query<{ n: number; lower: string; upper: string; staged: number }>(
      `select n, lower, upper, staged::int as staged from ${stage}_range order by n`,
    )
    expect(ranges.map(({ staged }) => staged)).toEqual([10, 10, 10, 10])
    // As if the third range had not been reached. What was compared is not read again: its rows are gone by now.
    const third = ranges[2]
    await database.query(`update ${stage}_range set is_compared = false where n = $1`, [third?.n])
    await database.query(`delete from ${stage}_verdict where rid >= $1 and rid < $2`, [
      third?.lower,
      third?.upper,
    ])
    await database.query(`delete from ${stage} where rid < $1 or rid >= $2`, [third?.lower, third?.upper])
    await database.query('drop trigger fail on halfway.record')
    expect(await compare(store, 'run', 40)).toEqual({ unchanged: 0, changed: 0, discovered: 40, missing: 0 })
    const [count] = await database.query<{ count: number }>(
      'select count(*)::int as count from halfway.record',
    )
    expect(count?.count).toBe(40)
    const [run] = await database.query(`select complete from halfway.run where id = 'run'`)
    expect(run).toEqual({ complete: true })
  })

  test('interrupted while verdicts are applied continue with the next slice', async () => {
    const store = await open('applied', 100_000)
    await database.query(
      `create function applied.fail() returns trigger language plpgsql set search_path = applied as $$
       begin if (select count(*) from record) > 5000 then raise 'no'; end if; return null; end $$`,
    )
    await database.query(
      `create trigger fail after insert on applied.record for each statement execute function applied.fail()`,
    )
    await list(store, 'run', ids(12_000))
    await expect(compare(store, 'run', 12_000)).rejects.toMatchObject({ code: 'STORE_QUERY_FAILED' })
    const stage = await stageOf('applied', 'run')
    const [left] = await database.query<{ count: number }>(
      `select count(*)::int as count from ${stage}_verdict`,
    )
    expect(left?.count).toBe(7_000)
    await database.query('drop trigger fail on applied.record')
    expect((await compare(store, 'run', 12_000)).discovered).toBe(12_000)
    const [count] = await database.query<{ count: number }>(
      'select count(*)::int as count from applied.record',
    )
    expect(count?.count).toBe(12_000)
  })

  test('that lost staged rows do not count as complete, whatever their ranges', async () => {
    const store = await open('lost', 10)
    await list(store, 'run', ids(40))
    await database.query(`delete from ${await stageOf('lost', 'run')} where rid > 'C30'`)
    await compare(store, 'run', 40)
    const [run] = await database.query(`select complete, reason_code from lost.run where id = 'run'`)
    expect(run).toEqual({ complete: false, reason_code: 'rows-lost' })
  })

  test('that are dropped leave no table behind', async () => {
    const store = await open('dropped', 10)
    await list(store, 'run', ids(40))
    await store.dropRun({ id: 'run', reason: { code: 'stopped' } })
    const rest = await database.query(
      `select relname from pg_class where relnamespace = 'dropped'::regnamespace and relname like 'stage%'`,
    )
    expect(rest).toEqual([])
  })
})
