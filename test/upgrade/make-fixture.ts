/**
 * Creates the fixture of the upgrade test: the rows of a database with a write in doubt, an open conflict, a hold of the mass-change guard and a
 * review, and the history of the two systems.
 *
 * It is run by the version whose databases are to be upgraded: copy this folder into a checkout of that commit, and run `node
 * test/upgrade/make-fixture.ts <folder>`. The files are named after the newest migration of that version and are not changed later.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { withTestDatabase } from '../support/database.ts'
import type { RemoteTable } from '../support/fake-system/remote-table.ts'
import { RunningPair, until } from '../support/running-pair.ts'
import { customerRecord } from '../support/two-systems.ts'
import { type FixtureChange, fixtureDefinition } from './fixture-definition.ts'

async function make(folder: string): Promise<void> {
  const database = await withTestDatabase()
  const pair = await RunningPair.open(database.connection, {
    definition: fixtureDefinition,
  })
  try {
    await fill(pair)
    await pair.stop()
    const schema = await schemaOf(database.connection)
    const version = await newestMigration(database.connection, schema)
    const name = String(version).padStart(4, '0')
    writeFileSync(path.join(folder, `schema-${name}.sql`), await dumpRows(database.connection, schema))
    const systems = { crm: historyOf(pair.contacts), erp: historyOf(pair.partners) }
    writeFileSync(
      path.join(folder, `schema-${name}.systems.json`),
      `${JSON.stringify(systems, undefined, 1)}\n`,
    )
  } finally {
    await pair.close()
    await database.close()
  }
}

async function fill(pair: RunningPair): Promise<void> {
  for (let n = 1; n <= 6; n += 1) pair.contacts.create(customerRecord(n), 'user')
  await pair.start()
  await until(() => pair.partners.size === 6)
  await pair.quiet()
  // Two writes to the ERP are allowed for the day, the third is held.
  for (const code of ['C000002', 'C000003', 'C000006']) {
    edit(pair.contacts, code, { city: 'Bonn' })
    await until(async () => (await pair.running.store.admin.status()).queue.due === 0)
  }
  await openOf(pair, 'holds')
  // A second record of a customer that already has one there.
  pair.partners.create({ ...customerRecord(5), city: 'Ulm' }, 'user')
  await openOf(pair, 'matches')
  await pair.stop()
  edit(pair.contacts, 'C000004', { phone: '+49 40 1' })
  edit(pair.partners, 'C000004', { phone: '+49 40 2' })
  await pair.start()
  await openOf(pair, 'conflicts')
  await until(async () => {
    const { queue } = await pair.running.store.admin.status()
    return queue.due + queue.running + queue.waiting === 0
  }, 30_000)
  // A write takes effect, its response is lost, and the process ends before it could resolve it.
  pair.crm.fault({ kind: 'lose-response', method: 'PATCH', times: 1 })
  edit(pair.partners, 'C000001', { name: 'In doubt' })
  await openOf(pair, 'intents')
}

async function openOf(pair: RunningPair, what: 'intents' | 'holds' | 'matches' | 'conflicts'): Promise<void> {
  await until(
    async () => (await pair.running.store.admin.status()).open[what] === 1 || `no open ${what}`,
    30_000,
  )
}

function edit(table: RemoteTable, code: string, change: Readonly<Record<string, string>>): void {
  table.patch(nativeIdOf(table, code), change, 'user')
}

function nativeIdOf(table: RemoteTable, code: string): string {
  const nativeId = [...table.nativeIds()].find((one) => table.current(one)?.body?.code === code)
  if (nativeId === undefined) throw new RangeError(`no ${code} in ${table.name}`)
  return nativeId
}

function historyOf(table: RemoteTable): readonly FixtureChange[] {
  return table.changes.map(({ nativeId, by, body }) => ({
    nativeId,
    by: by === 'engine' ? 'engine' : 'user',
    ...(body === undefined ? {} : { body: { ...body } }),
  }))
}

/** Runs statements on one connection and closes it. */
async function ask<Row>(connection: string, text: string, values: readonly unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: connection })
  await client.connect()
  try {
    return (await client.query(text, [...values])).rows as Row[]
  } finally {
    await client.end()
  }
}

async function schemaOf(connection: string): Promise<string> {
  const [row] = await ask<{ name: string }>(
    connection,
    `select nspname as name from pg_namespace where nspname like 'pair_%'`,
  )
  if (row === undefined) throw new RangeError('the runtime made no schema')
  return row.name
}

async function newestMigration(connection: string, schema: string): Promise<number> {
  const [row] = await ask<{ newest: number }>(
    connection,
    `select max(number) as newest from ${schema}.migration`,
  )
  return row?.newest ?? 0
}

/** All rows as statements, one for each table; the tables themselves are those of the migrations. */
async function dumpRows(connection: string, schema: string): Promise<string> {
  const tables = await ask<{ name: string }>(
    connection,
    `select tablename as name from pg_tables where schemaname = $1 and tablename not like 'stage%' order by 1`,
    [schema],
  )
  const lines = [
    '-- Rows of a database as an earlier version left them: see make-fixture.ts.',
    'set session_replication_role = replica;',
  ]
  for (const { name } of tables) {
    const [row] = await ask<{ rows: string | null }>(
      connection,
      `select quote_literal(jsonb_agg(to_jsonb(t))::text) as rows from ${schema}.${name} t`,
    )
    if (row?.rows === null || row?.rows === undefined) continue
    lines.push(
      `insert into ${name} overriding system value select * from jsonb_populate_recordset((select t from ${name} t where false), ${row.rows});`,
    )
  }
  const [last] = await ask<{ value: string }>(
    connection,
    `select last_value as value from ${schema}.worker_id`,
  )
  lines.push(`select setval('worker_id', ${last?.value ?? 1});`)
  return `${lines.join('\n')}\n`
}

const [folder = import.meta.dirname] = process.argv.slice(2)
await make(folder)
