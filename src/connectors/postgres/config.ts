/** A system of the connector `postgres`: the database, and the settings of each of its tables. */
import { z } from 'zod'
import { isTimeZone } from '../../model/canonical/time-zone.ts'
import { durationMs } from '../../model/definition/duration.ts'
import { durationSchema } from '../../model/definition/schema/text.ts'
import { searchEqualities } from '../../model/equality.ts'
import { UsageError } from '../../model/errors.ts'

/** A duration such as `10s`, in milliseconds. */
const time = durationSchema.transform((text) => durationMs(text) ?? 0)

/** PostgreSQL truncates longer names silently, and they would then refer to something else. */
const identifier = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= 63 && !name.includes('\u0000'), {
    error: 'expected a name of at most 63 bytes',
  })

const versionSchema = z.union([
  z.enum(['xmin', 'none']),
  z.strictObject({
    /** A column that every writer changes with every change (such as a counter maintained by a trigger). */
    column: identifier,
    /** An integer that only increases; otherwise versions are only compared for equality. */
    ordered: z.boolean().default(false),
  }),
])

const createSchema = z.discriminatedUnion('as', [
  /** The mapped columns contain the key: the row with that key is created, or already exists. */
  z.strictObject({ as: z.literal('key') }),
  /** The key column stores our record id. */
  z.strictObject({ as: z.literal('recordId') }),
  /** A separate column stores our record id; with a unique index on it, a create can be repeated safely. */
  z.strictObject({ as: z.literal('marker'), column: identifier, unique: z.boolean().default(true) }),
  /**
   * The database assigns the key, and nothing identifies our rows: a create whose outcome is unknown waits
   * for a person.
   */
  z.strictObject({ as: z.literal('none') }),
  z.strictObject({ as: z.literal('unsupported') }),
])

const changesSchema = z.union([
  z.enum(['xmin', 'none']),
  z.strictObject({
    /**
     * A timestamp column that every writer sets with every change. An index on it and the key makes polls
     * efficient.
     */
    column: identifier,
    /**
     * How long before its commit a row's time may be taken: the longest transaction, plus the difference of
     * the clocks that set it.
     */
    commitLag: time.prefault('30s'),
  }),
])

const softDeleteSchema = z.strictObject({
  column: identifier,
  /**
   * The mark of a deleted row: `now` sets the time (and any value but null counts as deleted), otherwise
   * exactly this value.
   */
  value: z.union([z.literal('now'), z.boolean(), z.string(), z.int()]).default('now'),
})

/** Validates one table of the section. */
export const tableSchema = z.strictObject({
  /** Table or view. @default the resource's name */
  table: identifier.optional(),
  /** Columns that identify a row: the primary key, or a unique one that never changes. */
  key: z.array(identifier).min(1).max(8).default(['id']),
  /** The only columns that are read and written. @default all */
  columns: z.array(identifier).min(1).max(1_600).optional(),
  /**
   * The indication that a row was changed. `xmin` is built into PostgreSQL and works for every table, but not
   * for views.
   */
  version: versionSchema.default('xmin'),
  create: createSchema.default({ as: 'key' }),
  /**
   * What a create does when the row with that key or marker already exists: leave it unchanged, or overwrite
   * it.
   */
  existing: z.enum(['adopt', 'overwrite']).default('adopt'),
  changes: changesSchema.default('xmin'),
  /** A timestamp column that shows people and policies when a row was changed. */
  changedAt: identifier.optional(),
  /**
   * Zone in which the application stores its columns of type `timestamp`, which have none of their own:
   * `changedAt`, the column of `changes`, and those set by `touch` and `softDelete`. A name such as
   * `Europe/Berlin`, or an offset.
   */
  timeZone: z
    .string()
    .refine(isTimeZone, { error: 'expected a zone such as Europe/Berlin, or an offset such as +01:00' })
    .default('UTC'),
  /**
   * Columns that our own updates set to the database's time, for databases where writers do that instead of a
   * trigger.
   */
  touch: z.array(identifier).max(8).default([]),
  /** Rows marked as deleted count as gone. */
  softDelete: softDeleteSchema.optional(),
  /**
   * Which texts a search treats as equal. `exact` is the `=` of the column; the others compare
   * `lower(column)`, or that without leading and trailing blanks, and need an index on the same expression. A
   * create only relies on a search that is as wide as the match rule.
   */
  search: z.strictObject({ equality: z.enum(searchEqualities).default('exact') }).prefault({}),
  /** The effect of a remove. @default archive if there is a softDelete, otherwise delete */
  remove: z.array(z.enum(['delete', 'archive'])).optional(),
})

/** Validates the system's section. */
export const postgresConfig = z.strictObject({
  /** `postgresql://user:password@host:5432/database`. TLS is set by `tls`, not here. */
  url: z.string().min(1),
  /** Schema of all tables. */
  schema: identifier.default('public'),
  tables: z.record(z.string().min(1), tableSchema),
  /** Off loopback the server's certificate is verified, unless this is `false`. */
  tls: z
    .union([
      z.literal(false),
      z.strictObject({
        /** Certificate authority in PEM, instead of the built-in ones. */
        ca: z.string().optional(),
        certificate: z.string().optional(),
        key: z.string().optional(),
        /** Name in the server's certificate, if it differs from the host's. */
        serverName: z.string().optional(),
      }),
    ])
    .optional(),
  /** Maximum number of connections. @default 10, or the system's concurrency if that is less */
  pool: z.int().min(1).max(200).optional(),
  /** Rows per page of a list or feed. */
  pageSize: z.int().min(1).max(10_000).default(1_000),
  /** Lists with more rows than this use COPY. */
  copyFrom: z.int().min(0).default(20_000),
  /** Maximum age of a read, for a connection to a read replica. Such a system can't be written. */
  readLag: time.prefault('0ms'),
  /** How long after our timeout a statement may still take effect. */
  inflight: time.prefault('60s'),
  /** Channel of NOTIFY on which the database announces changes. */
  listen: identifier.optional(),
})

/** A validated section with its defaults. */
export type PostgresConfig = z.output<typeof postgresConfig>
/** One validated table. */
export type TableConfig = z.output<typeof tableSchema>

/**
 * Refuses contradictory settings of a table that the schema can't detect. @throws UsageError
 * CONNECTOR_CONFIG_INVALID
 */
export function assertTables(system: string, { tables }: PostgresConfig): void {
  for (const [name, table] of Object.entries(tables)) {
    const place = `systems.${system}.tables.${name}`
    const refuse = (what: string): never => {
      throw new UsageError('CONNECTOR_CONFIG_INVALID', `${place}: ${what}.`)
    }
    if (table.create.as === 'recordId' && table.key.length > 1)
      refuse('a key of several columns can not take our record id; use create: { as: marker } or key')
    if (table.remove?.includes('archive') === true && table.softDelete === undefined)
      refuse('archiving needs softDelete: { column }')
    const { columns } = table
    const missing = columns === undefined ? [] : neededColumns(table).filter((one) => !columns.includes(one))
    if (missing.length > 0) refuse(`columns has to include ${missing.join(', ')} too`)
  }
}

/** Columns that the connector itself reads in every record. */
function neededColumns({ key, create }: TableConfig): readonly string[] {
  return create.as === 'marker' ? [...key, create.column] : key
}
