/**
 * The schema of the tables, from the system catalogues. Cached for a while, since nearly every statement
 * needs the types.
 */
import { z } from 'zod'
import { IsthmusError } from '../../model/errors.ts'
import type { CallContext } from '../kit/contract.ts'
import type { PostgresClient } from './client.ts'

const columnSchema = z.object({
  name: z.string(),
  /** In the format of a cast: `numeric(12,2)`, `character varying(40)`, `text[]`. */
  type: z.string(),
  /** The base type of domains, without length: `numeric`, `varchar`; for an array, the element's. */
  base: z.string(),
  isArray: z.boolean(),
  modifier: z.number(),
  notNull: z.boolean(),
  hasDefault: z.boolean(),
  /** Computed, or an identity that only the database sets. */
  isGenerated: z.boolean(),
  isUnique: z.boolean(),
  isKey: z.boolean(),
  labels: z.array(z.string()).nullable(),
  references: z.array(z.string()).nullable(),
  comment: z.string().nullable(),
})

const tableSchema = z.object({
  isView: z.boolean(),
  /** Rows at the last ANALYZE; negative when it never ran. */
  estimate: z.number(),
  /**
   * The response of a write doesn't show the final row: a trigger may change it afterwards, and a partitioned
   * table returns no `xmin`. The row is read again.
   */
  readsBack: z.boolean(),
  comment: z.string().nullable(),
  /** Columns of each unique index that covers every row, in the order of the index. */
  uniques: z.array(z.array(z.string())),
  columns: z.array(columnSchema),
})

/** One column in its current form. */
export type Column = Readonly<z.infer<typeof columnSchema>>

/** One table or view in its current form. */
export type Table = Omit<z.infer<typeof tableSchema>, 'columns'> & {
  readonly columns: ReadonlyMap<string, Column>
}

/** How long the cached catalogue is used. */
const freshMs = 60_000

const text = `
select json_build_object(
  'isView', c.relkind in ('v', 'm'),
  'estimate', c.reltuples,
  'readsBack', c.relkind = 'p' or exists (
    select from pg_catalog.pg_trigger g
    where g.tgrelid = c.oid and not g.tgisinternal and g.tgenabled <> 'D'
      and g.tgtype::int & 66 = 0 and g.tgtype::int & 20 <> 0),
  'comment', pg_catalog.obj_description(c.oid, 'pg_class'),
  'uniques', coalesce((
    select json_agg((
      select json_agg(k.attname order by p.position)
      from unnest(i.indkey[0:i.indnkeyatts - 1]) with ordinality p (attnum, position)
      join pg_catalog.pg_attribute k on k.attrelid = c.oid and k.attnum = p.attnum) order by i.indexrelid)
    from pg_catalog.pg_index i
    where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
      -- An index of a table covers none of the rows of tables that inherit from it.
      and (c.relkind = 'p' or not exists (select from pg_catalog.pg_inherits h where h.inhparent = c.oid))), '[]'::json),
  'columns', coalesce((
    select json_agg(json_build_object(
      'name', a.attname,
      'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
      'base', coalesce(e.typname, b.typname, t.typname),
      'isArray', e.oid is not null,
      'modifier', case when t.typtype = 'd' then t.typtypmod else a.atttypmod end,
      'notNull', a.attnotnull or (t.typtype = 'd' and t.typnotnull),
      'hasDefault', a.atthasdef or a.attidentity <> '' or t.typdefault is not null,
      'isGenerated', a.attgenerated <> '' or a.attidentity = 'a',
      'isUnique', exists (
        select from pg_catalog.pg_index i
        where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null
          and i.indnkeyatts = 1 and i.indkey[0] = a.attnum
          and (c.relkind = 'p' or not exists (select from pg_catalog.pg_inherits h where h.inhparent = c.oid))),
      'isKey', exists (
        select from pg_catalog.pg_index i
        where i.indrelid = c.oid and i.indisprimary and a.attnum = any (i.indkey)),
      'labels', (
        select json_agg(l.enumlabel order by l.enumsortorder) from pg_catalog.pg_enum l
        where l.enumtypid = coalesce(e.oid, b.oid, t.oid)),
      'references', (
        select json_agg(distinct f.relname) from pg_catalog.pg_constraint k
        join pg_catalog.pg_class f on f.oid = k.confrelid
        where k.conrelid = c.oid and k.contype = 'f' and a.attnum = any (k.conkey)),
      'comment', pg_catalog.col_description(c.oid, a.attnum)
    ) order by a.attnum)
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_type b on t.typtype = 'd' and b.oid = t.typbasetype
    left join pg_catalog.pg_type e on coalesce(b.typcategory, t.typcategory) = 'A'
      and e.oid = coalesce(b.typelem, t.typelem)
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]'::json)
)::text as document
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm', 'f')`

/** The catalogue of one schema. */
export interface Catalog {
  /** @throws IsthmusError CONNECTOR_TABLE_MISSING, and the errors of a read */
  table(name: string, context: CallContext): Promise<Table>
  /** Names of the tables and views that our role may read. */
  names(context: CallContext): Promise<readonly string[]>
  /** Reads the catalogue again next time: a statement encountered something unexpected. */
  forget(): void
}

/** Opens the catalogue of one schema. */
export function openCatalog(client: PostgresClient, schema: string, clock: { monotonic(): number }): Catalog {
  const known = new Map<string, { readonly table: Table; readonly at: number }>()
  return {
    forget: () => known.clear(),
    names: async (context) => {
      const rows = await client.read({ text: namesText, values: [schema] }, context)
      return rows.flatMap(({ name }) => (name === null || name === undefined ? [] : [name]))
    },
    table: async (name, context) => {
      const kept = known.get(name)
      if (kept !== undefined && clock.monotonic() - kept.at < freshMs) return kept.table
      const [row] = await client.read({ text, values: [schema, name] }, context)
      const document = row?.document
      if (document === undefined || document === null) {
        throw new IsthmusError(
          'CONNECTOR_TABLE_MISSING',
          `The schema ${schema} has no table "${name}" that is visible to this role.`,
        )
      }
      const { columns, ...rest } = tableSchema.parse(JSON.parse(document))
      const table: Table = { ...rest, columns: new Map(columns.map((column) => [column.name, column])) }
      known.set(name, { table, at: clock.monotonic() })
      return table
    },
  }
}

const namesText = `
select c.relname as name
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
  and pg_catalog.has_table_privilege(c.oid, 'select')
order by c.relname
limit 2000`
