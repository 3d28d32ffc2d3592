/** Statements that copy whole tables out of and into a schema. They run on one connection, outside of the pool of prepared statements. */
import type pg from 'pg'
import { type CopyStreamQuery, type CopyToStreamQuery, from as copyFrom, to as copyTo } from 'pg-copy-streams'

/** All following statements of the connection see the same moment, and take as long as they need. */
export async function beginSnapshot(client: pg.ClientBase): Promise<void> {
  await client.query(`
    begin isolation level repeatable read read only;
    set local statement_timeout = 0;
    set local idle_in_transaction_session_timeout = 0`)
}

export async function beginRestore(client: pg.ClientBase): Promise<void> {
  await client.query(`
    begin;
    set local statement_timeout = 0;
    set local idle_in_transaction_session_timeout = 0`)
}

export interface TableRow {
  readonly name: string
  readonly columns: readonly string[]
  /** Tables that it refers to. */
  readonly parents: readonly string[]
}

/** The tables of the schema, without those of full runs in progress, whose rows belong to their process. */
export async function readTables(client: pg.ClientBase, schema: string): Promise<readonly TableRow[]> {
  const { rows } = await client.query<TableRow & pg.QueryResultRow>(
    `select t.relname::text as name,
       (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
        where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
       coalesce((select array_agg(distinct p.relname::text) from pg_constraint c join pg_class p on p.oid = c.confrelid
        where c.conrelid = t.oid and c.contype = 'f' and c.confrelid <> t.oid), '{}') as parents
     from pg_class t
     where t.relnamespace = $1::regnamespace and t.relkind in ('r', 'p') and not t.relispartition
       and t.relpersistence = 'p'
     order by t.relname`,
    [schema],
  )
  return rows
}

/** The sequences that were used, with their last values. */
export async function readSequences(
  client: pg.ClientBase,
  schema: string,
): Promise<Readonly<Record<string, number>>> {
  const { rows } = await client.query<{ name: string; value: number }>(
    `select sequencename::text as name, last_value as value from pg_sequences
     where schemaname = $1 and last_value is not null order by 1`,
    [schema],
  )
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

export async function readMigrationNames(client: pg.ClientBase): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    'select name from (select number, name from migration union all select number, name from expansion) applied order by number',
  )
  return rows.map(({ name }) => name)
}

/** The moment of the snapshot, the integration, and the master keys of the sealing. */
export async function readBackupState(client: pg.ClientBase): Promise<{
  readonly now: number
  readonly integration: string | null
  readonly masters: readonly string[]
}> {
  const { rows } = await client.query(
    `select now_ms() as now, (select id from integration) as integration,
       coalesce((select array_agg(distinct master order by master) from sealing_key where kind = 'wrapping'), '{}') as masters`,
  )
  return rows[0]
}

/** False in a schema that does not exist or has no migrations. */
export async function isMigrated(client: pg.ClientBase, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(`select to_regclass($1) is not null as found`, [
    `${schema}.migration`,
  ])
  return rows[0]?.found === true
}

export function copyOut({ name, columns }: { name: string; columns: readonly string[] }): CopyToStreamQuery {
  return copyTo(`copy (select ${listed(columns)} from ${quoted(name)}) to stdout`)
}

export function copyIn({ name, columns }: { name: string; columns: readonly string[] }): CopyStreamQuery {
  return copyFrom(`copy ${quoted(name)} (${listed(columns)}) from stdin`)
}

/** Removes what migrations have inserted, and keeps triggers from counting rows that the backup has counted already. */
export async function prepareTables(client: pg.ClientBase, names: readonly string[]): Promise<void> {
  await client.query(`truncate ${names.map(quoted).join(', ')} cascade`)
  for (const name of names) await client.query(`alter table ${quoted(name)} disable trigger user`)
}

export async function enableTriggers(client: pg.ClientBase, names: readonly string[]): Promise<void> {
  for (const name of names) await client.query(`alter table ${quoted(name)} enable trigger user`)
}

export async function setSequence(client: pg.ClientBase, name: string, value: number): Promise<void> {
  await client.query('select setval($1::regclass, $2::bigint)', [quoted(name), value])
}

/**
 * What was true for the processes of the backup and is not any more: full runs in progress have lost their rows, and the systems
 * have to be listed again.
 */
export async function forgetProcesses(client: pg.ClientBase): Promise<void> {
  await client.query(`
    delete from run where finished_at is null;
    delete from schedule_owner;
    update schedule set at = 0 where key <> 'retention'`)
}

function listed(columns: readonly string[]): string {
  return columns.map(quoted).join(', ')
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
