import { LosslessNumber } from 'lossless-json'
import { describe, expect, test } from 'vitest'
import {
  connect,
  context,
  customers,
  database,
  listOf,
  made,
  ok,
  recordId,
  withShop,
} from '../../../test/support/postgres/connected.ts'

withShop()

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
    const { nativeId, native } = await made(resource, 1, values)
    expect(native).toMatchObject(values)
    expect(await resource.read(nativeId, context)).toMatchObject({ kind: 'live', native: values })
    const { records } = await listOf(resource)
    expect(records[0]?.native).toEqual(native)
    const copied = await listOf(customers({}, { copyFrom: 0 }))
    expect(copied.records[0]?.native).toEqual(native)
  })

  test('infinity and not-a-number come as words', async () => {
    const resource = customers()
    const { nativeId } = await made(resource, 1, { born: 'infinity', seen_at: '-infinity', ratio: 'NaN' })
    expect(await resource.read(nativeId, context)).toMatchObject({
      native: { born: 'infinity', seen_at: '-infinity', ratio: 'NaN' },
    })
  })
})

describe('reads', () => {
  test('a row that is not there, and a key that no row can have, are gone', async () => {
    const resource = customers()
    const { nativeId } = await made(resource, 1)
    expect(await resource.read('4711', context)).toEqual({ kind: 'gone' })
    expect(await resource.read('no number', context)).toEqual({ kind: 'gone' })
    const many = await resource.readMany?.(['4711', nativeId, 'no number', nativeId], context)
    expect(many?.map(({ kind }) => kind)).toEqual(['gone', 'live', 'gone', 'live'])
  })

  test('a key of two columns is one id', async () => {
    const prices = connect().resource('prices')
    const create = { recordId: recordId(1), idempotencyKey: '1' }
    const body = { shop: 'a "b"', sku: '1,2', amount: '9.99' }
    const { nativeId } = ok(await prices.create?.({ body, ...create }, context))
    expect(await prices.read(nativeId, context)).toMatchObject({
      kind: 'live',
      nativeId,
      native: { sku: '1,2' },
    })
    expect(await prices.readMany?.([nativeId, '["a", "b"]', 'x'], context)).toMatchObject([
      { kind: 'live' },
      { kind: 'gone' },
      { kind: 'gone' },
    ])
    expect(
      ok(await prices.update?.({ nativeId, patch: { amount: '10' }, idempotencyKey: '2' }, context)).nativeId,
    ).toBe(nativeId)
  })

  test('only the allowed columns are shown and written', async () => {
    const resource = customers({ columns: ['id', 'isthmus_id', 'Full Name'] })
    const { nativeId, native } = await made(resource, 1)
    expect(Object.keys(native ?? {})).toEqual(['id', 'isthmus_id', 'Full Name'])
    const result = await resource.update?.({ nativeId, patch: { credit: 1 }, idempotencyKey: 'u' }, context)
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
      expect(new Set(records.map(({ nativeId }) => nativeId)).size).toBe(2500)
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
