import { describe, expect, test } from 'vitest'
import { withTestDatabase } from '../../../test/support/database.ts'
import {
  changesOf,
  connect,
  context,
  customers,
  database,
  listOf,
  made,
  nativeIdsOf,
  ok,
  open,
  recordId,
  session,
  withShop,
} from '../../../test/support/postgres/connected.ts'

withShop()

describe('changes by transaction', () => {
  test('each change is reported once, whenever it was committed', async () => {
    const resource = customers({}, { pageSize: 2 })
    for (const n of [1, 2, 3, 4, 5]) await made(resource, n)
    const first = await changesOf(resource)
    expect(nativeIdsOf(first.changed)).toEqual(['1', '2', '3', '4', '5'])
    const slow = await session()
    await slow.query('begin')
    await slow.query('update customers set credit = 1 where id = 1')
    await database.query('update customers set credit = 2 where id = 2')
    const second = await changesOf(resource, first.cursor)
    expect(nativeIdsOf(second.changed)).toEqual(['2'])
    const third = await changesOf(resource, second.cursor)
    expect(third.changed).toEqual([])
    await slow.query('commit')
    const fourth = await changesOf(resource, third.cursor)
    expect(nativeIdsOf(fourth.changed)).toEqual(['1'])
    expect((await changesOf(resource, fourth.cursor)).changed).toEqual([])
  })

  test('a row that a subtransaction wrote is reported although its transaction was open', async () => {
    const resource = customers()
    await made(resource, 1)
    const first = await changesOf(resource)
    const slow = await session()
    await slow.query('begin')
    await slow.query('select pg_current_xact_id()')
    await slow.query('savepoint a')
    await slow.query('update customers set credit = 1 where id = 1')
    await slow.query('release a')
    // A later transaction ends earlier, so that the subtransaction's number is below the snapshot's end.
    await made(resource, 2)
    const second = await changesOf(resource, first.cursor)
    expect(nativeIdsOf(second.changed)).toEqual(['2'])
    await slow.query('commit')
    expect(nativeIdsOf((await changesOf(resource, second.cursor)).changed)).toEqual(['1'])
  })

  test('a row that changes while the feed is paged is reported then or next time', async () => {
    const resource = customers({}, { pageSize: 2 })
    for (const n of [1, 2, 3, 4, 5]) await made(resource, n)
    const page = await resource.changes?.(undefined, context)
    if (page?.kind !== 'page') return expect.fail('no page')
    await database.query('update customers set credit = 1 where id in (1, 5)')
    const rest = await changesOf(resource, page.cursor)
    const next = await changesOf(resource, rest.cursor)
    expect(nativeIdsOf([...rest.changed, ...next.changed]).filter((nativeId) => nativeId === '1')).toEqual([
      '1',
    ])
    expect(nativeIdsOf([...rest.changed, ...next.changed])).toContain('5')
  })

  test('a cursor of another database, a very old one, and a damaged one have expired', async () => {
    const resource = customers()
    const expired = { kind: 'expired' }
    const cursor = (from: string): string => JSON.stringify({ v: 1, from, seen: [] })
    expect(await resource.changes?.(cursor('999999999999'), context)).toEqual(expired)
    expect(await resource.changes?.('{"v":1', context)).toEqual(expired)
  })
})

describe('changes by a column', () => {
  const feed = { changes: { column: 'updated_at', commitLag: '1s' } }

  test('many rows of one time are all reported, page by page', async () => {
    await database.query(
      `insert into customers ("Full Name", updated_at) select 'n' || g, '2024-01-01 00:00:00.123456+00' from generate_series(1, 23) g`,
    )
    const { changed } = await changesOf(customers(feed, { pageSize: 5 }))
    expect(new Set(nativeIdsOf(changed)).size).toBe(23)
  })

  test('a transaction that commits late, with an old time, is reported', async () => {
    const resource = customers(feed)
    const slow = await session()
    await slow.query('begin')
    await slow.query(`insert into customers ("Full Name", updated_at) values ('late', now())`)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await database.query(`insert into customers ("Full Name") values ('early')`)
    const first = await changesOf(resource)
    expect(first.changed).toHaveLength(1)
    const second = await changesOf(resource, first.cursor)
    await slow.query('commit')
    const third = await changesOf(resource, second.cursor)
    expect(third.changed.map(({ nativeId }) => nativeId)).toContain('1')
  })
})

describe('a column without a zone, kept in the zone of an application', () => {
  const local = {
    changes: { column: 'opened', commitLag: '1s' },
    changedAt: 'opened',
    touch: ['opened'],
    timeZone: 'America/New_York',
  }
  const insert = (name: string) =>
    database.query(
      `insert into customers ("Full Name", opened) values ('${name}', now() at time zone 'America/New_York')`,
    )

  test('tells when a row was changed, and is set, by the clocks of that zone', async () => {
    const resource = customers(local)
    await insert('first')
    const read = await resource.read('1', context)
    if (read.kind !== 'live') return expect.fail(JSON.stringify(read))
    expect(Math.abs((read.changedAt ?? 0) - Date.now())).toBeLessThan(600_000)
    const update = { nativeId: '1', patch: { 'Full Name': 'second' }, idempotencyKey: 'u' }
    expect(await resource.update?.(update, context)).toMatchObject({ kind: 'ok' })
    const ages = await database.query(
      `select abs(extract(epoch from now() at time zone 'America/New_York' - opened)) < 600 as fresh from customers`,
    )
    expect(ages).toEqual([{ fresh: true }])
  })

  test('goes on with later changes after a quiet time', async () => {
    const resource = customers(local)
    await insert('first')
    let { cursor } = await changesOf(resource)
    // Nothing new: the position follows the server's clock, which is hours ahead of the zone's clocks.
    for (let poll = 0; poll < 2; poll += 1) ({ cursor } = await changesOf(resource, cursor))
    await insert('later')
    expect(nativeIdsOf((await changesOf(resource, cursor)).changed)).toContain('2')
  })
})

describe('the system', () => {
  test('describes its tables with types, lengths, enums, keys and references', async () => {
    const system = connect()
    const response = await system.describe?.(undefined, context)
    if (response?.kind !== 'known') return expect.fail(JSON.stringify(response))
    expect(response.resources.map(({ name }) => name)).toEqual([
      'customers',
      'notes',
      'orders',
      'prices',
      'visits',
    ])
    const [shop, , , prices] = response.resources
    const field = (name: string) => shop?.fields.find(({ path }) => path[0] === name)
    expect(shop).toMatchObject({ label: 'Customers of the shop', key: [['id']] })
    expect(field('credit')).toMatchObject({
      nativeType: 'numeric(20,4)',
      type: { kind: 'decimal', scale: 4 },
      precision: 20,
      scale: 4,
      required: false,
      nullable: false,
    })
    expect(field('email')).toMatchObject({
      maxLength: 60,
      unique: true,
      type: { kind: 'string', maxLength: 60 },
    })
    expect(field('Full Name')).toMatchObject({ required: true })
    expect(field('country')).toMatchObject({ maxLength: 2 })
    expect(field('tier')).toMatchObject({ values: ['bronze', 'silver', 'gold'] })
    expect(field('tags')).toMatchObject({
      nativeType: 'text[]',
      type: { kind: 'list', of: { kind: 'string' } },
    })
    expect(field('seen_at')).toMatchObject({ type: { kind: 'instant' } })
    expect(field('name_length')).toMatchObject({ creatable: false, updatable: false })
    expect(field('details')?.type).toBeUndefined()
    expect(prices).toMatchObject({ key: [['shop'], ['sku']] })
    expect(prices?.fields.find(({ path }) => path[0] === 'customer')).toMatchObject({
      references: ['customers'],
    })
  })

  test('is the same by whichever connection, and another one after a move to another database', async () => {
    const one = await connect().fingerprint(context)
    expect(await connect().fingerprint(context)).toEqual(one)
    const other = await withTestDatabase()
    try {
      expect(await connect({ url: other.connection }).fingerprint(context)).not.toEqual(one)
    } finally {
      for (const system of open.splice(1).reverse()) await system.close()
      await other.close()
    }
  })

  test('has an identity too where the role may not ask for the number of the cluster', async () => {
    const name = `weak_${process.pid}`
    await database.query(`create role ${name} login`)
    await database.query('revoke execute on function pg_control_system() from public')
    try {
      const url = database.connection.replace('postgres@', `${name}@`)
      expect(await connect({ url }).fingerprint(context)).toMatchObject({
        kind: 'known',
        value: expect.stringMatching(/^-\/\d+\/test_/),
      })
    } finally {
      for (const system of open.splice(1).reverse()) await system.close()
      await database.query('grant execute on function pg_control_system() to public')
      await database.query(`drop role ${name}`)
    }
  })

  test('finds rows by marker and by values, as the columns compare', async () => {
    const resource = customers()
    const { nativeId } = await made(resource, 1, { email: 'a@example.com', points: '7' })
    expect(await resource.find?.({ by: 'marker', recordId: recordId(1) }, context)).toEqual({
      kind: 'found',
      nativeIds: [nativeId],
      capped: false,
    })
    const values = { email: 'a@example.com', points: 7 }
    expect(await resource.find?.({ by: 'values', values }, context)).toMatchObject({ nativeIds: [nativeId] })
    expect(await resource.find?.({ by: 'values', values: { email: 'x' } }, context)).toMatchObject({
      nativeIds: [],
    })
  })

  test('names are quoted, so that none can become a statement', async () => {
    const evil = 'x"; drop table customers; --'
    const resource = connect({ tables: { evil: { table: evil, key: [evil] } } }).resource('evil')
    expect(await resource.read('1', context)).toMatchObject({ kind: 'unknown' })
    await database.query(
      `create table "x""; drop table customers; --" ("x""; drop table customers; --" int primary key, v text)`,
    )
    const body = { [evil]: 1, v: `'); drop table customers; --` }
    const fresh = connect({ tables: { evil: { table: evil, key: [evil] } } }).resource('evil')
    const { nativeId } = ok(
      await fresh.create?.({ body, recordId: recordId(1), idempotencyKey: '1' }, context),
    )
    expect(await fresh.read(nativeId, context)).toMatchObject({ native: body })
    expect((await listOf(fresh)).records).toHaveLength(1)
    expect((await changesOf(fresh)).changed).toHaveLength(1)
    expect(await database.query('select count(*)::int as n from customers')).toEqual([{ n: 0 }])
  })

  test('a wrong section is refused with what is wrong', () => {
    expect(() => connect({ tables: { t: { create: { as: 'recordId' }, key: ['a', 'b'] } } })).toThrow(
      /recordId|record id/,
    )
    expect(() => connect({ tables: { t: { colums: ['a'] } } })).toThrow(/columns/)
    expect(() => connect({ url: 'mysql://x' })).toThrow(/postgresql:/)
    expect(() => connect({ url: 'postgresql://h/db?sslmode=disable' })).toThrow(/tls/)
  })
})

describe('announcements', () => {
  test('name the row, the table or nothing, and a lost connection is reported', async () => {
    const system = connect({ listen: 'isthmus "x"' })
    const heard: unknown[] = []
    const listener = {
      changed: (records: readonly unknown[]) => void heard.push(...records),
      touched: (resource?: string) => void heard.push(resource ?? 'all'),
    }
    const stopping = new AbortController()
    const listening = system.subscribe?.(listener, stopping.signal)
    const until = async (count: number): Promise<void> => {
      for (let turn = 0; heard.length < count && turn < 500; turn += 1)
        await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await until(1)
    const notify = (payload: string) => database.query('select pg_notify($1, $2)', ['isthmus "x"', payload])
    await notify('{"table":"customers","key":[4711]}')
    await notify('{"table":"prices","key":["a \\"b","1"],"deleted":true}')
    await notify('orders')
    await notify('{"table":"orders","key":["too","many"]}')
    await notify('elsewhere')
    await notify('')
    await until(6)
    expect(heard).toEqual([
      'all',
      { resource: 'customers', nativeId: '4711' },
      { resource: 'prices', nativeId: '["a \\"b", "1"]', deleted: true },
      'orders',
      'orders',
      'all',
    ])
    const ending = expect(listening).rejects.toMatchObject({ code: 'POSTGRES_UNAVAILABLE' })
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'isthmus shop' and query like 'listen%'`,
    )
    await ending
    const again = system.subscribe?.(listener, stopping.signal)
    await until(7)
    stopping.abort()
    await again
  })
})
