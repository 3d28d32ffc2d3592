/** Creates or upgrades the schema, one process at a time. Migrations are numbered files that never change once released. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type pg from 'pg'
import { IsthmusError } from '../../model/errors.ts'
import type { PostgresContext } from './context.ts'

interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

const directory = path.join(import.meta.dirname, 'migrations')
const oldestServer = 150_000
/** Second number of the advisory lock; entity locks are negative, workers count from 1. */
const migrationLock = 0

/** Implements `Store.migrate`. @throws IsthmusError STORE_NEWER_SCHEMA · STORE_UNSUPPORTED_SERVER */
export async function migrate(context: PostgresContext): Promise<void> {
  const { database, lockClass } = context
  await database.withClient('migrating the schema', async (client) => {
    await refuseOldServer(client)
    await client.query('select pg_advisory_lock($1, $2)', [lockClass, migrationLock])
    try {
      await applyMissing(client, database.schema)
    } finally {
      await client.query('select pg_advisory_unlock($1, $2)', [lockClass, migrationLock])
    }
  })
}

async function refuseOldServer(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query<{ version: string }>(
    `select current_setting('server_version_num') as version`,
  )
  const version = Number(rows[0]?.version)
  if (version >= oldestServer) return
  throw new IsthmusError(
    'STORE_UNSUPPORTED_SERVER',
    `the database is PostgreSQL ${Math.floor(version / 10_000)}, at least 15 is needed`,
  )
}

async function applyMissing(client: pg.PoolClient, schema: string): Promise<void> {
  // Queried first, so that a user without the right to create schemas can use an existing one.
  const found = await client.query('select 1 from pg_namespace where nspname = $1', [schema])
  if (found.rows.length === 0) await client.query(`create schema ${schema}`)
  await client.query(
    'create table if not exists migration (number integer primary key, name text not null, applied_at timestamptz not null default now())',
  )
  const applied = await client.query<{ number: number }>('select number from migration order by number')
  const known = readMigrations()
  const newest = applied.rows.at(-1)?.number ?? 0
  const newestKnown = known.at(-1)?.number ?? 0
  if (newest > newestKnown) {
    throw new IsthmusError(
      'STORE_NEWER_SCHEMA',
      `schema ${schema} is at migration ${newest}, this version knows ${newestKnown}`,
    )
  }
  for (const migration of known) if (migration.number > newest) await apply(client, migration)
}

async function apply(client: pg.PoolClient, { number, name, sql }: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query(sql)
    await client.query('insert into migration (number, name) values ($1, $2)', [number, name])
    await client.query('commit')
  } catch (problem) {
    await client.query('rollback')
    throw problem
  }
}

function readMigrations(): readonly Migration[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({
      number: Number.parseInt(file, 10),
      name: path.basename(file, '.sql'),
      sql: readFileSync(path.join(directory, file), 'utf8'),
    }))
}
