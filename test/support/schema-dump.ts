/** The schema as text, read from the catalogue: the actual result of the migrations, in a stable order. */
import type { TestDatabase } from './database.ts'

const queries: readonly (readonly [title: string, text: string])[] = [
  [
    'functions',
    `select pg_get_functiondef(p.oid) as line from pg_proc p
     where p.pronamespace = $1::regnamespace order by p.proname`,
  ],
  [
    'sequences',
    `select format('sequence %s %s', sequencename, data_type) as line from pg_sequences
     where schemaname = $1 order by sequencename`,
  ],
  [
    'columns',
    `select format('%s.%s %s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
       case when a.attnotnull then ' not null' else '' end,
       coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''),
       case when a.attidentity = '' then '' else ' identity' end) as line
     from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
     where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p')
     order by c.relname, a.attnum`,
  ],
  [
    'constraints',
    `select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) as line from pg_constraint
     where connamespace = $1::regnamespace and contype in ('p', 'u', 'f', 'c')
     order by conrelid::regclass::text, conname`,
  ],
  [
    'indexes',
    `select pg_get_indexdef(i.indexrelid) as line from pg_index i
     join pg_class c on c.oid = i.indexrelid
     where c.relnamespace = $1::regnamespace order by c.relname`,
  ],
  [
    'settings',
    `select format('%s (%s)', relname, array_to_string(reloptions, ', ')) as line from pg_class
     where relnamespace = $1::regnamespace and reloptions is not null order by relname`,
  ],
]

export async function dumpSchema(database: TestDatabase, schema: string): Promise<string> {
  const parts: string[] = ['-- Made by the migrations; compared by a test. Update with `vitest run -u`.']
  for (const [title, text] of queries) {
    const rows = await database.query<{ line: string }>(text, [schema])
    parts.push(`\n-- ${title}`, ...rows.map(({ line }) => line.trimEnd()))
  }
  return `${parts.join('\n').replaceAll(`${schema}.`, '')}\n`
}
