/**
 * Files that appear whole or not at all: written next to the target under another name, synced, then renamed.
 */
import { randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { Folder } from './folder.ts'

/** A write that failed before the rename had no effect; one that failed during it may have had one. */
export class FailedReplacement {
  readonly mayHaveLanded: boolean
  readonly cause: unknown
  constructor(mayHaveLanded: boolean, cause: unknown) {
    this.mayHaveLanded = mayHaveLanded
    this.cause = cause
  }
}

/**
 * Writes a file. `isWanted` is called right before it appears: a write that is too late leaves nothing
 * behind. @throws FailedReplacement
 */
export async function replaceFile(
  folder: Folder,
  name: string,
  write: (file: FileHandle) => Promise<void>,
  isWanted: () => boolean | Promise<boolean> = () => true,
): Promise<boolean> {
  const slash = name.lastIndexOf('/') + 1
  const draft = `${name.slice(0, slash)}.${name.slice(slash)}.${randomBytes(6).toString('hex')}.tmp`
  let isRenaming = false
  try {
    const file = await folder.createFile(draft)
    try {
      await write(file)
      await file.sync()
    } finally {
      await file.close()
    }
    if (!(await isWanted())) {
      await folder.remove(draft)
      return false
    }
    isRenaming = true
    await folder.move(draft, name)
    return true
  } catch (cause) {
    if (!isRenaming) await folder.remove(draft).catch(() => undefined)
    throw new FailedReplacement(isRenaming, cause)
  }
}
