/**
 * The statements of a migration. They run on one connection before the schema exists, so they can't be
 * prepared by a session.
 */
import type pg from 'pg'

/** `server_version_num`: 180004 for 18.4. */
export async function readServerVersion(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ version: string }>(
    `select current_setting('server_version_num') as version`,
  )
  return Number(rows[0]?.version)
}

/**
 * Creates the schema and the table of applied migrations, where they are missing. `schema` is a checked
 * identifier.
 */
export async function createMigrationTable(client: pg.ClientBase, schema: string): Promise<void> {
  // Queried first, so that a user without the right to create schemas can use an existing one.
  const found = await client.query('select 1 from pg_namespace where nspname = $1', [schema])
  if (found.rows.length === 0) await client.query(`create schema ${schema}`)
  await client.query(`
    create table if not exists migration (
      number integer primary key,
      name text not null,
      applied_at timestamptz not null default now()
    )`)
}

/** The number of the newest migration that was applied; 0 in a new schema. */
export async function readNewestMigration(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ number: number }>(
    'select coalesce(max(number), 0)::integer as number from migration',
  )
  return rows[0]?.number ?? 0
}

/** Records that a migration was applied, in its transaction. */
export async function insertMigration(client: pg.ClientBase, number: number, name: string): Promise<void> {
  await client.query('insert into migration (number, name) values ($1, $2)', [number, name])
}
