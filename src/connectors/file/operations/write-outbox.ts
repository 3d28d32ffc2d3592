/**
 * Writes as files that the other side imports: one file per batch, whole rows, with a column for the
 * operation.
 *
 * A file is accepted when it exists under its name; the effect on the other side shows in its next export. It
 * may receive the same create twice, so it has to treat a create of a known key as an update.
 */
import { randomBytes } from 'node:crypto'
import type { NativeRecord } from '../../../model/values.ts'
import type { WriteResult } from '../../kit/contract.ts'
import { mergeNative } from '../../kit/native.ts'
import { replaceFile } from '../atomic-file.ts'
import type { FileResourceConfig } from '../config.ts'
import { unwritable } from '../dialect.ts'
import type { FileOwner } from '../file-owner.ts'
import { type FileWrite, failedWrite, isLate, refused, tooLate } from './file-write.ts'

type Outbox = Extract<FileResourceConfig['write'], { to: 'outbox' }>

/** Writes one file with all writes that are still in time and can be represented. */
export async function writeOutbox(
  owner: FileOwner,
  outbox: Outbox,
  names: () => Promise<readonly string[]>,
  writes: readonly FileWrite[],
): Promise<readonly WriteResult[]> {
  try {
    const columns = await columnsOf(owner, outbox, names)
    const results = writes.map((write) => (isLate(owner, write) ? tooLate() : undefined))
    const rows: Buffer[] = []
    for (const [index, write] of writes.entries()) {
      if (results[index] !== undefined) continue
      const row = rowOf(owner, outbox, { write, columns })
      if ('refused' in row) results[index] = row.refused
      else rows.push(row.bytes)
    }
    if (rows.length > 0) await writeFile(owner, outbox, { columns, rows, writes })
    return writes.map(({ nativeId }, index) => results[index] ?? { kind: 'ok', nativeId })
  } catch (problem) {
    const result = failedWrite(owner, problem)
    return writes.map(() => result)
  }
}

/** CSV needs its columns; each JSON line names its own. */
async function columnsOf(
  { config }: FileOwner,
  outbox: Outbox,
  names: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  if (config.format === 'ndjson') return []
  const columns = outbox.columns ?? (await names())
  return columns.includes(outbox.operation) ? columns : [outbox.operation, ...columns]
}

function rowOf(
  owner: FileOwner,
  { operation }: Outbox,
  { write, columns }: { readonly write: FileWrite; readonly columns: readonly string[] },
): { readonly bytes: Buffer } | { readonly refused: WriteResult } {
  const { config, dialect, resource } = owner
  const record: NativeRecord = { ...valuesOf(config, write), [operation]: write.kind }
  if (config.format === 'csv') {
    const unknown = Object.keys(record).filter(
      (name) => record[name] !== undefined && !columns.includes(name),
    )
    if (unknown.length > 0)
      return {
        refused: refused('FILE_COLUMN_UNKNOWN', `The files of ${resource} have no such column.`, unknown),
      }
    const problems = columns.filter((name) => unwritable(String(record[name] ?? ''), config) !== undefined)
    if (problems.length > 0)
      return { refused: refused('FILE_UNWRITABLE', `A value of ${resource} contains a delimiter.`, problems) }
  }
  const bytes = dialect.encode(dialect.format(record, columns))
  if (bytes !== undefined) return { bytes }
  const message = `A value of ${resource} can't be encoded in ${config.encoding}.`
  return { refused: refused('FILE_UNWRITABLE', message) }
}

/** The whole row: the record last read with the changes applied, and the key. A deletion has only the key. */
function valuesOf({ key }: FileResourceConfig, write: FileWrite): NativeRecord {
  if (write.kind === 'create') return write.native
  const parts: unknown = key.length === 1 ? [write.nativeId] : JSON.parse(write.nativeId)
  const keyed = Object.fromEntries(key.map((name, index) => [name, Array.isArray(parts) ? parts[index] : '']))
  if (write.kind === 'delete') return keyed
  return { ...keyed, ...mergeNative(write.base ?? {}, write.patch) }
}

async function writeFile(
  owner: FileOwner,
  outbox: Outbox,
  content: {
    readonly columns: readonly string[]
    readonly rows: readonly Buffer[]
    readonly writes: readonly FileWrite[]
  },
): Promise<void> {
  const { dialect, folder, resource, clock } = owner
  // The time makes names sort in the order of writing; the rest distinguishes two processes.
  const time = new Date(clock.now()).toISOString().replaceAll(/[-:.]/g, '').slice(0, -1)
  const name = `${outbox.prefix ?? resource}-${time}-${randomBytes(4).toString('hex')}`
  const extension = owner.config.format === 'csv' ? 'csv' : 'ndjson'
  const header = dialect.hasHeader ? dialect.formatHeader(content.columns) : ''
  await replaceFile(folder, `${outbox.folder}/${name}.${extension}`, async (file) => {
    await file.write(dialect.preamble)
    await file.write(dialect.encode(header) ?? Buffer.alloc(0))
    for (const row of content.rows) await file.write(row)
    await file.write(dialect.encode(dialect.formatTrailer(content.rows.length)) ?? Buffer.alloc(0))
  })
}
