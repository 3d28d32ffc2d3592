/**
 * The file that contains every record: found, checked, and indexed by key in one streamed pass. Only the
 * offset of each record is kept in memory; a record is read from the file on demand.
 *
 * The index belongs to one state of the file (inode, size, time). A file that was replaced is indexed again
 * on the next access.
 */
import type { FileHandle } from 'node:fs/promises'
import { IsthmusError } from '../../model/errors.ts'
import type { NativeRecord } from '../../model/values.ts'
import { versionOf } from './dialect.ts'
import type { FileOwner } from './file-owner.ts'
import type { FoundFile } from './folder.ts'
import { KeyIndex } from './key-index.ts'
import { candidates, notReady } from './ready.ts'
import { stampOf as contentStamp, type FileEnd, rowAt, scanFile } from './scan-file.ts'

/** A record of the file. */
export interface SnapshotRecord {
  readonly nativeId: string
  readonly native: NativeRecord
  readonly version: string
}

/** One state of the file. */
export interface IndexedFile {
  readonly name: string
  readonly stamp: string
  readonly index: KeyIndex
  readonly end: FileEnd
}

/** What is known of a key. */
export type Lookup =
  | { readonly kind: 'live'; readonly record: SnapshotRecord }
  | { readonly kind: 'gone' }
  | { readonly kind: 'doubt'; readonly doubt: string }

/** See the top of the file. */
export class Snapshot {
  readonly #owner: FileOwner
  readonly #pattern: string
  #known: IndexedFile | undefined
  #going: Promise<IndexedFile> | undefined

  constructor(owner: FileOwner, pattern: string) {
    this.#owner = owner
    this.#pattern = pattern
  }

  /** The file that currently counts. @throws IsthmusError FILE_NOT_READY · FILE_FOLDER_MISSING */
  async current(): Promise<FoundFile> {
    const found = (await candidates(this.#owner, this.#pattern)).at(-1)
    if (found === undefined) {
      throw new IsthmusError('FILE_NOT_READY', `There is no file ${this.#pattern}.`)
    }
    const reason = await notReady(this.#owner, found)
    if (reason !== undefined) throw new IsthmusError('FILE_NOT_READY', `${reason}.`)
    return found
  }

  /** The index of the current file. */
  async indexed(): Promise<IndexedFile> {
    const found = await this.current()
    if (this.#known?.stamp === stampOf(found)) return this.#known
    this.#going ??= this.#build(found).finally(() => {
      this.#going = undefined
    })
    return this.#going
  }

  async #build(found: FoundFile): Promise<IndexedFile> {
    const pages = this.pages(found)
    for (;;) {
      const next = await pages.next()
      if (next.done === true) return next.value
    }
  }

  /**
   * Yields every record in pages, building the index on the way. A duplicate key makes the list doubtful,
   * since it is unknown which row is valid.
   */
  async *pages(found: FoundFile): AsyncGenerator<readonly SnapshotRecord[], IndexedFile> {
    const index = new KeyIndex(this.#owner.system.recordsMax)
    const rows = scanFile(this.#owner, found.name)
    let page: SnapshotRecord[] = []
    let twice: string | undefined
    for (;;) {
      const next = await rows.next()
      if (next.done === true) {
        if (page.length > 0) yield page
        const end = { ...next.value, doubt: next.value.doubt ?? twice ?? nothingIn(found) }
        const known = { name: found.name, stamp: stampOf(found), index, end }
        this.#known = known
        return known
      }
      const { nativeId, native, start, line } = next.value
      if (!index.set(nativeId, start)) {
        twice ??= `${found.name}:${line}: its key occurred before`
        continue
      }
      page.push({ nativeId, native, version: versionOf(native) })
      if (page.length < this.#owner.system.pageSize) continue
      yield page
      page = []
    }
  }

  /** Finds records by key, all in one state of the file. */
  async lookUp(nativeIds: readonly string[]): Promise<readonly Lookup[]> {
    for (let attempt = 1; ; attempt += 1) {
      const known = await this.indexed()
      const file = await this.#owner.folder.openFile(known.name)
      try {
        const { ino, size, mtimeMs } = await file.stat()
        // Replaced between indexing and opening: one retry, after which the file changes faster than it can
        // be read.
        const isSame = known.stamp === stampOf({ name: known.name, stats: { ino, size, mtimeMs } })
        if (!isSame && attempt < 3) continue
        if (!isSame) throw new IsthmusError('FILE_NOT_READY', `${known.name} changes constantly.`)
        const results: Lookup[] = []
        for (const nativeId of nativeIds) results.push(await this.#find(known, file, nativeId))
        return results
      } finally {
        await file.close()
      }
    }
  }

  async #find(known: IndexedFile, file: FileHandle, nativeId: string): Promise<Lookup> {
    const start = known.index.get(nativeId)
    if (start === undefined) return absent(known)
    const row = await rowAt(this.#owner, file, { start, names: known.end.names })
    if (row?.nativeId === nativeId)
      return { kind: 'live', record: { ...row, version: versionOf(row.native) } }
    return this.#search(known, nativeId)
  }

  /** A hash collision in the index: the file itself decides. */
  async #search(known: IndexedFile, nativeId: string): Promise<Lookup> {
    for await (const row of scanFile(this.#owner, known.name)) {
      if (row.nativeId !== nativeId) continue
      return { kind: 'live', record: { nativeId, native: row.native, version: versionOf(row.native) } }
    }
    return absent(known)
  }
}

function absent({ end }: IndexedFile): Lookup {
  return end.doubt === undefined ? { kind: 'gone' } : { kind: 'doubt', doubt: end.doubt }
}

/**
 * An export that was interrupted before its first byte looks like an empty one; an intentionally empty one
 * has at least a line ending.
 */
function nothingIn({ name, stats }: FoundFile): string | undefined {
  return stats.size === 0 ? `${name} is empty` : undefined
}

/** One state of a file under one name. */
export function stampOf({
  name,
  stats,
}: {
  readonly name: string
  readonly stats: Parameters<typeof contentStamp>[0]
}): string {
  return `${name} ${contentStamp(stats)}`
}
