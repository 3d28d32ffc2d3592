/**
 * A database of an earlier version, with a write in doubt, an open conflict, a hold and a review, continues under this one: no base is replaced,
 * nothing is written, and everything that waits for a person still waits.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import type { RemoteTable } from '../support/fake-system/remote-table.ts'
import { RunningPair, until } from '../support/running-pair.ts'
import { type FixtureChange, type FixtureSystems, fixtureDefinition } from './fixture-definition.ts'

const here = import.meta.dirname
const migrations = path.join(here, '../../src/store/postgres/migrations')
const versions = readdirSync(here).flatMap((file) => /^schema-(\d+)\.sql$/.exec(file)?.[1] ?? [])
const plain = { code: 'code', name: 'name', email: 'email', phone: 'phone', city: 'city' }

vi.setConfig({ testTimeout: 120_000 })

describe.each(versions)('a database of schema %s', (version) => {
  let database: TestDatabase
  let pair: RunningPair | undefined

  beforeAll(async () => {
    database = await withTestDatabase()
  })
  afterEach(() => pair?.close())
  afterAll(() => database.close())

  async function upgraded(changes: object = {}): Promise<RunningPair> {
    const opened = await RunningPair.open(database.connection, {
      definition: { ...fixtureDefinition, ...changes },
    })
    pair = opened
    const systems: FixtureSystems = JSON.parse(
      readFileSync(path.join(here, `schema-${version}.systems.json`), 'utf8'),
    )
    replay(opened.contacts, systems.crm)
    replay(opened.partners, systems.erp)
    await load(database, opened.schema, version)
    return opened
  }

  test('is upgraded without a write, and open decisions are still open', async () => {
    const opened = await upgraded()
    const { writes } = opened
    const before = await database.query<{ id: string; rev: number }>(
      `select id, rev::integer as rev from ${opened.schema}.record order by id`,
    )
    const runtime = await opened.start()
    expect(runtime.changes).toEqual([])
    await until(async () => (await runtime.store.admin.status()).open.intents === 0)
    await opened.full()
    await opened.quiet(60_000)
    const { open } = await runtime.store.admin.status()
    expect(open).toMatchObject({ conflicts: 1, holds: 1, matches: 1, failures: 0, intents: 0 })
    expect(opened.writes).toBe(writes)
    const after = await database.query<{ id: string; rev: number }>(
      `select id, rev::integer as rev from ${opened.schema}.record order by id`,
    )
    expect(after).toEqual(before)
    const sets = await database.query<{ current: boolean; legacy: boolean }>(
      `select current, legacy from ${opened.schema}.lens_set`,
    )
    // Databases from before the lens sets were read through unknown ones.
    expect(sets.every(({ current, legacy }) => current && legacy === Number(version) < 10)).toBe(true)
  })

  test('replaces bases only where the mapping changes with the upgrade', async () => {
    const opened = await upgraded({ erpPart: { map: { ...plain, email: 'mail' } } })
    const emails = values(opened.contacts, 'email')
    const runtime = await opened.start()
    expect(runtime.changes.map(({ system, field, kind }) => [system, field, kind])).toEqual([
      ['erp', 'name', 'mapping'],
      ['erp', 'email', 'mapping'],
    ])
    await until(async () => (await runtime.store.admin.status()).open.intents === 0)
    await opened.full()
    await opened.quiet(60_000)
    expect(values(opened.contacts, 'email')).toEqual(emails)
    const { open } = await runtime.store.admin.status()
    expect(open).toMatchObject({ conflicts: 1, matches: 1 })
  })

  test('can be used by the earlier version until the contract, and is converted while it is in use', async () => {
    const opened = await upgraded()
    const { schema, writes } = opened
    const runtime = await opened.start()
    const { admin } = runtime.store
    await until(async () => (await admin.status()).open.intents === 0)
    await opened.quiet(60_000)
    // What the earlier version looks at when it starts, and at every claim.
    const seen = async () => {
      const [row] = await database.query<{ newest: number; epoch: number }>(
        `select (select max(number) from ${schema}.migration)::int as newest, (select epoch from ${schema}.integration)::int as epoch`,
      )
      return row
    }
    const before = await seen()
    expect(before?.newest).toBe(Math.max(Number(version), 20))
    expect(await admin.documentFormat()).toMatchObject({ written: 1, converted: false })
    const documents = await documentsOf(schema)
    expect(documents.some((text) => text.startsWith('['))).toBe(false)

    expect(await admin.contract('anna')).toBe(true)
    expect(await seen()).toEqual({ newest: lastMigration, epoch: (before?.epoch ?? 0) + 1 })
    let batches = 0
    while ((await admin.convertDocuments(2)) === 2) batches += 1
    expect(batches).toBeGreaterThan(2)
    expect(await admin.documentFormat()).toMatchObject({ converted: true })
    expect((await documentsOf(schema)).every((text) => text.startsWith('['))).toBe(true)
    await opened.full()
    await opened.quiet(60_000)
    expect(opened.writes).toBe(writes)
    const { open } = await admin.status()
    expect(open).toMatchObject({ conflicts: 1, holds: 1, matches: 1, failures: 0, intents: 0 })

    // The same process goes on, and a person can decide.
    const [conflict] = (await admin.conflicts({ limit: 1, state: 'open' })).rows
    expect(await admin.resolveConflict(conflict?.id ?? '', { system: 'erp' }, 'anna')).toBe('ok')
    await until(() => values(opened.contacts, 'phone').includes('+49 40 2'))
    expect((await admin.verifyJournal()).brokenAt).toBeUndefined()
  })

  /** The fields of all records, without the byte of the codec. */
  async function documentsOf(schema: string): Promise<readonly string[]> {
    const rows = await database.query<{ text: string }>(
      `select convert_from(substring(fields from 2), 'utf8') as text from ${schema}.record where fields is not null`,
    )
    return rows.map(({ text }) => text)
  }
})

const lastMigration = Math.max(...readdirSync(migrations).map((file) => Number.parseInt(file, 10) || 0))

function values(table: RemoteTable, property: string): readonly unknown[] {
  return [...table.nativeIds()].map((nativeId) => table.current(nativeId)?.body?.[property])
}

/** Makes the same changes in the same order, so that ids and versions match the database. */
function replay(table: RemoteTable, changes: readonly FixtureChange[]): void {
  for (const { nativeId, by, body } of changes) {
    if (body === undefined) table.remove(nativeId, by)
    else if (table.current(nativeId) === undefined) table.create(body, by, { nativeId })
    else table.replace(nativeId, body, by)
  }
}

/** The tables as created by the migrations of that version, with the rows of the fixture. */
async function load(database: TestDatabase, schema: string, version: string): Promise<void> {
  const files = readdirSync(migrations).sort()
  const made = files.filter((file) => Number.parseInt(file, 10) <= Number.parseInt(version, 10))
  const rows = path.join(here, `schema-${version}.sql`)
  if (!existsSync(rows)) throw new RangeError(`there is no ${rows}`)
  const statements = [
    `create schema ${schema}`,
    `set search_path = ${schema}`,
    'create table migration (number integer primary key, name text not null, applied_at timestamptz not null default now())',
    ...made.map((file) => readFileSync(path.join(migrations, file), 'utf8')),
    readFileSync(rows, 'utf8'),
  ]
  await database.query(statements.join(';\n'))
  await continueSequences(database, schema)
}

/** The rows came with their numbers: the sequences continue behind them, as they do in the database that the rows are from. */
async function continueSequences(database: TestDatabase, schema: string): Promise<void> {
  const columns = await database.query<{ name: string; column: string }>(
    `select format('%I.%I', table_schema, table_name) as name, column_name as column
     from information_schema.columns
     where table_schema = $1 and pg_get_serial_sequence(format('%I.%I', table_schema, table_name), column_name) is not null`,
    [schema],
  )
  for (const { name, column } of columns)
    await database.query(
      `select setval(pg_get_serial_sequence($1, $2), (select coalesce(max(${column}), 0) + 1 from ${name}))`,
      [name, column],
    )
}
