/**
 * The folder of a system, and the only access to its files.
 *
 * Regardless of names and links in the definition or from other programs, only files below the folder are
 * opened, written or moved. Links are never followed, since they could lead out of it.
 */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { IsthmusError } from '../../model/errors.ts'

/** A file of the folder at the time of the check. */
export interface FoundFile {
  /** Below the folder. */
  readonly name: string
  readonly stats: Stats
}

/** Maximum number of entries read in one directory; more indicate that it is not being cleaned up. */
const entriesMax = 100_000

/** See the top of the file. */
export class Folder {
  readonly #root: string

  /** @param root absolute */
  constructor(root: string) {
    this.#root = root
  }

  /** The folder's real path: the identity of the system. @throws IsthmusError FILE_FOLDER_MISSING */
  async place(): Promise<string> {
    try {
      const place = await realpath(this.#root)
      if ((await lstat(place)).isDirectory()) return place
    } catch (cause) {
      throw new IsthmusError('FILE_FOLDER_MISSING', `The folder ${this.#root} can't be opened.`, { cause })
    }
    throw new IsthmusError('FILE_FOLDER_MISSING', `${this.#root} is not a folder.`)
  }

  /**
   * Returns the full path of a name, after verifying that its directory is really there. @throws IsthmusError
   * FILE_OUTSIDE
   */
  async pathOf(name: string): Promise<string> {
    const root = await this.place()
    const full = path.resolve(root, name)
    const inside = path.relative(root, full)
    if (inside === '' || inside.startsWith('..') || path.isAbsolute(inside)) throw outside(name)
    // The nearest existing directory: directories created below it can't be links.
    for (let directory = path.dirname(full); ; directory = path.dirname(directory)) {
      const real = await realpath(directory).catch(() => undefined)
      if (real !== undefined && real !== directory) throw outside(name)
      if (real !== undefined || directory === root) return full
    }
  }

  /** Returns files that match a pattern, sorted by name. Links and directories are skipped. */
  async find(pattern: string): Promise<readonly FoundFile[]> {
    const full = await this.pathOf(pattern)
    const directory = path.dirname(full)
    const matches = matcher(path.basename(full))
    const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return []
      throw error
    })
    if (entries.length > entriesMax) {
      throw new IsthmusError('FILE_FOLDER_FULL', `There are more than ${entriesMax} files beside ${pattern}.`)
    }
    const found: FoundFile[] = []
    const names = entries.filter((entry) => entry.isFile() && matches(entry.name)).map(({ name }) => name)
    for (const name of names.sort()) {
      const stats = await lstat(path.join(directory, name)).catch(() => undefined)
      const below = path.join(path.dirname(pattern), name)
      if (stats?.isFile() === true) found.push({ name: below, stats })
    }
    return found
  }

  /** Returns whether the directory of a pattern exists. */
  async hasDirectoryOf(pattern: string): Promise<boolean> {
    const stats = await lstat(path.dirname(await this.pathOf(pattern))).catch((error: unknown) => {
      if (isMissing(error)) return undefined
      throw error
    })
    return stats?.isDirectory() === true
  }

  /** Returns one file; undefined when it does not exist. A link counts as absent. */
  async stat(name: string): Promise<Stats | undefined> {
    const stats = await lstat(await this.pathOf(name)).catch((error: unknown) => {
      if (isMissing(error)) return undefined
      throw error
    })
    return stats?.isFile() === true ? stats : undefined
  }

  /** Opens a file for reading. */
  async openFile(name: string): Promise<FileHandle> {
    return open(await this.pathOf(name), constants.O_RDONLY | constants.O_NOFOLLOW)
  }

  /** Opens a file for writing; it must not exist. */
  async createFile(name: string): Promise<FileHandle> {
    const full = await this.pathOf(name)
    await mkdir(path.dirname(full), { recursive: true })
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    return open(await this.pathOf(name), flags, 0o640)
  }

  /** Moves a file within the folder, replacing an existing one. Durable when it returns. */
  async move(from: string, to: string): Promise<void> {
    const target = await this.pathOf(to)
    await mkdir(path.dirname(target), { recursive: true })
    await rename(await this.pathOf(from), await this.pathOf(to))
    await syncDirectory(path.dirname(target))
  }

  async remove(name: string): Promise<void> {
    await rm(await this.pathOf(name), { force: true })
  }
}

/**
 * A rename is durable only when its directory is synced. Systems without that (Windows) do it automatically.
 */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(directory, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function matcher(pattern: string): (name: string) => boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const expression = new RegExp(`^${parts.join('.*')}$`)
  return (name) => expression.test(name) && !name.startsWith('.')
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function outside(name: string): IsthmusError {
  return new IsthmusError('FILE_OUTSIDE', `${name} would lead out of the folder.`)
}
