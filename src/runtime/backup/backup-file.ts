/**
 * The form of a backup: a tar archive, compressed by gzip, with these entries in this order.
 *
 * - `backup.json`: what it contains
 * - `mac.key`: the key of the keyed hashes of an embedded database that is not sealed
 * - `tables/NAME/NUMBER`: rows in the text form of COPY
 * - `end.json`: the number of entries before it and their digest, without which the archive is incomplete
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { IsthmusError } from '../../model/errors.ts'
import type { BackupDescription } from '../../store/backup-contract.ts'
import type { TarEntry } from './tar-entries.ts'

export const descriptionName = 'backup.json'
export const hashKeyName = 'mac.key'
export const endName = 'end.json'

/** The name of a part of a table. */
export function partName(table: string, number: number): string {
  return `tables/${table}/${String(number).padStart(6, '0')}`
}

/** The table that a part belongs to; undefined for other entries. */
export function tableOfPart(name: string): string | undefined {
  return /^tables\/([a-z_]+)\/\d{6,}$/.exec(name)?.[1]
}

const formatVersion = 1

const descriptionSchema = z.object({
  isthmusBackup: z.literal(formatVersion),
  integration: z.string().exactOptional(),
  takenAt: z.number(),
  migrations: z.array(z.string()),
  tables: z.array(z.object({ name: z.string(), columns: z.array(z.string()) })),
  sequences: z.record(z.string(), z.number()),
  masterKeys: z.array(z.string()),
})

const endSchema = z.object({ entries: z.number(), sha256: z.string() })

export function encodeDescription(description: BackupDescription): TarEntry {
  return jsonEntry(descriptionName, { isthmusBackup: formatVersion, ...description })
}

/** @throws IsthmusError BACKUP_INVALID */
export function decodeDescription({ name, bytes }: TarEntry): BackupDescription {
  const result = name === descriptionName ? descriptionSchema.safeParse(parseJson(bytes)) : undefined
  if (result?.success !== true) {
    throw new IsthmusError(
      'BACKUP_INVALID',
      'the archive does not begin with the description of a backup that this version knows',
    )
  }
  const { isthmusBackup: _version, ...description } = result.data
  return description
}

/** Counts the entries of an archive, and hashes them. */
export class EntryDigest {
  readonly #hash = createHash('sha256')
  #entries = 0

  add({ name, bytes }: TarEntry): void {
    this.#hash.update(`${name}\n${bytes.length}\n`).update(bytes)
    this.#entries += 1
  }

  /** The last entry of the archive. */
  end(): TarEntry {
    return jsonEntry(endName, { entries: this.#entries, sha256: this.#hash.digest('hex') })
  }

  /** @throws IsthmusError BACKUP_INVALID when the entries are not those that were written */
  verify({ bytes }: TarEntry): void {
    const found = endSchema.safeParse(parseJson(bytes))
    const expected = endSchema.parse(parseJson(this.end().bytes))
    if (found.success && found.data.sha256 === expected.sha256 && found.data.entries === expected.entries)
      return
    throw new IsthmusError('BACKUP_INVALID', 'the archive was changed: its digest is not the one at its end')
  }
}

function jsonEntry(name: string, content: unknown): TarEntry {
  return { name, bytes: Buffer.from(`${JSON.stringify(content, undefined, 2)}\n`) }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined // refused by the schema
  }
}
