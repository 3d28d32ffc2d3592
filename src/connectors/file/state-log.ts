/**
 * The state from all change files so far: a log of records, newest last, in the folder `.isthmus`. It is both
 * the state (the last line of a key counts) and the feed (all lines after a position).
 *
 * Lines: first `{"g": generation}`, with `"lost": true` when an earlier log is gone; then `{"k": id, "n":
 * record}` and `{"k": id, "d": true}`; and `{"f": file}` once all lines of a change file are written. A crash
 * leaves a file without its last line: it is ingested again, which changes nothing, since the same rows in
 * the same order result in the same state. An incomplete line is truncated.
 *
 * Several processes may read it; one at a time writes, under a lock. When most of the log is history, it is
 * rewritten with another generation, and cursors into the old one have expired.
 */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { z } from 'zod'
import { parseJson, writeJson } from '../../http/json.ts'
import { IsthmusError } from '../../model/errors.ts'
import type { NativeRecord } from '../../model/values.ts'
import { isNativeRecord } from '../kit/native.ts'
import { replaceFile } from './atomic-file.ts'
import type { FileOwner } from './file-owner.ts'
import { KeyIndex } from './key-index.ts'
import { RowScanner } from './row-scanner.ts'

/** One line about a record. */
export interface StateEntry {
  readonly nativeId: string
  /** Undefined: deleted. */
  readonly native: NativeRecord | undefined
  /** Offset after it. */
  readonly end: number
}

const scan = { unit: 1, bigEndian: false, quote: 0, delimiter: 0, rowBytesMax: 512 * 1024 * 1024 } as const
const generationSchema = z.strictObject({ g: z.string(), lost: z.boolean().optional() })
/** A log is rewritten when it has this many times more lines than records, and a minimum number of them. */
const historyRatio = 3
const historyMin = 10_000

/** See the top of the file. */
export class StateLog {
  readonly name: string
  readonly #owner: FileOwner
  #generation = ''
  #isIncomplete = false
  #index: KeyIndex
  #end = 0
  #lines = 0
  #ino = 0

  constructor(owner: FileOwner) {
    this.#owner = owner
    this.name = `.isthmus/${owner.resource}.ndjson`
    this.#index = new KeyIndex(owner.system.recordsMax)
  }

  get generation(): string {
    return this.#generation
  }

  /**
   * The log was started while previously ingested files were in the archive: their contents are not known.
   */
  get isIncomplete(): boolean {
    return this.#isIncomplete
  }

  /** Offset after the last whole line. */
  get end(): number {
    return this.#end
  }

  /** Whether there is a log in the folder. */
  async exists(): Promise<boolean> {
    return (await this.#owner.folder.stat(this.name)) !== undefined
  }

  /** Starts a log. `isIncomplete`: an earlier one existed. */
  async begin(isIncomplete: boolean): Promise<void> {
    await this.#create([], isIncomplete)
  }

  /**
   * Reads lines that this or another process has written since. @throws IsthmusError FILE_FAILED when there
   * is no log
   */
  async refresh(): Promise<void> {
    const stats = await this.#owner.folder.stat(this.name)
    if (stats === undefined) throw new IsthmusError('FILE_FAILED', `${this.name} no longer exists.`)
    if (stats.ino === this.#ino && stats.size === this.#end) return
    const file = await this.#owner.folder.openFile(this.name)
    try {
      const { ino, size } = await file.stat()
      // The inode number of a removed file may be reused.
      const isSame = ino === this.#ino && size >= this.#end && (await generationOf(file)) === this.#generation
      if (!isSame) this.#reset(ino)
      await this.#scan(file)
    } finally {
      await file.close()
    }
  }

  #reset(ino: number): void {
    this.#ino = ino
    this.#index = new KeyIndex(this.#owner.system.recordsMax)
    this.#end = 0
    this.#lines = 0
    this.#generation = ''
    this.#isIncomplete = false
  }

  async #scan(file: FileHandle): Promise<void> {
    const scanner = new RowScanner(file, { ...scan, from: { start: this.#end, line: 1 } })
    for (;;) {
      const raw = await scanner.next()
      // A line without its end is still being written, or its writer died.
      if (raw === undefined || !raw.isEnded) return
      const line = lineOf(raw.bytes)
      if (line.kind === 'generation') this.#generation = line.generation
      if (line.kind === 'generation') this.#isIncomplete = line.isIncomplete
      if (line.kind === 'entry') this.#index.set(line.nativeId, raw.start)
      if (line.kind === 'entry') this.#lines += 1
      this.#end = raw.start + raw.bytes.length + 1
    }
  }

  /** Returns the records of keys: undefined for unknown or deleted ones. */
  async lookUp(nativeIds: readonly string[]): Promise<readonly (NativeRecord | undefined)[]> {
    const file = await this.#open()
    try {
      const results: (NativeRecord | undefined)[] = []
      for (const nativeId of nativeIds) {
        const start = this.#index.get(nativeId)
        const entry = start === undefined ? undefined : await entryAt(file, start)
        if (start !== undefined && entry?.nativeId !== nativeId) {
          throw new IsthmusError('FILE_DAMAGED', `${this.name} does not match its index.`)
        }
        results.push(entry?.native)
      }
      return results
    } finally {
      await file.close()
    }
  }

  /**
   * Yields every existing record. A line counts when it is the last one of its key. A record that changes in
   * the meantime moves to the log's end, so reading continues until there are no new lines; records that were
   * already yielded may recur.
   */
  async *living(): AsyncGenerator<{ readonly nativeId: string; readonly native: NativeRecord }> {
    let place = 0
    for (;;) {
      const until = this.#end
      for await (const { nativeId, native, start } of this.#entries(place, until)) {
        if (native !== undefined && this.#index.get(nativeId) === start) yield { nativeId, native }
      }
      if (this.#end === until) return
      place = until
    }
  }

  /** Returns entries between two positions, in the order in which they were written. */
  async *after(place: number, until: number): AsyncGenerator<StateEntry> {
    yield* this.#entries(place, until)
  }

  /** The log that the index belongs to. @throws IsthmusError FILE_FAILED when it was replaced */
  async #open(): Promise<FileHandle> {
    const expected = this.#ino
    const file = await this.#owner.folder.openFile(this.name)
    const { ino } = await file.stat()
    if (ino === expected && expected === this.#ino) return file
    await file.close()
    throw this.#exchanged()
  }

  #exchanged(): IsthmusError {
    return new IsthmusError('FILE_FAILED', `${this.name} was rewritten while it was read.`)
  }

  async *#entries(place: number, until: number): AsyncGenerator<StateEntry & { readonly start: number }> {
    const file = await this.#open()
    const ino = this.#ino
    try {
      const scanner = new RowScanner(file, { ...scan, from: { start: place, line: 1 } })
      for (;;) {
        const raw = await scanner.next()
        if (ino !== this.#ino) throw this.#exchanged()
        if (raw === undefined || raw.start >= until) return
        const line = lineOf(raw.bytes)
        if (line.kind !== 'entry') continue
        const { nativeId, native } = line
        yield { nativeId, native, start: raw.start, end: raw.start + raw.bytes.length + 1 }
      }
    } finally {
      await file.close()
    }
  }

  /** Appends the contents of a change file, durably. Only under the lock. */
  async append(
    entries: AsyncIterable<{ readonly nativeId: string; readonly native: NativeRecord | undefined }>,
    fileName: string,
  ): Promise<void> {
    await this.refresh()
    const file = await open(
      await this.#owner.folder.pathOf(this.name),
      constants.O_RDWR | constants.O_NOFOLLOW,
    )
    try {
      // The remainder of a writer that died is not a line.
      await file.truncate(this.#end)
      let place = this.#end
      let text = ''
      for await (const { nativeId, native } of entries) {
        text += `${writeJson(native === undefined ? { k: nativeId, d: true } : { k: nativeId, n: native })}\n`
        if (text.length < 1_000_000) continue
        place = await writeAll(file, Buffer.from(text), place)
        text = ''
      }
      await writeAll(file, Buffer.from(`${text}${writeJson({ f: fileName })}\n`), place)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.refresh()
  }

  /** Rewrites the log when it is mostly history. Only under the lock. */
  async compact(): Promise<void> {
    if (this.#lines < historyMin || this.#lines < this.#index.size * historyRatio) return
    await this.#create(this.living(), this.#isIncomplete)
    await this.refresh()
  }

  async #create(
    records:
      | AsyncIterable<{ readonly nativeId: string; readonly native: NativeRecord }>
      | Iterable<{ readonly nativeId: string; readonly native: NativeRecord }>,
    isIncomplete: boolean,
  ): Promise<void> {
    await replaceFile(this.#owner.folder, this.name, async (file) => {
      await file.writeFile(`${writeJson({ g: randomUUID(), ...(isIncomplete ? { lost: true } : {}) })}\n`)
      for await (const { nativeId, native } of records)
        await file.writeFile(`${writeJson({ k: nativeId, n: native })}\n`)
    })
  }
}

type Line =
  | { readonly kind: 'generation'; readonly generation: string; readonly isIncomplete: boolean }
  | { readonly kind: 'entry'; readonly nativeId: string; readonly native: NativeRecord | undefined }
  | { readonly kind: 'other' }

function lineOf(bytes: Buffer): Line {
  const parsed = parseJson(bytes.toString('utf8'), { maxDepth: 66, numbers: 'lossless' })
  if (!parsed.ok || !isNativeRecord(parsed.value)) return { kind: 'other' }
  const generation = generationSchema.safeParse(parsed.value)
  if (generation.success) {
    const { g, lost = false } = generation.data
    return { kind: 'generation', generation: g, isIncomplete: lost }
  }
  const { k: nativeId, n: native, d: isDeleted } = parsed.value
  if (typeof nativeId !== 'string') return { kind: 'other' }
  if (isNativeRecord(native)) return { kind: 'entry', nativeId, native }
  return isDeleted === true ? { kind: 'entry', nativeId, native: undefined } : { kind: 'other' }
}

/** Writes all bytes, however few the system accepts at once. Returns the offset after them. */
async function writeAll(file: FileHandle, bytes: Buffer, place: number): Promise<number> {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, bytes.length - done, place + done)).bytesWritten
  return place + bytes.length
}

async function generationOf(file: FileHandle): Promise<string | undefined> {
  const raw = await new RowScanner(file, { ...scan, from: { start: 0, line: 1, chunkBytes: 256 } }).next()
  const line = raw === undefined ? undefined : lineOf(raw.bytes)
  return line?.kind === 'generation' ? line.generation : undefined
}

async function entryAt(
  file: FileHandle,
  start: number,
): Promise<{ readonly nativeId: string; readonly native: NativeRecord | undefined } | undefined> {
  const raw = await new RowScanner(file, { ...scan, from: { start, line: 1, chunkBytes: 4_096 } }).next()
  const line = raw === undefined ? undefined : lineOf(raw.bytes)
  return line?.kind === 'entry' ? line : undefined
}
