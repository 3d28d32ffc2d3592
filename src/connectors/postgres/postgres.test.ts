import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LosslessNumber } from 'lossless-json'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import type {
  CallContext,
  ChangedRecord,
  ConnectedSystem,
  ListEnd,
  ListedRecord,
  Resource,
  WriteResult,
} from '../kit/contract.ts'
import { connectSystem } from '../registry.ts'

const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }
const tables = readFileSync(fileURLToPath(new URL('./fixtures/tables.sql', import.meta.url)), 'utf8')
const open: { close(): Promise<void> }[] = []
let database: TestDatabase

beforeAll(async () => {
  database = await withTestDatabase()
  const client = await session()
  await client.query(tables)
})
beforeEach(async () => {
  await database.query('truncate customers, prices, orders restart identity')
})
afterEach(async () => {
  for (const one of open.splice(1).reverse()) await one.close()
})
afterAll(async () => {
  for (const one of open.splice(0)) await one.close()
  await database.close()
})

/** A connection of somebody else. */
async function session(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.connection })
  client.on('error', () => {})
  await client.connect()
  open.push({ close: () => client.end() })
  return client
}

function connect(config: Record<string, unknown> = {}, timeoutMs = 5_000): ConnectedSystem {
  const system = connectSystem(
    {
      name: 'shop',
      connector: 'postgres',
      config: {
        url: database.connection,
        tables: {
          customers: { create: { as: 'marker', column: 'isthmus_id' } },
          prices: { key: ['shop', 'sku'] },
          orders: { key: ['number'], version: { column: 'row_version', ordered: true } },
        },
        ...config,
      },
      timing: { readTimeoutMs: timeoutMs, writeTimeoutMs: timeoutMs, concurrency: 8 },
    },
    { clock },
  )
  open.push(system)
  return system
}

function customers(table: Record<string, unknown> = {}, config: Record<string, unknown> = {}): Resource {
  const declared = { create: { as: 'marker', column: 'isthmus_id' }, ...table }
  return connect({ tables: { customers: declared }, ...config }).resource('customers')
}

const recordId = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`

async function made(resource: Resource, n: number, body: Record<string, unknown> = {}) {
  const result = await resource.create?.(
    { body: { 'Full Name': `Name ${n}`, ...body }, recordId: recordId(n), idempotencyKey: String(n) },
    context,
  )
  return ok(result)
}

function ok(result: WriteResult | undefined): Extract<WriteResult, { kind: 'ok' }> {
  return result?.kind === 'ok' ? result : expect.fail(JSON.stringify(result))
}

async function listOf(resource: Resource): Promise<{ records: ListedRecord[]; end: ListEnd }> {
  const records: ListedRecord[] = []
  const pages = resource.list(context)
  for (;;) {
    const next = await pages.next()
    if (next.done === true) return { records, end: next.value }
    records.push(...next.value)
  }
}

/** Follows the feed until it has no more. */
async function changesOf(
  resource: Resource,
  cursor?: string,
): Promise<{ changed: ChangedRecord[]; cursor: string }> {
  const changed: ChangedRecord[] = []
  for (let page = 0; page < 100; page += 1) {
    const result = await resource.changes?.(cursor, context)
    if (result?.kind !== 'page') return expect.fail(JSON.stringify(result))
    changed.push(...result.changed)
    cursor = result.cursor
    if (!result.more) return { changed, cursor }
  }
  return expect.fail('the feed has no end')
}

const ridsOf = (changed: readonly ChangedRecord[]): string[] => changed.map(({ rid }) => rid).toSorted()

describe('values', () => {
  test('every value comes back as it was written, digit by digit and microsecond by microsecond', async () => {
    const values = {
      'Full Name': 'O\'Hara "Ö" \\ 漢字 🦊\n\ttab',
      email: 'a@example.com',
      country: 'DE',
      credit: new LosslessNumber('9007199254740993.1234'),
      tier: 'gold',
      tags: ['a,b', '"quoted"', 'NULL', '', '{}'],
      details: { nested: { deep: [1, null, true, new LosslessNumber('12345678901234567890')] } },
      photo: '\\xdeadbeef',
      token: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
      points: new LosslessNumber('9223372036854775807'),
      ratio: 0.1,
      born: '2020-02-29',
      seen_at: '2024-06-01T12:00:00.123456+00:00',
      opened: '2024-06-01T12:00:00.000001',
      opening_hours: 'P1DT2H',
    }
    const resource = customers()
    const { rid, native } = await made(resource, 1, values)
    expect(native).toMatchObject(values)
    expect(await resource.read(rid, context)).toMatchObject({ kind: 'live', native: values })
    const { records } = await listOf(resource)
    expect(records[0]?.native).toEqual(native)
    const copied = await listOf(customers({}, { copyFrom: 0 }))
    expect(copied.records[0]?.native).toEqual(native)
  })

  test('infinity and not-a-number come as words', async () => {
    const resource = customers()
    const { rid } = await made(resource, 1, { born: 'infinity', seen_at: '-infinity', ratio: 'NaN' })
    expect(await resource.read(rid, context)).toMatchObject({
      native: { born: 'infinity', seen_at: '-infinity', ratio: 'NaN' },
    })
  })
})

describe('reads', () => {
  test('a row that is not there, and a key that no row can have, are gone', async () => {
    const resource = customers()
    const { rid } = await made(resource, 1)
    expect(await resource.read('4711', context)).toEqual({ kind: 'gone' })
    expect(await resource.read('no number', context)).toEqual({ kind: 'gone' })
    const many = await resource.readMany?.(['4711', rid, 'no number', rid], context)
    expect(many?.map(({ kind }) => kind)).toEqual(['gone', 'live', 'gone', 'live'])
  })

  test('a key of two columns is one id', async () => {
    const prices = connect().resource('prices')
    const create = { recordId: recordId(1), idempotencyKey: '1' }
    const body = { shop: 'a "b"', sku: '1,2', amount: '9.99' }
    const { rid } = ok(await prices.create?.({ body, ...create }, context))
    expect(await prices.read(rid, context)).toMatchObject({ kind: 'live', rid, native: { sku: '1,2' } })
    expect(await prices.readMany?.([rid, '["a", "b"]', 'x'], context)).toMatchObject([
      { kind: 'live' },
      { kind: 'gone' },
      { kind: 'gone' },
    ])
    expect(
      ok(await prices.update?.({ rid, patch: { amount: '10' }, idempotencyKey: '2' }, context)).rid,
    ).toBe(rid)
  })

  test('only the allowed columns are shown and written', async () => {
    const resource = customers({ columns: ['id', 'isthmus_id', 'Full Name'] })
    const { rid, native } = await made(resource, 1)
    expect(Object.keys(native ?? {})).toEqual(['id', 'isthmus_id', 'Full Name'])
    const result = await resource.update?.({ rid, patch: { credit: 1 }, idempotencyKey: 'u' }, context)
    expect(result).toMatchObject({ kind: 'rejected', failure: { code: 'CONNECTOR_COLUMN_UNKNOWN' } })
  })

  test('a table that is not there is no information about its rows', async () => {
    const resource = connect({ tables: { nowhere: {} } }).resource('nowhere')
    expect(await resource.read('1', context)).toMatchObject({
      kind: 'unknown',
      failure: { code: 'CONNECTOR_TABLE_MISSING' },
    })
    await expect(listOf(resource)).rejects.toMatchObject({ code: 'CONNECTOR_TABLE_MISSING' })
  })
})

describe('listing', () => {
  test('through a cursor and through COPY everything comes, counted in the same snapshot', async () => {
    await database.query(
      `insert into customers ("Full Name") select 'n' || g from generate_series(1, 2500) g`,
    )
    for (const copyFrom of [0, 100_000]) {
      const { records, end } = await listOf(customers({}, { copyFrom, pageSize: 400 }))
      expect(end).toEqual({ complete: true, expected: 2500 })
      expect(new Set(records.map(({ rid }) => rid)).size).toBe(2500)
    }
  })

  test('rows that others write and delete meanwhile do not show', async () => {
    await database.query(`insert into customers ("Full Name") select 'n' || g from generate_series(1, 100) g`)
    const pages = customers({}, { pageSize: 10 }).list(context)
    let seen = (await pages.next()).value
    const count = [Array.isArray(seen) ? seen.length : 0]
    await database.query('delete from customers where id > 50')
    await database.query(`insert into customers ("Full Name") values ('late')`)
    for (;;) {
      const next = await pages.next()
      seen = next.value
      if (next.done === true) break
      count.push(next.value.length)
    }
    expect(count.reduce((sum, n) => sum + n, 0)).toBe(100)
    expect(seen).toEqual({ complete: true, expected: 100 })
  })

  test('a listing whose connection ends is an error, never a short list', async () => {
    await database.query(
      `insert into customers ("Full Name", details) select 'n' || g, jsonb_build_object('x', repeat('x', 2000)) from generate_series(1, 5000) g`,
    )
    for (const copyFrom of [0, 100_000]) {
      const pages = customers({}, { copyFrom, pageSize: 10 }).list(context)
      await pages.next()
      await database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'isthmus shop'`,
      )
      const drain = async (): Promise<void> => {
        while ((await pages.next()).done !== true);
      }
      await expect(drain()).rejects.toMatchObject({ code: 'POSTGRES_LIST_BROKEN' })
    }
  })

  test('a list that nobody finishes gives its connection back', async () => {
    await database.query(
      `insert into customers ("Full Name") select 'n' || g from generate_series(1, 3000) g`,
    )
    for (const copyFrom of [0, 100_000]) {
      const resource = customers({}, { copyFrom, pageSize: 10, pool: 1 })
      const pages = resource.list(context)
      await pages.next()
      await pages.return({ complete: false })
      expect(await resource.read('1', context)).toMatchObject({ kind: 'live' })
    }
  })

  test('a list that is stopped ends at once', async () => {
    await database.query(
      `insert into customers ("Full Name") select 'n' || g from generate_series(1, 30000) g`,
    )
    const stop = new AbortController()
    const pages = customers({}, { copyFrom: 0, pageSize: 10 }).list({ ...context, signal: stop.signal })
    await pages.next()
    stop.abort()
    const drain = async (): Promise<void> => {
      while ((await pages.next()).done !== true);
    }
    await expect(drain()).rejects.toThrow()
  })
})

describe('writes', () => {
  test('a create that is sent again makes no second row and overwrites nothing', async () => {
    const resource = customers()
    const first = await made(resource, 1, { credit: 1 })
    await database.query('update customers set credit = 2')
    const again = await made(resource, 1, { credit: 1 })
    expect(again.rid).toBe(first.rid)
    expect(again.native?.credit).toBe(2)
    expect(await database.query('select id from customers')).toHaveLength(1)
  })

  test('a create writes over the row that is there where the definition says so', async () => {
    const prices = connect({ tables: { prices: { key: ['shop', 'sku'], existing: 'overwrite' } } }).resource(
      'prices',
    )
    const body = { shop: 'a', sku: '1', amount: '1.00' }
    const first = ok(await prices.create?.({ body, recordId: recordId(1), idempotencyKey: '1' }, context))
    const second = { body: { ...body, amount: '2.50' }, recordId: recordId(1), idempotencyKey: '1' }
    expect(ok(await prices.create?.(second, context))).toMatchObject({
      rid: first.rid,
      native: { amount: 2.5 },
    })
  })

  test('a create without its key is refused before it is sent', async () => {
    const prices = connect().resource('prices')
    const request = { body: { shop: 'a' }, recordId: recordId(1), idempotencyKey: '1' }
    expect(await prices.create?.(request, context)).toMatchObject({ kind: 'rejected', fields: ['sku'] })
  })

  test('a key that takes our record id makes it the id of the row', async () => {
    const orders = connect({ tables: { orders: { key: ['number'], create: { as: 'recordId' } } } }).resource(
      'orders',
    )
    const request = { body: { state: 'new' }, recordId: recordId(7), idempotencyKey: '1' }
    expect(ok(await orders.create?.(request, context)).rid).toBe(recordId(7))
    expect(orders.markerOf?.({ number: recordId(7) })).toBe(recordId(7))
  })

  test('the version of a row guards a write against every other writer', async () => {
    const resource = customers()
    const { rid, version } = await made(resource, 1)
    await database.query(`update customers set email = 'x@example.com'`)
    const update = { rid, patch: { credit: 5 }, idempotencyKey: 'u' }
    expect(await resource.update?.({ ...update, ...(version && { ifVersion: version }) }, context)).toEqual({
      kind: 'stale',
    })
    const read = await resource.read(rid, context)
    if (read.kind !== 'live' || read.version === undefined) return expect.fail(read.kind)
    const written = ok(await resource.update?.({ ...update, ifVersion: read.version }, context))
    expect(written.native).toMatchObject({ credit: 5, email: 'x@example.com' })
    expect(await resource.remove?.({ rid, mode: 'delete', ifVersion: read.version }, context)).toEqual({
      kind: 'stale',
    })
  })

  test('a write that waited for another transaction sees its change and is refused', async () => {
    const resource = customers()
    const { rid, version } = await made(resource, 1)
    const other = await session()
    await other.query('begin')
    await other.query('update customers set credit = 9')
    const waiting = resource.update?.(
      { rid, patch: { credit: 5 }, idempotencyKey: 'u', ...(version && { ifVersion: version }) },
      context,
    )
    await new Promise((resolve) => setTimeout(resolve, 100))
    await other.query('commit')
    expect(await waiting).toEqual({ kind: 'stale' })
    expect(await database.query('select credit::int from customers')).toEqual([{ credit: 9 }])
  })

  test('a version column that a trigger counts is taken for an ordered version', async () => {
    const orders = connect().resource('orders')
    const request = { body: { number: 'A1' }, recordId: recordId(1), idempotencyKey: '1' }
    const { rid, version } = ok(await orders.create?.(request, context))
    expect(version).toBe('1')
    const update = { rid, patch: { state: 'paid' }, idempotencyKey: '2', ifVersion: '1' }
    expect(ok(await orders.update?.(update, context)).version).toBe('2')
    expect(await orders.update?.(update, context)).toEqual({ kind: 'stale' })
  })

  test('refused values name the columns, and no message quotes a value', async () => {
    const resource = customers()
    await made(resource, 1, { email: 'secret@example.com' })
    const attempt = async (body: Record<string, unknown>): Promise<WriteResult | undefined> =>
      resource.create?.({ body, recordId: recordId(2), idempotencyKey: '2' }, context)
    const twice = await attempt({ 'Full Name': 'B', email: 'secret@example.com' })
    expect(twice).toMatchObject({
      kind: 'rejected',
      fields: ['email'],
      failure: { code: 'POSTGRES_REJECTED' },
    })
    expect(JSON.stringify(twice)).not.toContain('secret')
    expect(await attempt({ email: 'b' })).toMatchObject({ kind: 'rejected', fields: ['Full Name'] })
    const wrong = await attempt({ 'Full Name': 'B', born: 'no-date-at-all', points: 1 })
    expect(wrong).toMatchObject({ kind: 'rejected' })
    expect(JSON.stringify(wrong)).not.toContain('no-date-at-all')
    expect(await attempt({ 'Full Name': 'B', tier: 'tin' })).toMatchObject({ kind: 'rejected' })
    expect(await attempt({ 'Full Name': 'nul \u0000' })).toMatchObject({ kind: 'rejected' })
    expect(await attempt({ 'Full Name': 'half \ud800' })).toMatchObject({ kind: 'rejected' })
  })

  test('what other transactions prevented was not sent, and what nobody answered is unknown', async () => {
    const resource = customers()
    const { rid } = await made(resource, 1)
    const other = await session()
    await other.query('begin')
    await other.query('update customers set credit = 9')
    const impatient = connect(
      { tables: { customers: { create: { as: 'marker', column: 'isthmus_id' } } } },
      300,
    ).resource('customers')
    const update = { rid, patch: { credit: 5 }, idempotencyKey: 'u' }
    const late = await impatient.update?.(update, context)
    // Both time limits are the same: whichever comes first, nothing that may have happened is called harmless.
    expect(late?.kind === 'unknown' || late?.kind === 'not-sent').toBe(true)
    const waiting = resource.update?.(update, context)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'isthmus shop' and state = 'active'`,
    )
    expect(await waiting).toMatchObject({ kind: 'unknown', failure: { scope: 'system' } })
    await other.query('rollback')
    expect(ok(await resource.update?.(update, context)).native?.credit).toBe(5)
  })

  test('a write whose start time has passed, and one that finds no server, were not sent', async () => {
    const resource = customers()
    const { rid } = await made(resource, 1)
    const update = { rid, patch: { credit: 5 }, idempotencyKey: 'u' }
    expect(await resource.update?.(update, { ...context, startBefore: clock.monotonic() - 1 })).toMatchObject(
      {
        kind: 'not-sent',
        failure: { code: 'POSTGRES_TOO_LATE' },
      },
    )
    const away = connect({ url: 'postgresql://nobody@127.0.0.1:1/nothing' }).resource('customers')
    expect(await away.update?.(update, context)).toMatchObject({
      kind: 'not-sent',
      failure: { code: 'POSTGRES_UNAVAILABLE', scope: 'system' },
    })
    expect(await away.read(rid, context)).toMatchObject({ kind: 'unknown', failure: { scope: 'system' } })
  })

  test('an update of a row that is gone says so, and its key can not be changed', async () => {
    const resource = customers()
    const { rid } = await made(resource, 1)
    const changed = { rid, patch: { id: 77, credit: 1 }, idempotencyKey: 'u' }
    expect(await resource.update?.(changed, context)).toMatchObject({ kind: 'rejected', fields: ['id'] })
    expect(ok(await resource.remove?.({ rid, mode: 'delete' }, context)).rid).toBe(rid)
    expect(await resource.update?.({ rid, patch: { credit: 1 }, idempotencyKey: 'u' }, context)).toEqual({
      kind: 'gone',
    })
    expect(await resource.remove?.({ rid, mode: 'delete' }, context)).toEqual({ kind: 'gone' })
  })

  test('archived rows are gone from reads and lists, told by the feed, and not taken for new', async () => {
    const resource = customers({ softDelete: { column: 'deleted_at' }, touch: ['updated_at'] })
    const { rid } = await made(resource, 1)
    const { cursor } = await changesOf(resource)
    expect(ok(await resource.remove?.({ rid, mode: 'archive' }, context)).rid).toBe(rid)
    expect(await resource.read(rid, context)).toEqual({ kind: 'gone' })
    expect((await listOf(resource)).records).toEqual([])
    expect((await changesOf(resource, cursor)).changed).toMatchObject([{ rid, deleted: true }])
    const again = { body: { 'Full Name': 'A' }, recordId: recordId(1), idempotencyKey: '1' }
    expect(await resource.create?.(again, context)).toMatchObject({
      kind: 'rejected',
      failure: { code: 'POSTGRES_ROW_DELETED' },
    })
    expect(await resource.remove?.({ rid, mode: 'archive' }, context)).toEqual({ kind: 'gone' })
  })

  test('what a trigger does after the write is in the answer', async () => {
    const client = await session()
    await client.query(`create function fill_details() returns trigger language plpgsql as $$ begin
        update customers set details = '{"by":"trigger"}' where id = new.id and details is null; return null; end $$;
      create trigger fill after insert on customers for each row execute function fill_details()`)
    try {
      const { native, rid, version } = await made(customers(), 1)
      expect(native?.details).toEqual({ by: 'trigger' })
      expect(await customers().read(rid, context)).toMatchObject({ version })
    } finally {
      await client.query('drop function fill_details cascade')
    }
  })
})

describe('a partitioned table', () => {
  test('is read, written under versions and followed like any other', async () => {
    const visits = connect({ tables: { visits: {} } }).resource('visits')
    const request = (id: number) => ({
      body: { id, page: 'a' },
      recordId: recordId(id),
      idempotencyKey: String(id),
    })
    const made = (await visits.createMany?.([request(5), request(150)], context)) ?? []
    expect(made.map((one) => ok(one).rid)).toEqual(['5', '150'])
    expect(ok(await visits.create?.(request(5), context)).rid).toBe('5')
    const { version = '' } = ok(made[1])
    const update = { rid: '150', patch: { page: 'b' }, idempotencyKey: 'u', ifVersion: version }
    expect(ok(await visits.update?.(update, context))).toMatchObject({ native: { id: 150, page: 'b' } })
    expect(await visits.update?.(update, context)).toEqual({ kind: 'stale' })
    expect((await listOf(visits)).records).toHaveLength(2)
    expect(
      (await listOf(connect({ copyFrom: 0, tables: { visits: {} } }).resource('visits'))).records,
    ).toHaveLength(2)
    expect(ridsOf((await changesOf(visits)).changed)).toEqual(['150', '5'])
    expect(ok(await visits.remove?.({ rid: '150', mode: 'delete' }, context)).rid).toBe('150')
  })
})

describe('several writes at once', () => {
  test('rows come back in the order of the requests, one refused row takes no other along', async () => {
    const resource = customers()
    await made(resource, 3)
    const bodies = [
      { credit: 1 },
      { email: 'x'.repeat(80) },
      { credit: 3 },
      { email: 'd@example.com' },
      { credit: 5 },
    ]
    const requests = bodies.map((body, n) => ({
      body: { 'Full Name': `N${n}`, ...body },
      recordId: recordId(n + 1),
      idempotencyKey: String(n),
    }))
    const results = (await resource.createMany?.(requests, context)) ?? []
    expect(results.map(({ kind }) => kind)).toEqual(['ok', 'rejected', 'ok', 'ok', 'ok'])
    const natives = results.map((result) => (result.kind === 'ok' ? result.native?.isthmus_id : undefined))
    expect(natives).toEqual([recordId(1), undefined, recordId(3), recordId(4), recordId(5)])
    expect(await database.query('select id from customers')).toHaveLength(4)
    const again = (await resource.createMany?.(requests, context)) ?? []
    expect(again.map((result) => (result.kind === 'ok' ? result.rid : undefined))).toEqual(
      results.map((result) => (result.kind === 'ok' ? result.rid : undefined)),
    )
  })

  test('updates meet their versions row by row', async () => {
    const resource = customers()
    const rows = [
      await made(resource, 1),
      await made(resource, 2),
      await made(resource, 3),
      await made(resource, 4),
    ]
    await database.query(`update customers set credit = 100 where "Full Name" = 'Name 2'`)
    await database.query(`delete from customers where "Full Name" = 'Name 3'`)
    const requests = rows.map(({ rid, version }, n) => ({
      rid,
      patch: { credit: n + 10 },
      idempotencyKey: String(n),
      ...(version === undefined ? {} : { ifVersion: version }),
    }))
    const results = (await resource.updateMany?.(requests, context)) ?? []
    expect(results.map(({ kind }) => kind)).toEqual(['ok', 'stale', 'gone', 'ok'])
    expect(await database.query('select credit::int from customers order by id')).toEqual([
      { credit: 10 },
      { credit: 100 },
      { credit: 13 },
    ])
  })

  test('two changes of one row in a batch both arrive, the later one last', async () => {
    const resource = customers()
    const { rid } = await made(resource, 1)
    const other = await made(resource, 2)
    const patch = (id: string, credit: number) => ({
      rid: id,
      patch: { credit },
      idempotencyKey: String(credit),
    })
    const requests = [patch(rid, 1), patch(other.rid, 2), patch(rid, 3)]
    const results = (await resource.updateMany?.(requests, context)) ?? []
    expect(results.map(({ kind }) => kind)).toEqual(['ok', 'ok', 'ok'])
    expect(await resource.read(rid, context)).toMatchObject({ native: { credit: 3 } })
  })

  test('a batch in which nobody answers is unknown row by row', async () => {
    const resource = customers()
    const rows = [await made(resource, 1), await made(resource, 2)]
    const other = await session()
    await other.query('begin')
    await other.query('update customers set credit = 9')
    const waiting = resource.updateMany?.(
      rows.map(({ rid }) => ({ rid, patch: { credit: 1 }, idempotencyKey: rid })),
      context,
    )
    await new Promise((resolve) => setTimeout(resolve, 100))
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'isthmus shop' and state = 'active'`,
    )
    expect((await waiting)?.map(({ kind }) => kind)).toEqual(['unknown', 'unknown'])
    await other.query('rollback')
  })
})

describe('changes by transaction', () => {
  test('each change is told once, whenever it was committed', async () => {
    const resource = customers({}, { pageSize: 2 })
    for (const n of [1, 2, 3, 4, 5]) await made(resource, n)
    const first = await changesOf(resource)
    expect(ridsOf(first.changed)).toEqual(['1', '2', '3', '4', '5'])
    const slow = await session()
    await slow.query('begin')
    await slow.query('update customers set credit = 1 where id = 1')
    await database.query('update customers set credit = 2 where id = 2')
    const second = await changesOf(resource, first.cursor)
    expect(ridsOf(second.changed)).toEqual(['2'])
    const third = await changesOf(resource, second.cursor)
    expect(third.changed).toEqual([])
    await slow.query('commit')
    const fourth = await changesOf(resource, third.cursor)
    expect(ridsOf(fourth.changed)).toEqual(['1'])
    expect((await changesOf(resource, fourth.cursor)).changed).toEqual([])
  })

  test('a row that a subtransaction wrote is told although its transaction was open', async () => {
    const resource = customers()
    await made(resource, 1)
    const first = await changesOf(resource)
    const slow = await session()
    await slow.query('begin')
    await slow.query('select pg_current_xact_id()')
    await slow.query('savepoint a')
    await slow.query('update customers set credit = 1 where id = 1')
    await slow.query('release a')
    // A later transaction is over before, so that the subtransaction's number lies below the snapshot's end.
    await made(resource, 2)
    const second = await changesOf(resource, first.cursor)
    expect(ridsOf(second.changed)).toEqual(['2'])
    await slow.query('commit')
    expect(ridsOf((await changesOf(resource, second.cursor)).changed)).toEqual(['1'])
  })

  test('a row that changes while the feed is paged is told then or next time', async () => {
    const resource = customers({}, { pageSize: 2 })
    for (const n of [1, 2, 3, 4, 5]) await made(resource, n)
    const page = await resource.changes?.(undefined, context)
    if (page?.kind !== 'page') return expect.fail('no page')
    await database.query('update customers set credit = 1 where id in (1, 5)')
    const rest = await changesOf(resource, page.cursor)
    const next = await changesOf(resource, rest.cursor)
    expect(ridsOf([...rest.changed, ...next.changed]).filter((rid) => rid === '1')).toEqual(['1'])
    expect(ridsOf([...rest.changed, ...next.changed])).toContain('5')
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

  test('many rows of one time are all told, page by page', async () => {
    await database.query(
      `insert into customers ("Full Name", updated_at) select 'n' || g, '2024-01-01 00:00:00.123456+00' from generate_series(1, 23) g`,
    )
    const { changed } = await changesOf(customers(feed, { pageSize: 5 }))
    expect(new Set(ridsOf(changed)).size).toBe(23)
  })

  test('a transaction that commits late, with an old time, is told', async () => {
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
    expect(third.changed.map(({ rid }) => rid)).toContain('1')
  })
})

describe('the system', () => {
  test('describes its tables with types, lengths, enums, keys and references', async () => {
    const system = connect()
    const answer = await system.describe?.(undefined, context)
    if (answer?.kind !== 'known') return expect.fail(JSON.stringify(answer))
    expect(answer.resources.map(({ name }) => name)).toEqual([
      'customers',
      'notes',
      'orders',
      'prices',
      'visits',
    ])
    const [shop, , , prices] = answer.resources
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
    const { rid } = await made(resource, 1, { email: 'a@example.com', points: '7' })
    expect(await resource.find?.({ by: 'marker', recordId: recordId(1) }, context)).toEqual({
      kind: 'found',
      rids: [rid],
      capped: false,
    })
    const values = { email: 'a@example.com', points: 7 }
    expect(await resource.find?.({ by: 'values', values }, context)).toMatchObject({ rids: [rid] })
    expect(await resource.find?.({ by: 'values', values: { email: 'x' } }, context)).toMatchObject({
      rids: [],
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
    const { rid } = ok(await fresh.create?.({ body, recordId: recordId(1), idempotencyKey: '1' }, context))
    expect(await fresh.read(rid, context)).toMatchObject({ native: body })
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
  test('name the row, the table or nothing, and a lost connection is told', async () => {
    const system = connect({ listen: 'isthmus "x"' })
    const heard: unknown[] = []
    const listener = {
      changed: (records: readonly unknown[]) => void heard.push(...records),
      stirred: (resource?: string) => void heard.push(resource ?? 'all'),
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
      { resource: 'customers', rid: '4711' },
      { resource: 'prices', rid: '["a \\"b", "1"]', deleted: true },
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
