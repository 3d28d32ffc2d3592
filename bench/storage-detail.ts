/** Where the bytes of a database are: sizes by part of each table, and what was written to the log by table and index. */
import type { TestDatabase } from '../test/support/database.ts'

/** Bytes of a table by part, divided by the records; `rows` without its TOAST table, which is a part of its own. */
export type TableParts = Readonly<Record<string, number>>

/** Bytes per record of each table's rows, TOAST table and indexes, the largest table first; small ones are left out. */
export async function tableParts(
  database: TestDatabase,
  records: number,
): Promise<Readonly<Record<string, TableParts>>> {
  const rows = await database.query<{ name: string; part: string; bytes: number }>(`
    select c.relname as name, part.name as part, part.bytes::int as bytes
    from pg_class c
    cross join lateral (
      select 'rows' as name, pg_relation_size(c.oid) as bytes
      union all
      select 'toast', pg_total_relation_size(c.reltoastrelid) where c.reltoastrelid <> 0
      union all
      select i.relname, pg_relation_size(i.oid) from pg_index x join pg_class i on i.oid = x.indexrelid
      where x.indrelid = c.oid
    ) part
    where c.relkind = 'r' and c.relnamespace = 'isthmus'::regnamespace
    order by pg_total_relation_size(c.oid) desc, part.bytes desc`)
  const parts = new Map<string, Record<string, number>>()
  for (const { name, part, bytes } of rows) {
    if (bytes < 10 * records) continue
    const own = parts.get(name) ?? {}
    own[part] = Math.round(bytes / records)
    parts.set(name, own)
  }
  return Object.fromEntries(parts)
}

export interface LogPart {
  /** Without images of pages. */
  readonly bytes: number
  /** Images of pages that were changed for the first time since a checkpoint. */
  readonly images: number
  readonly count: number
}

/**
 * Bytes of the log between two positions by table or index and kind of record, divided by `changes`. Undefined where the server can't say: that takes
 * its extension `pg_walinspect`.
 */
export async function logParts(
  database: TestDatabase,
  { from, to, changes }: { readonly from: string; readonly to: string; readonly changes: number },
): Promise<Readonly<Record<string, LogPart>> | undefined> {
  try {
    await database.query('create extension if not exists pg_walinspect')
  } catch {
    return undefined
  }
  const rows = await database.query<{ name: string; bytes: number; images: number; count: number }>(
    `with log as (
      select r.start_lsn, r.resource_manager, r.record_type, r.record_length as length, r.fpi_length as images,
        (
          select b.relfilenode from pg_get_wal_block_info(r.start_lsn, r.end_lsn, false) b
          where b.start_lsn = r.start_lsn order by b.block_id limit 1
        ) as node
      from pg_get_wal_records_info($1::pg_lsn, $2::pg_lsn) r
    )
    select coalesce(c.relname || ' ', '') || log.resource_manager || ' ' || log.record_type as name,
      sum(length - images)::float8 as bytes, sum(images)::float8 as images, count(*)::float8 as count
    from log left join pg_class c on c.relfilenode = log.node
    group by 1 order by sum(length) desc`,
    [from, to],
  )
  return Object.fromEntries(
    rows
      .filter(({ bytes, images }) => bytes + images >= 20 * changes)
      .map(({ name, bytes, images, count }): [string, LogPart] => [
        name,
        {
          bytes: Math.round(bytes / changes),
          images: Math.round(images / changes),
          count: Math.round((count / changes) * 100) / 100,
        },
      ]),
  )
}

/** Bytes per record of the stored documents, by table and, in the journal, by kind of line. */
export async function documentParts(
  database: TestDatabase,
  records: number,
): Promise<Readonly<Record<string, number>>> {
  const rows = await database.query<{ name: string; bytes: number }>(`
    select 'record' as name, sum(octet_length(fields))::float8 as bytes from isthmus.record
    union all select 'member', sum(octet_length(fields)) from isthmus.member
    union all select 'intent', sum(octet_length(document)) from isthmus.intent
    union all select 'journal ' || kind, sum(octet_length(body)) from isthmus.journal group by kind
    order by 2 desc`)
  return Object.fromEntries(
    rows
      .filter(({ bytes }) => bytes > records)
      .map(({ name, bytes }): [string, number] => [name, Math.round(bytes / records)]),
  )
}
