/** Writes a backup of the store into a file. */
import { randomBytes } from 'node:crypto'
import { createWriteStream, existsSync } from 'node:fs'
import { link, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { IsthmusError, UsageError } from '../../model/errors.ts'
import type { BackupAdmin, BackupDescription, BackupPart } from '../../store/backup-contract.ts'
import { EntryDigest, encodeDescription, hashKeyName, partName } from './backup-file.ts'
import { encodeTarEnd, encodeTarEntry, type TarEntry } from './tar-entries.ts'

/** Options of {@link writeBackup}. */
export interface WriteBackupOptions {
  readonly backup: BackupAdmin
  /** Must not exist. */
  readonly file: string
  /** Key of the keyed hashes, as text, if the database keeps it in a file beside its data. */
  readonly hashKey?: string | undefined
  /** Called after each part, with the bytes read so far, before compression. */
  readonly onProgress?: (bytes: number) => void
}

/** What was written. */
export interface WrittenBackup {
  readonly description: BackupDescription
  /** Size of the file. */
  readonly bytes: number
}

/**
 * The file has its name only once it is complete and on disk. It can be read by its owner only.
 *
 * @throws UsageError CLI_USAGE if the file exists already
 * @throws IsthmusError BACKUP_FAILED if it can't be written, and those of the store
 */
export async function writeBackup(options: WriteBackupOptions): Promise<WrittenBackup> {
  const { backup, file } = options
  if (existsSync(file)) throw new UsageError('CLI_USAGE', `${file} exists already: choose another name`)
  const draft = `${file}.${randomBytes(4).toString('hex')}.part`
  try {
    const description = await backup.backUp(async (begun, parts) => {
      await writeDraft(draft, archive(begun, parts, options))
      return begun
    })
    return { description, bytes: await publish(draft, file) }
  } finally {
    await rm(draft, { force: true })
  }
}

/** Returns the size. Unlike a rename, a link does not replace a file that appeared meanwhile. */
async function publish(draft: string, file: string): Promise<number> {
  try {
    await link(draft, file)
    const { size } = await stat(file)
    return size
  } catch (error) {
    throw cantWrite(file, error)
  }
}

/** The file is on disk when this returns. */
async function writeDraft(draft: string, content: AsyncIterable<Buffer>): Promise<void> {
  const output = createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true })
  let failure: Error | undefined
  output.on('error', (error) => {
    failure ??= error
  })
  try {
    await pipeline(content, createGzip(), output)
  } catch (error) {
    // An error of the tables is the store's to describe. It reaches the file as well, after the tables.
    throw failure === error ? cantWrite(draft, error) : error
  }
}

function cantWrite(file: string, error: unknown): IsthmusError {
  const why = error instanceof Error ? error.message : String(error)
  return new IsthmusError('BACKUP_FAILED', `${file} can't be written: ${why}`, { cause: error })
}

async function* archive(
  description: BackupDescription,
  parts: AsyncIterable<BackupPart>,
  { hashKey, onProgress }: WriteBackupOptions,
): AsyncGenerator<Buffer> {
  const digest = new EntryDigest()
  const encode = (entry: TarEntry): Buffer => {
    digest.add(entry)
    return encodeTarEntry(entry)
  }
  yield encode(encodeDescription(description))
  // A sealed database keeps the keys of its hashes in its tables.
  if (hashKey !== undefined && description.masterKeys.length === 0)
    yield encode({ name: hashKeyName, bytes: Buffer.from(`${hashKey}\n`) })
  let [table, number, size] = ['', 0, 0]
  for await (const part of parts) {
    number = part.table === table ? number + 1 : 1
    table = part.table
    yield encode({ name: partName(table, number), bytes: part.bytes })
    size += part.bytes.length
    onProgress?.(size)
  }
  yield encodeTarEntry(digest.end())
  yield encodeTarEnd()
}
