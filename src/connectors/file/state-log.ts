/**
 * What change files have told so far: a log of records, newest last, in the folder `.isthmus`. It is both the state (the last line of a key
 * counts) and the feed (whatever comes after a place in it).
 *
 * Lines: first `{"g": generation}`; then `{"k": id, "n": record}` and `{"k": id, "d": true}`; and `{"f": file}` once all lines of a change file
 * are in. A crash leaves a file without its last line: it is taken in again, which changes nothing, since the same rows in the same order
 * give the same state. A line that was cut off is cut away.
 *
 * Several processes may read it; one at a time writes, under a lock. When most of the log is history it is written anew with another
 * generation, and cursors into the old one have expired.
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
  readonly rid: string
  /** Undefined: deleted. */
  readonly native: NativeRecord | undefined
  /** Byte after it. */
  readonly end: number
}

const scan = { unit: 1, bigEndian: false, quote: 0, rowBytesMax: 512 * 1024 * 1024 } as const
const generationSchema = z.strictObject({ g: z.string() })
/** A log is written anew when it has this many times more lines than records, and a good deal of them. */
const historyRatio = 3
const historyMin = 10_000

/** See the top of the file. */
export class StateLog {
  readonly name: string
  readonly #owner: FileOwner
  #generation = ''
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

  /** Byte after the last whole line. */
  get end(): number {
    return this.#end
  }

  /** Takes in what this or another process has written since. Makes the log when there is none. */
  async refresh(): Promise<void> {
    const stats = await this.#owner.folder.stat(this.name)
    if (stats === undefined) {
      await this.#create([])
      return this.refresh()
    }
    if (stats.ino === this.#ino && stats.size === this.#end) return
    const file = await this.#owner.folder.openFile(this.name)
    try {
      const { ino } = await file.stat()
      if (ino !== this.#ino) this.#reset(ino)
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
  }

  async #scan(file: FileHandle): Promise<void> {
    const scanner = new RowScanner(file, { ...scan, from: { start: this.#end, line: 1 } })
    for (;;) {
      const raw = await scanner.next()
      // Without its end a line is still being written, or its writer died.
      if (raw === undefined || !raw.isEnded) return
      const line = lineOf(raw.bytes)
      if (line.kind === 'generation') this.#generation = line.generation
      if (line.kind === 'entry') this.#index.set(line.rid, raw.start)
      if (line.kind === 'entry') this.#lines += 1
      this.#end = raw.start + raw.bytes.length + 1
    }
  }

  /** What is known of keys: undefined where nothing was ever told, or a deletion was. */
  async lookUp(rids: readonly string[]): Promise<readonly (NativeRecord | undefined)[]> {
    const file = await this.#owner.folder.openFile(this.name)
    try {
      const results: (NativeRecord | undefined)[] = []
      for (const rid of rids) {
        const start = this.#index.get(rid)
        const entry = start === undefined ? undefined : await entryAt(file, start)
        if (entry !== undefined && entry.rid !== rid) {
          throw new IsthmusError('FILE_DAMAGED', `${this.name} does not hold what its index says.`)
        }
        results.push(entry?.native)
      }
      return results
    } finally {
      await file.close()
    }
  }

  /** Every living record. A line counts when it is the last one of its key. */
  async *living(): AsyncGenerator<{ readonly rid: string; readonly native: NativeRecord }> {
    for await (const { rid, native, start } of this.#entries(0)) {
      if (native !== undefined && this.#index.get(rid) === start) yield { rid, native }
    }
  }

  /** Entries after a place, in the order in which they came. */
  async *after(place: number): AsyncGenerator<StateEntry> {
    yield* this.#entries(place)
  }

  async *#entries(place: number): AsyncGenerator<StateEntry & { readonly start: number }> {
    const until = this.#end
    const file = await this.#owner.folder.openFile(this.name)
    try {
      const scanner = new RowScanner(file, { ...scan, from: { start: place, line: 1 } })
      for (;;) {
        const raw = await scanner.next()
        if (raw === undefined || raw.start >= until) return
        const line = lineOf(raw.bytes)
        if (line.kind !== 'entry') continue
        const { rid, native } = line
        yield { rid, native, start: raw.start, end: raw.start + raw.bytes.length + 1 }
      }
    } finally {
      await file.close()
    }
  }

  /** Appends what a change file tells, durably. Only under the lock. */
  async append(
    entries: AsyncIterable<{ readonly rid: string; readonly native: NativeRecord | undefined }>,
    fileName: string,
  ): Promise<void> {
    await this.refresh()
    const file = await open(
      await this.#owner.folder.pathOf(this.name),
      constants.O_RDWR | constants.O_NOFOLLOW,
    )
    try {
      // What a writer that died left behind is no line.
      await file.truncate(this.#end)
      let place = this.#end
      let text = ''
      for await (const { rid, native } of entries) {
        text += `${writeJson(native === undefined ? { k: rid, d: true } : { k: rid, n: native })}\n`
        if (text.length < 1_000_000) continue
        place += (await file.write(Buffer.from(text), 0, undefined, place)).bytesWritten
        text = ''
      }
      await file.write(Buffer.from(`${text}${writeJson({ f: fileName })}\n`), 0, undefined, place)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.refresh()
  }

  /** Writes the log anew when it is mostly history. Only under the lock. */
  async compact(): Promise<void> {
    if (this.#lines < historyMin || this.#lines < this.#index.size * historyRatio) return
    await this.#create(this.living())
    await this.refresh()
  }

  async #create(
    records:
      | AsyncIterable<{ readonly rid: string; readonly native: NativeRecord }>
      | Iterable<{ readonly rid: string; readonly native: NativeRecord }>,
  ): Promise<void> {
    await replaceFile(this.#owner.folder, this.name, async (file) => {
      await file.writeFile(`${writeJson({ g: randomUUID() })}\n`)
      for await (const { rid, native } of records)
        await file.writeFile(`${writeJson({ k: rid, n: native })}\n`)
    })
  }
}

type Line =
  | { readonly kind: 'generation'; readonly generation: string }
  | { readonly kind: 'entry'; readonly rid: string; readonly native: NativeRecord | undefined }
  | { readonly kind: 'other' }

function lineOf(bytes: Buffer): Line {
  const parsed = parseJson(bytes.toString('utf8'), { maxDepth: 66, numbers: 'lossless' })
  if (!parsed.ok || !isNativeRecord(parsed.value)) return { kind: 'other' }
  const generation = generationSchema.safeParse(parsed.value)
  if (generation.success) return { kind: 'generation', generation: generation.data.g }
  const { k: rid, n: native, d: isDeleted } = parsed.value
  if (typeof rid !== 'string') return { kind: 'other' }
  if (isNativeRecord(native)) return { kind: 'entry', rid, native }
  return isDeleted === true ? { kind: 'entry', rid, native: undefined } : { kind: 'other' }
}

async function entryAt(
  file: FileHandle,
  start: number,
): Promise<{ readonly rid: string; readonly native: NativeRecord | undefined } | undefined> {
  const raw = await new RowScanner(file, { ...scan, from: { start, line: 1, chunkBytes: 4_096 } }).next()
  const line = raw === undefined ? undefined : lineOf(raw.bytes)
  return line?.kind === 'entry' ? line : undefined
}
