import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import type { CallContext, ConnectedSystem, Resource } from '../kit/contract.ts'
import { connectSystem } from '../registry.ts'
import { writeFailure } from './failures.ts'

const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }
let database: TestDatabase
let system: ConnectedSystem

beforeAll(async () => {
  database = await withTestDatabase()
  await database.query(`create table shares (id int primary key, parts int not null);
insert into shares values (1, 0), (2, 4);
create view parts_of_100 as select id, 100 / parts as each from shares;
create table clients (id text primary key, name text, removed_at timestamptz, updated_at timestamptz);
create table papers (id text primary key, about jsonb);
insert into clients values ('kept', 'before', null, null), ('dead', 'before', now(), null);`)
  system = connectSystem(
    {
      name: 'shop',
      connector: 'postgres',
      config: {
        url: database.connection,
        tables: {
          parts_of_100: { version: 'none', create: { as: 'unsupported' }, changes: 'none' },
          papers: {},
          clients: {
            softDelete: { column: 'removed_at' },
            existing: 'overwrite',
            touch: ['updated_at'],
          },
        },
      },
      timing: { readTimeoutMs: 5_000, writeTimeoutMs: 5_000, concurrency: 4 },
    },
    { clock },
  )
})
afterAll(async () => {
  await system.close()
  await database.close()
})

const resource = (name: string): Resource => system.resource(name)

test('a row that a view fails on is no information, a key that no row can have is gone', async () => {
  const view = resource('parts_of_100')
  expect(await view.read('1', context)).toMatchObject({ kind: 'unknown' })
  expect(await view.read('2', context)).toMatchObject({ kind: 'live' })
  expect(await view.read('no number', context)).toEqual({ kind: 'gone' })
  expect(await view.readMany?.(['1', '2', '3', 'x'], context)).toMatchObject([
    { kind: 'unknown' },
    { kind: 'live' },
    { kind: 'gone' },
    { kind: 'gone' },
  ])
})

test('a create that writes over a row that is there leaves one alone that is marked as deleted', async () => {
  const clients = resource('clients')
  const create = (id: string) => ({ body: { id, name: 'after' }, recordId: id, idempotencyKey: id })
  expect(await clients.create?.(create('dead'), context)).toMatchObject({
    kind: 'rejected',
    failure: { code: 'POSTGRES_ROW_DELETED' },
  })
  const results = await clients.createMany?.([create('kept'), create('dead'), create('new')], context)
  expect(results).toMatchObject([{ kind: 'ok' }, { kind: 'rejected' }, { kind: 'ok' }])
  const rows = await database.query<{ id: string; name: string; touched: boolean }>(
    'select id, name, updated_at is not null as touched from clients order by id',
  )
  expect(rows).toEqual([
    { id: 'dead', name: 'before', touched: false },
    { id: 'kept', name: 'after', touched: true },
    { id: 'new', name: 'after', touched: false },
  ])
})

test('a row that was written and comes back as nothing that can be read is an unknown outcome', async () => {
  const papers = resource('papers')
  const about = JSON.parse(`${'['.repeat(80)}${']'.repeat(80)}`)
  const create = (id: string) => ({ body: { id, about }, recordId: id, idempotencyKey: id })
  expect(await papers.create?.(create('1'), context)).toMatchObject({ kind: 'unknown' })
  expect(await papers.createMany?.([create('2'), create('3')], context)).toMatchObject([
    { kind: 'unknown' },
    { kind: 'unknown' },
  ])
  expect(await database.query('select id from papers order by id')).toHaveLength(3)
})

test('a statement of which nobody knows whether it was completed is an unknown outcome', () => {
  const error = new pg.DatabaseError('unknown', 7, 'error')
  error.severity = 'ERROR'
  error.code = '40003'
  expect(writeFailure(error, 'Writing')).toMatchObject({ kind: 'unknown' })
  error.code = '40001'
  expect(writeFailure(error, 'Writing')).toMatchObject({ kind: 'not-sent' })
})
