import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import { expectKeptCounts } from '../../../test/support/kept-counts.ts'
import { dumpSchema } from '../../../test/support/schema-dump.ts'
import { describeRunEnd, type RunReason } from '../../model/run-reasons.ts'
import { createClearCodec } from '../clear-codec.ts'
import type { Fact } from '../contract.ts'
import { PostgresStore } from './postgres-store.ts'

let database: TestDatabase
const stores: PostgresStore[] = []

function open(schema: string): PostgresStore {
  const codec = createClearCodec(Buffer.from('test key of the store'))
  const store = new PostgresStore({ connection: database.connection, schema, codec, poolSize: 2 })
  stores.push(store)
  return store
}

const id = (n: number): string => `00000000-0000-7000-8000-00000000000${n}`
const directory = path.join(import.meta.dirname, 'migrations')

/** The schema before a migration, with rows that a version of that time left in it. */
function schemaBefore(number: number, schema: string, ...rows: readonly string[]): string {
  const files = readdirSync(directory)
    .filter((file) => Number.parseInt(file, 10) < number)
    .sort()
  return [
    `create schema ${schema}; set search_path = ${schema};`,
    'create table migration (number integer primary key, name text not null, applied_at timestamptz not null default now());',
    ...files.map((file) => readFileSync(path.join(directory, file), 'utf8')),
    ...files.map(
      (file) => `insert into migration (number, name) values (${Number.parseInt(file, 10)}, '${file}');`,
    ),
    ...rows,
    'reset search_path;',
  ].join('\n')
}

/** The schema before duplicates, with open questions for review. */
function beforeDuplicates(): string {
  const record = (n: number, state: string, aliasOf?: number) =>
    `insert into record (id, entity, state, discovered_at, next_at, dirty_seq, clean_seq, alias_of)
     values ('${id(n)}', 'customer', '${state}', 1, 1, 1, 1, ${aliasOf === undefined ? 'null' : `'${id(aliasOf)}'`});`
  const member = (n: number, system: string, nativeId: string, state: string) =>
    `insert into member (record_id, system, entity, rid, state) values ('${id(n)}', '${system}', 'customer', '${nativeId}', '${state}');`
  return schemaBefore(
    9,
    'older',
    record(1, 'active') + member(1, 'crm', 'C1', 'linked') + member(1, 'erp', 'E1', 'linked'),
    record(2, 'review') + member(2, 'erp', 'E2', 'unread'),
    record(3, 'active') + member(3, 'crm', 'C3', 'linked') + member(3, 'erp', 'E3', 'linked'),
    record(4, 'tombstoned', 3) + member(4, 'crm', 'C4', 'gone') + member(4, 'erp', 'E4', 'linked'),
    ...[1, 2].map((n) => `insert into match_key values ('${id(n)}', '\\x01', 0, 'exact');`),
    `insert into review (record_id, at, candidates) values ('${id(2)}', 1, '\\x015b5d');`,
    `insert into hold (id, record_id, entity, system, kind, reason, at) values ('${id(9)}', '${id(1)}', 'customer', 'erp', 'guard', 'r', 1);`,
  )
}

beforeAll(async () => {
  database = await withTestDatabase()
})
afterAll(async () => {
  for (const store of stores) await store.close()
  await database.close()
})

describe('the schema', () => {
  test('has one migration per number, without a gap', () => {
    const numbers = readdirSync(directory)
      .filter((file) => file.endsWith('.sql'))
      .map((file) => Number.parseInt(file, 10))
    expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, index) => index + 1))
  })

  test('matches the committed dump', async () => {
    await open('dumped').migrate()
    await expect(await dumpSchema(database, 'dumped')).toMatchFileSnapshot('schema.sql')
  })

  test('upgrades open questions: reviews and holds stay, pairs that share a key are duplicates, orphans of merges work again', async () => {
    const store = open('older')
    await database.query(beforeDuplicates())
    await store.migrate()
    const { admin } = store
    expect((await admin.reviews({ limit: 5 })).rows.map(({ recordId }) => recordId)).toEqual([id(2)])
    expect((await admin.holds({ limit: 5 })).rows).toMatchObject([{ kind: 'guard', recordId: id(1) }])
    const pairs = (await admin.duplicates({ limit: 5 })).rows
    expect(
      pairs.map(({ cause, sides: [one, other] }) => [cause, one.recordId, other.recordId]).sort(),
    ).toEqual([
      ['key', id(1), id(2)],
      ['merge', id(3), id(4)],
    ])
    expect((await admin.record({ recordId: id(4) }))?.record).toMatchObject({
      state: 'active',
      toRead: ['*'],
    })
    expect((await admin.status()).open.intents).toBe(0)
  })

  test('upgrades the schedule: facts that were stored in it move to a table of their own', async () => {
    const store = open('scheduled')
    const keys = [
      'full:crm:customer',
      'cron 0 3 * * *:crm:customer',
      'retention',
      'first-load:customer',
      'baseline-list:crm:customer',
      'baseline-list:erp:customer:77',
      'look-feed:crm:customer',
      'look-list:erp:customer',
      'placing:crm:customer:v1',
      'placing:erp:customer:v1:77',
      'lenses:crm:customer:3',
      'delete-guard:crm:customer',
      'lost-witnesses:erp:customer',
    ]
    const rows = keys.map((key, at) => `insert into schedule (key, at) values ('${key}', ${at});`)
    await database.query(schemaBefore(13, 'scheduled', ...rows))
    await store.migrate()
    const left = await database.query<{ key: string }>('select key from scheduled.schedule order by at')
    expect(left.map(({ key }) => key)).toEqual(keys.slice(0, 3))
    expect(await store.lastScheduled('cron 0 3 * * *:crm:customer')).toBe(1)
    const crm = { system: 'crm', entity: 'customer' }
    const erp = { system: 'erp', entity: 'customer' }
    const facts: readonly Fact[] = [
      { kind: 'first-load-listed', entity: 'customer' },
      { kind: 'listed-twice', ...crm, joinedAt: 0 },
      { kind: 'listed-twice', ...erp, joinedAt: 77 },
      { kind: 'observed', ...crm, by: 'feed' },
      { kind: 'observed', ...erp, by: 'list' },
      { kind: 'older-records-marked', ...crm, version: 'v1', joinedAt: 0 },
      { kind: 'older-records-marked', ...erp, version: 'v1', joinedAt: 77 },
      { kind: 'lens-set-applied', ...crm, lensSet: 3 },
      { kind: 'deletions-tripped', ...crm },
      { kind: 'witnesses-lost', ...erp },
    ]
    const times = await Promise.all(facts.map((fact) => store.factAt(fact)))
    expect(times).toEqual(facts.map((_, index) => index + 3))
    const [counted] = await database.query<{ count: number }>(
      'select count(*)::integer as count from scheduled.fact',
    )
    expect(counted?.count).toBe(facts.length)
  })

  test('upgrades times of deletions that were stored as the time of a wanted create', async () => {
    const store = open('deletions')
    const member = (n: number, state: string) =>
      `insert into record (id, entity, state, discovered_at, next_at, dirty_seq, clean_seq)
       values ('${id(n)}', 'customer', 'active', 1, 1, 1, 1);
       insert into member (record_id, system, entity, rid, state, create_wanted_at)
       values ('${id(n)}', 'erp', 'customer', ${state === 'absent' ? 'null' : `'E${n}'`}, '${state}', ${n});`
    const states = ['absent', 'suspect', 'gone']
    await database.query(schemaBefore(16, 'deletions', ...states.map((state, n) => member(n, state))))
    await store.migrate()
    const upgraded = await Promise.all(states.map((_, n) => store.admin.record({ recordId: id(n) })))
    const [absent, suspect, gone] = upgraded.map((detail) => detail?.members[0])
    expect(absent).toMatchObject({ state: 'absent', createWantedAt: 0 })
    expect(suspect).toMatchObject({ state: 'suspect', goneConfirmedAt: 1 })
    expect(suspect).not.toHaveProperty('createWantedAt')
    expect(gone).toMatchObject({ state: 'gone', reappearedAt: 2 })
    expect(gone).not.toHaveProperty('createWantedAt')
  })

  test('upgrades the sentences of runs to codes, without losing what they said', async () => {
    const store = open('sentences')
    const looked = '; what it did not hold is read by id'
    const sentences: readonly (readonly [string | null, RunReason | undefined])[] = [
      [null, undefined],
      ['stopped', { code: 'stopped' }],
      ['another account answers than the one this store was filled from', { code: 'other-account' }],
      ['nothing was listed although records are known there', { code: 'nothing-listed' }],
      ['the list broke off: the same page came twice', { code: 'page-repeated' }],
      ['the list broke off: no page came within 180000 ms', { code: 'page-late', limitMs: 180_000 }],
      [
        'the list broke off: HTTP_STATUS: it answered 500: "x"',
        { code: 'list-failed', cause: 'HTTP_STATUS', message: 'it answered 500: "x"' },
      ],
      ['the list broke off: Error: odd', { code: 'list-failed', message: 'Error: odd' }],
      ['the database lost the listed records', { code: 'rows-lost' }],
      ['only 8 of 10 records were listed', { code: 'records-left-out', seen: 8, expected: 10 }],
      ['the system did not report that the list is complete', { code: 'list-incomplete' }],
      ['it lists no more than 1000', { code: 'list-incomplete', message: 'it lists no more than 1000' }],
      ['offset paging skips records when others are deleted', { code: 'offset-paging' }],
      [`offset paging skips records when others are deleted${looked}`, { code: 'offset-paging' }],
    ]
    const rows = sentences.map(([sentence], at) => {
      const reason = sentence === null ? 'null' : `'${sentence}'`
      return `insert into run (id, kind, system, entity, started_at, finished_at, complete, reason, stage)
        values ('r${at}', 'full', 'crm', 'customer', ${at}, 99, false, ${reason}, 's');`
    })
    const failing = `insert into place_health (system, entity, failures, failing_since, failed_way, failed_code, failed_message)
      values ('crm', 'customer', 1, 1, 'list', 'ENGINE_LIST_INCOMPLETE', 'the list broke off: HTTP_STATUS: it answered 500');`
    await database.query(schemaBefore(14, 'sentences', ...rows, failing))
    await store.migrate()
    for (const [at, [sentence, reason]] of sentences.entries()) {
      const run = await store.admin.run(`r${at}`)
      expect([run?.reason, run?.missingObserved]).toEqual([
        reason,
        sentence?.endsWith(looked) === true ? true : undefined,
      ])
      // The one about paging has been reworded since.
      const said = sentence?.replace('offset paging skips records when', 'its pages can skip records while')
      expect(describeRunEnd(run ?? {})).toBe(said)
    }
    const [place] = (await store.admin.status()).health.places
    expect(place?.failing).toMatchObject({ code: 'ENGINE_LIST_INCOMPLETE', cause: 'HTTP_STATUS' })
  })
  test('counts what an older database holds, once', async () => {
    const store = open('uncounted')
    await database.query(
      schemaBefore(
        18,
        'uncounted',
        `insert into record (id, entity, state, discovered_at, next_at) values ('${id(1)}', 'customer', 'active', 1, 1), ('${id(2)}', 'customer', 'candidate', 1, 1);`,
        `insert into member (record_id, system, entity, rid, state, lane) values ('${id(1)}', 'crm', 'customer', 'C1', 'linked', 'open'), ('${id(1)}', 'erp', 'customer', 'E1', 'suspect', 'held'), ('${id(2)}', 'crm', 'customer', 'C2', 'unread', 'open');`,
      ),
    )
    await store.migrate()
    await expectKeptCounts(database, 'uncounted')
    const { records, systems } = await store.admin.status()
    expect(records).toEqual({ active: 1, candidate: 1 })
    expect(systems).toMatchObject([
      { system: 'crm', linked: 1, lanes: { open: 2 } },
      { system: 'erp', linked: 1, lanes: { held: 1 } },
    ])
  })

  test('is created once by processes that start together', async () => {
    await Promise.all([open('together').migrate(), open('together').migrate(), open('together').migrate()])
    const rows = await database.query<{ number: number }>('select number from together.migration order by 1')
    const files = readdirSync(path.join(import.meta.dirname, 'migrations'))
      .filter((file) => file.endsWith('.sql'))
      .sort()
    expect(rows.map(({ number }) => number)).toEqual(files.map((file) => Number.parseInt(file, 10)))
  })

  test('is refused when a newer version created it', async () => {
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
    await one.intake([{ marks: [{ system: 'crm', entity: 'customer', nativeId: 'C1' }] }])
    expect((await one.claim({ worker: worker.id, limit: 5, leaseMs: 60_000 })).records).toHaveLength(1)
    expect(await two.reap()).toBe(0)
    expect(await two.nextDue()).toBeUndefined()
    expect((await two.admin.status()).workers).toBe(0)
    await worker.close()
  })

  test('has a name that cannot be used for injection', () => {
    expect(() => open('x; drop table record')).toThrow(/can't be used/)
    expect(() => open('Upper')).toThrow(/can't be used/)
  })
})
