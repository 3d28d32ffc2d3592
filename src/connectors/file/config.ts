/** A system of the connector `file`: a folder, and the contents of its files. */
import { z } from 'zod'
import { durationMs } from '../../model/definition/duration.ts'
import { durationSchema } from '../../model/definition/schema/text.ts'
import { UsageError } from '../../model/errors.ts'

/** A duration such as `10s`, in milliseconds. */
const time = durationSchema.transform((text) => durationMs(text) ?? 0)

const notBelow = 'expected a path below the folder, without ".."'

/** A file's name within the folder or its subfolders. Absolute paths and `..` would lead out of it. */
const fileName = z
  .string()
  .min(1)
  .max(255)
  .refine((name) => !name.startsWith('/') && !name.includes('\\') && !name.includes('\0'), {
    error: notBelow,
  })
  .refine((name) => !name.split('/').includes('..'), { error: notBelow })

/** As {@link fileName}, with `*` for any part of the last segment. */
const filePattern = fileName.refine((name) => !name.slice(0, name.lastIndexOf('/') + 1).includes('*'), {
  error: 'expected "*" in the file\'s own name only',
})

/** How rows are laid out. */
const csvSchema = z.strictObject({
  delimiter: z.string().length(1).default(','),
  /** One character, or an empty text when nothing is quoted. */
  quote: z.string().max(1).default('"'),
  /** Names of the columns when the file has no header. */
  columns: z.array(z.string().min(1)).min(1).max(2_000).optional(),
  lineEnd: z.enum(['crlf', 'lf']).default('crlf'),
  /**
   * Treatment of a text that a spreadsheet would evaluate, since it begins with `=`, `+`, `-`, `@`, a tab or
   * CR and is not a number. `keep`: it is written unchanged as data; `escape`: an apostrophe is prepended,
   * and removed on reading; `refuse`: the write fails for that record.
   */
  formulas: z.enum(['keep', 'escape', 'refuse']).default('keep'),
})

const readySchema = z.discriminatedUnion('by', [
  /** The other side writes under another name and renames: existing files are whole. */
  z.strictObject({ by: z.literal('rename') }),
  /** Unchanged for this long, and its last line is terminated. */
  z.strictObject({ by: z.literal('stable'), for: time.prefault('10s') }),
  /** A second file indicates that it is whole: `customers.csv.done`. */
  z.strictObject({ by: z.literal('marker'), suffix: z.string().min(1).max(32).default('.done') }),
])

const createSchema = z.discriminatedUnion('as', [
  /** The mapped columns contain the key. */
  z.strictObject({ as: z.literal('key') }),
  /** The key column stores our record id. */
  z.strictObject({ as: z.literal('recordId') }),
  z.strictObject({ as: z.literal('unsupported') }),
])

const writeSchema = z.discriminatedUnion('to', [
  z.strictObject({ to: z.literal('nothing') }),
  /** The file that is read is also rewritten, under a lock. */
  z.strictObject({
    to: z.literal('snapshot'),
    /**
     * Any other writer of the file takes the same lock first. Only then does a version guard against them.
     */
    lockHonoured: z.boolean().default(false),
  }),
  /**
   * Each batch becomes a file that the other side imports: `outbox/orders-20240601T120000123-1a2b3c4d.csv`.
   */
  z.strictObject({
    to: z.literal('outbox'),
    folder: fileName,
    /** First part of the files' names. @default the resource's name */
    prefix: z
      .string()
      .regex(/^[\w.-]{1,64}$/)
      .optional(),
    /** Column with the operation: `create`, `update`, `delete`. */
    operation: z.string().min(1).default('operation'),
    /** Columns in their order, for CSV. @default those of the file that is read */
    columns: z.array(z.string().min(1)).min(1).max(2_000).optional(),
    /** Writes within this time go into one file. */
    gather: time.prefault('50ms'),
  }),
])

const readSchema = z.discriminatedUnion('from', [
  /** One file contains every record; of several that match, the one with the last name counts. */
  z.strictObject({ from: z.literal('snapshot'), file: filePattern }),
  /** Each file contains changes, oldest name first. Files that were ingested are moved to the archive. */
  z.strictObject({
    from: z.literal('deltas'),
    files: filePattern,
    archive: fileName,
    /** Column that contains `delete` when a row is a deletion. */
    operation: z.string().min(1).optional(),
    /** Values of it that mean a deletion. */
    deletes: z.array(z.string()).min(1).default(['delete', 'D']),
  }),
])

/** Validates one resource of the section. */
export const fileResourceSchema = z.strictObject({
  format: z.enum(['csv', 'ndjson']).default('csv'),
  csv: csvSchema.prefault({}),
  encoding: z.enum(['utf-8', 'latin1', 'windows-1252', 'utf-16le', 'utf-16be']).default('utf-8'),
  /** The file's name of a column, and the name that the mapping uses: `Kunden-Nr.: number`. */
  rename: z.record(z.string().min(1), z.string().min(1)).default({}),
  key: z.array(z.string().min(1)).min(1).max(8).default(['id']),
  read: readSchema,
  ready: readySchema.default({ by: 'rename' }),
  /**
   * The export ends with a row of this word and the number of rows before it. Without that row it is
   * incomplete.
   */
  trailer: z.string().min(1).optional(),
  write: writeSchema.default({ to: 'nothing' }),
  create: createSchema.default({ as: 'key' }),
  /** Maximum age of the files' contents, and how long until our own writes show in them. */
  lag: time.prefault('0ms'),
})

/** Validates the system's section. */
export const fileConfig = z.strictObject({
  /** Relative to the definition. */
  folder: z.string().min(1),
  resources: z.record(z.string().min(1), fileResourceSchema),
  /** Records per page of a list. */
  pageSize: z.int().min(1).max(10_000).default(1_000),
  /** Longest row in bytes. */
  rowBytesMax: z
    .int()
    .min(1_024)
    .max(256 * 1024 * 1024)
    .default(1024 * 1024),
  /** Records of one resource; their index takes 32 bytes of memory each. */
  recordsMax: z.int().min(1).max(50_000_000).default(5_000_000),
})

/** A validated section with its defaults. */
export type FileConfig = z.output<typeof fileConfig>
/** One validated resource. */
export type FileResourceConfig = z.output<typeof fileResourceSchema>

/** Refuses settings that the schema can't check. @throws UsageError CONNECTOR_CONFIG_INVALID */
export function assertResources(system: string, { resources }: FileConfig): void {
  for (const [name, resource] of Object.entries(resources)) {
    const refuse = (what: string): never => {
      throw new UsageError('CONNECTOR_CONFIG_INVALID', `systems.${system}.resources.${name}: ${what}.`)
    }
    const { create, key, read, write } = resource
    if (create.as === 'recordId' && key.length > 1)
      refuse('a key of several columns can not take our record id; use create: { as: key }')
    if (write.to === 'snapshot' && read.from !== 'snapshot')
      refuse('write: { to: snapshot } rewrites the file that is read, and deltas are never rewritten')
    if (write.to === 'snapshot' && resource.ready.by !== 'rename')
      refuse('write: { to: snapshot } replaces the file by a rename, so ready has to be { by: rename }')
    if (write.to === 'snapshot' && read.from === 'snapshot' && read.file.includes('*'))
      refuse('write: { to: snapshot } needs the name of one file, without "*"')
  }
}
