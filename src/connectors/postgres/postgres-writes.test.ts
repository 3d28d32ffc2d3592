import { describe, expect, test } from 'vitest'
import {
  changesOf,
  clock,
  connect,
  context,
  customers,
  database,
  listOf,
  made,
  nativeIdsOf,
  ok,
  recordId,
  session,
  withShop,
} from '../../../test/support/postgres/connected.ts'
import type { WriteResult } from '../kit/contract.ts'

withShop()

/** Waits until a statement of the connector waits for a lock. */
async function untilBlocked(): Promise<void> {
  const blocked = () =>
    database.query(
      `select pid from pg_stat_activity where application_name = 'isthmus shop' and wait_event_type = 'Lock'`,
    )
  await expect.poll(blocked).not.toEqual([])
}

describe('writes', () => {
  test('a create that is sent again makes no second row and overwrites nothing', async () => {
    const resource = customers()
    const first = await made(resource, 1, { credit: 1 })
    await database.query('update customers set credit = 2')
    const again = await made(resource, 1, { credit: 1 })
    expect(again.nativeId).toBe(first.nativeId)
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
      nativeId: first.nativeId,
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
    expect(ok(await orders.create?.(request, context)).nativeId).toBe(recordId(7))
    expect(orders.markerOf?.({ number: recordId(7) })).toBe(recordId(7))
  })

  test('the version of a row guards a write against every other writer', async () => {
    const resource = customers()
    const { nativeId, version } = await made(resource, 1)
    await database.query(`update customers set email = 'x@example.com'`)
    const update = { nativeId, patch: { credit: 5 }, idempotencyKey: 'u' }
    expect(await resource.update?.({ ...update, ...(version && { ifVersion: version }) }, context)).toEqual({
      kind: 'stale',
    })
    const read = await resource.read(nativeId, context)
    if (read.kind !== 'live' || read.version === undefined) return expect.fail(read.kind)
    const written = ok(await resource.update?.({ ...update, ifVersion: read.version }, context))
    expect(written.native).toMatchObject({ credit: 5, email: 'x@example.com' })
    expect(await resource.remove?.({ nativeId, mode: 'delete', ifVersion: read.version }, context)).toEqual({
      kind: 'stale',
    })
  })

  test('a write that waited for another transaction sees its change and is refused', async () => {
    const resource = customers()
    const { nativeId, version } = await made(resource, 1)
    const other = await session()
    await other.query('begin')
    await other.query('update customers set credit = 9')
    const waiting = resource.update?.(
      { nativeId, patch: { credit: 5 }, idempotencyKey: 'u', ...(version && { ifVersion: version }) },
      context,
    )
    await untilBlocked()
    await other.query('commit')
    expect(await waiting).toEqual({ kind: 'stale' })
    expect(await database.query('select credit::int from customers')).toEqual([{ credit: 9 }])
  })

  test('a version column that a trigger counts is taken for an ordered version', async () => {
    const orders = connect().resource('orders')
    const request = { body: { number: 'A1' }, recordId: recordId(1), idempotencyKey: '1' }
    const { nativeId, version } = ok(await orders.create?.(request, context))
    expect(version).toBe('1')
    const update = { nativeId, patch: { state: 'paid' }, idempotencyKey: '2', ifVersion: '1' }
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
    const { nativeId } = await made(resource, 1)
    const other = await session()
    await other.query('begin')
    await other.query('update customers set credit = 9')
    const impatient = connect(
      { tables: { customers: { create: { as: 'marker', column: 'isthmus_id' } } } },
      300,
    ).resource('customers')
    const update = { nativeId, patch: { credit: 5 }, idempotencyKey: 'u' }
    const late = await impatient.update?.(update, context)
    // Both time limits are equal: whichever expires first, a write that may have taken effect is never
    // reported as harmless.
    expect(late?.kind === 'unknown' || late?.kind === 'not-sent').toBe(true)
    const waiting = resource.update?.(update, context)
    await untilBlocked()
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'isthmus shop' and state = 'active'`,
    )
    expect(await waiting).toMatchObject({ kind: 'unknown', failure: { scope: 'system' } })
    await other.query('rollback')
    expect(ok(await resource.update?.(update, context)).native?.credit).toBe(5)
  })

  test('a write whose start time has passed, and one that finds no server, were not sent', async () => {
    const resource = customers()
    const { nativeId } = await made(resource, 1)
    const update = { nativeId, patch: { credit: 5 }, idempotencyKey: 'u' }
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
    expect(await away.read(nativeId, context)).toMatchObject({
      kind: 'unknown',
      failure: { scope: 'system' },
    })
  })

  test('an update of a row that is gone says so, and its key can not be changed', async () => {
    const resource = customers()
    const { nativeId } = await made(resource, 1)
    const changed = { nativeId, patch: { id: 77, credit: 1 }, idempotencyKey: 'u' }
    expect(await resource.update?.(changed, context)).toMatchObject({ kind: 'rejected', fields: ['id'] })
    expect(ok(await resource.remove?.({ nativeId, mode: 'delete' }, context)).nativeId).toBe(nativeId)
    expect(await resource.update?.({ nativeId, patch: { credit: 1 }, idempotencyKey: 'u' }, context)).toEqual(
      {
        kind: 'gone',
      },
    )
    expect(await resource.remove?.({ nativeId, mode: 'delete' }, context)).toEqual({ kind: 'gone' })
  })

  test('archived rows are gone from reads and lists, reported by the feed, and not taken for new', async () => {
    const resource = customers({ softDelete: { column: 'deleted_at' }, touch: ['updated_at'] })
    const { nativeId } = await made(resource, 1)
    const { cursor } = await changesOf(resource)
    expect(ok(await resource.remove?.({ nativeId, mode: 'archive' }, context)).nativeId).toBe(nativeId)
    expect(await resource.read(nativeId, context)).toEqual({ kind: 'gone' })
    expect((await listOf(resource)).records).toEqual([])
    expect((await changesOf(resource, cursor)).changed).toMatchObject([{ nativeId, deleted: true }])
    const again = { body: { 'Full Name': 'A' }, recordId: recordId(1), idempotencyKey: '1' }
    expect(await resource.create?.(again, context)).toMatchObject({
      kind: 'rejected',
      failure: { code: 'POSTGRES_ROW_DELETED' },
    })
    expect(await resource.remove?.({ nativeId, mode: 'archive' }, context)).toEqual({ kind: 'gone' })
  })

  test('what a trigger does after the write is in the response', async () => {
    const client = await session()
    await client.query(`create function fill_details() returns trigger language plpgsql as $$ begin
        update customers set details = '{"by":"trigger"}' where id = new.id and details is null; return null; end $$;
      create trigger fill after insert on customers for each row execute function fill_details()`)
    try {
      const { native, nativeId, version } = await made(customers(), 1)
      expect(native?.details).toEqual({ by: 'trigger' })
      expect(await customers().read(nativeId, context)).toMatchObject({ version })
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
    expect(made.map((one) => ok(one).nativeId)).toEqual(['5', '150'])
    expect(ok(await visits.create?.(request(5), context)).nativeId).toBe('5')
    const { version = '' } = ok(made[1])
    const update = { nativeId: '150', patch: { page: 'b' }, idempotencyKey: 'u', ifVersion: version }
    expect(ok(await visits.update?.(update, context))).toMatchObject({ native: { id: 150, page: 'b' } })
    expect(await visits.update?.(update, context)).toEqual({ kind: 'stale' })
    expect((await listOf(visits)).records).toHaveLength(2)
    expect(
      (await listOf(connect({ copyFrom: 0, tables: { visits: {} } }).resource('visits'))).records,
    ).toHaveLength(2)
    expect(nativeIdsOf((await changesOf(visits)).changed)).toEqual(['150', '5'])
    expect(ok(await visits.remove?.({ nativeId: '150', mode: 'delete' }, context)).nativeId).toBe('150')
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
    expect(again.map((result) => (result.kind === 'ok' ? result.nativeId : undefined))).toEqual(
      results.map((result) => (result.kind === 'ok' ? result.nativeId : undefined)),
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
    const requests = rows.map(({ nativeId, version }, n) => ({
      nativeId,
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
    const { nativeId } = await made(resource, 1)
    const other = await made(resource, 2)
    const patch = (id: string, credit: number) => ({
      nativeId: id,
      patch: { credit },
      idempotencyKey: String(credit),
    })
    const requests = [patch(nativeId, 1), patch(other.nativeId, 2), patch(nativeId, 3)]
    const results = (await resource.updateMany?.(requests, context)) ?? []
    expect(results.map(({ kind }) => kind)).toEqual(['ok', 'ok', 'ok'])
    expect(await resource.read(nativeId, context)).toMatchObject({ native: { credit: 3 } })
  })

  test('a batch in which nobody answers is unknown row by row', async () => {
    const resource = customers()
    const rows = [await made(resource, 1), await made(resource, 2)]
    const other = await session()
    await other.query('begin')
    await other.query('update customers set credit = 9')
    const waiting = resource.updateMany?.(
      rows.map(({ nativeId }) => ({ nativeId, patch: { credit: 1 }, idempotencyKey: nativeId })),
      context,
    )
    await untilBlocked()
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'isthmus shop' and state = 'active'`,
    )
    expect((await waiting)?.map(({ kind }) => kind)).toEqual(['unknown', 'unknown'])
    await other.query('rollback')
  })
})
