/**
 * The statements of a migration. They run on one connection before the schema exists, so they can't be
 * prepared by a session.
 */
import type pg from 'pg'
import type { Session } from '../database.ts'

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
  await client.query('create table if not exists expansion (like migration including all)')
}

export interface AppliedMigrations {
  /** The newest one that a package has to know, in order to run; 0 in a new schema. */
  readonly required: number
  /** The newest one. */
  readonly newest: number
}

export async function readApplied(client: pg.ClientBase): Promise<AppliedMigrations> {
  const { rows } = await client.query<AppliedMigrations & pg.QueryResultRow>(`
    select required, greatest(required, (select coalesce(max(number), 0) from expansion))::integer as newest
    from (select coalesce(max(number), 0)::integer as required from migration) of_migrations`)
  return rows[0] ?? { required: 0, newest: 0 }
}

/** Records that a migration was applied, in its transaction. As an expansion, packages that don't know it may run. */
export async function insertMigration(
  client: pg.ClientBase,
  { number, name }: { readonly number: number; readonly name: string },
  table: 'migration' | 'expansion',
): Promise<void> {
  await client.query(`insert into ${table} (number, name) values ($1, $2)`, [number, name])
}

/** A new schema has the newest format from the beginning. */
export async function beginWithFormat(client: pg.ClientBase, format: number): Promise<void> {
  await client.query('update store_format set number = $1, converted_at = now_ms()', [format])
}

/** From now on a package has to know all migrations. */
export async function adoptExpansions(session: Session): Promise<void> {
  await session.rows(adopt, [])
}

const adopt = {
  name: 'adopt-expansions',
  text: `
    with moved as (delete from expansion returning number, name, applied_at)
    insert into migration (number, name, applied_at) select number, name, applied_at from moved`,
}
