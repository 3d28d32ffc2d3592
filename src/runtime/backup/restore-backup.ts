/** Reads a backup file and hands it to the store. */
import { createReadStream, statSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { IsthmusError } from '../../model/errors.ts'
import type { BackupAdmin, BackupDescription, BackupPart } from '../../store/backup-contract.ts'
import { decodeDescription, EntryDigest, endName, hashKeyName, tableOfPart } from './backup-file.ts'
import { readTarEntries, type TarEntry } from './tar-entries.ts'

/** Options of {@link restoreBackup}. */
export interface RestoreBackupOptions {
  readonly backup: BackupAdmin
  readonly file: string
  /** Called after each part, with the bytes read so far, after decompression. */
  readonly onProgress?: (bytes: number) => void
}

/** What is read from the file before its rows. */
export interface BackupHead {
  readonly description: BackupDescription
  /** Key of the keyed hashes, as text, if the backup contains it. */
  readonly hashKey?: string
}

/** Reads the beginning of a backup. @throws IsthmusError BACKUP_INVALID */
export async function readBackupHead(file: string): Promise<BackupHead> {
  const entries = entriesOf(file)
  try {
    const { description, next } = await begin(entries)
    const hashKey = next?.name === hashKeyName ? Buffer.from(next.bytes).toString('utf8').trim() : undefined
    return { description, ...(hashKey === undefined ? {} : { hashKey }) }
  } finally {
    await entries.return(undefined)
  }
}

/** Restores the whole backup, or nothing. @throws IsthmusError BACKUP_INVALID, and those of `BackupAdmin.restore` */
export async function restoreBackup({ backup, file, onProgress }: RestoreBackupOptions): Promise<void> {
  const entries = entriesOf(file)
  const digest = new EntryDigest()
  const { description, first, next } = await begin(entries)
  digest.add(first)
  await backup.restore(description, readParts(entries, next, digest, onProgress))
}

async function begin(entries: AsyncGenerator<TarEntry>) {
  const first = await entries.next()
  if (first.done === true) throw incomplete()
  const description = decodeDescription(first.value)
  const second = await entries.next()
  return { description, first: first.value, next: second.done === true ? undefined : second.value }
}

async function* readParts(
  entries: AsyncGenerator<TarEntry>,
  next: TarEntry | undefined,
  digest: EntryDigest,
  onProgress: RestoreBackupOptions['onProgress'],
): AsyncGenerator<BackupPart> {
  let size = 0
  try {
    for (let entry = next; entry !== undefined; entry = (await entries.next()).value) {
      // Verified before the store commits, which it does when it has received all parts.
      if (entry.name === endName) return digest.verify(entry)
      digest.add(entry)
      const table = tableOfPart(entry.name)
      if (table === undefined) continue
      yield { table, bytes: entry.bytes }
      size += entry.bytes.length
      onProgress?.(size)
    }
    throw incomplete()
  } finally {
    await entries.return(undefined)
  }
}

async function* entriesOf(file: string): AsyncGenerator<TarEntry> {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    throw new IsthmusError('BACKUP_INVALID', `${file} does not exist, or is not a file`)
  const source = createReadStream(file)
  const gunzip = createGunzip()
  source.on('error', (error) => gunzip.destroy(error))
  try {
    yield* readTarEntries(source.pipe(gunzip))
  } catch (error) {
    if (error instanceof IsthmusError && error.code !== 'BACKUP_INVALID') throw error
    throw new IsthmusError('BACKUP_INVALID', `${file} can't be read: ${reasonOf(error)}`, { cause: error })
  } finally {
    source.destroy()
    gunzip.destroy()
  }
}

/** Node names what is wrong with compressed bytes in the words of zlib. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isCompression = 'code' in error && String(error.code).startsWith('Z_')
  return isCompression ? `it is not a compressed archive, or it is damaged (${error.message})` : error.message
}

function incomplete(): IsthmusError {
  return new IsthmusError('BACKUP_INVALID', 'the archive has no end: it was cut off')
}
