/**
 * Reads a file row by row: valid rows are yielded, damaged ones are recorded by file and line, and the end
 * reports whether it was complete.
 */
import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { NativeRecord } from '../../model/values.ts'
import type { FileOwner } from './file-owner.ts'
import { type RawRow, RowScanner } from './row-scanner.ts'

/** A record and where it begins. */
export interface FileRow {
  readonly nativeId: string
  readonly native: NativeRecord
  readonly start: number
  readonly line: number
  readonly bytes: Buffer
}

/** The outcome of reading a file. */
export interface FileEnd {
  readonly names: readonly string[]
  /** Why not every record of it is known; undefined when all are. Names files and lines, never values. */
  readonly doubt: string | undefined
  readonly damaged: readonly string[]
  /** Why it may still be incomplete, apart from damaged rows; undefined when it was complete. */
  readonly unfinished: string | undefined
  /** The state of the file that was read. */
  readonly stamp: string
}

/** Identifies one state of a file, independent of its name. */
export function stampOf({ ino, size, mtimeMs }: Pick<Stats, 'ino' | 'size' | 'mtimeMs'>): string {
  return JSON.stringify([ino, size, mtimeMs])
}

const namedMax = 10
/** Buffer size for reading a single row. */
const lookupBytes = 4_096

/** Opens a file, yields every valid row, and returns the outcome. @throws file system errors, FILE_OUTSIDE */
export async function* scanFile(owner: FileOwner, name: string): AsyncGenerator<FileRow, FileEnd> {
  const file = await owner.folder.openFile(name)
  try {
    return yield* new FileScan(owner, name, file).rows()
  } finally {
    await file.close()
  }
}

/** Reads the one row that begins at a byte; undefined when there is no record. */
export async function rowAt(
  owner: FileOwner,
  file: FileHandle,
  at: { readonly start: number; readonly names: readonly string[] },
): Promise<{ readonly nativeId: string; readonly native: NativeRecord } | undefined> {
  const from = { start: at.start, line: 1, chunkBytes: lookupBytes }
  const order = await byteOrderOf(owner, file)
  const scanner = new RowScanner(file, { ...order.scan, rowBytesMax: owner.system.rowBytesMax, from })
  const raw = order.inOrder(await scanner.next())
  const text = raw === undefined ? undefined : textOf(owner, raw, at.start === 0)
  if (text === undefined) return undefined
  const parsed = owner.dialect.parse(text, at.names)
  return parsed.kind === 'record' ? { nativeId: parsed.nativeId, native: parsed.native } : undefined
}

/** The encoding of one file's characters. */
interface ByteOrder {
  readonly scan: FileOwner['dialect']['scan']
  /** The row in the declared byte order. */
  inOrder(raw: RawRow | undefined): RawRow | undefined
}

/** A byte order mark determines the byte order of a file in UTF-16, whichever of the two is declared. */
async function byteOrderOf({ dialect: { scan } }: FileOwner, file: FileHandle): Promise<ByteOrder> {
  if (scan.unit === 1) return { scan, inOrder: (raw) => raw }
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
  const mark = bytesRead === 2 ? buffer.readUInt16BE(0) : 0
  const bigEndian = mark === 0xfeff || (mark !== 0xfffe && scan.bigEndian)
  if (bigEndian === scan.bigEndian) return { scan, inOrder: (raw) => raw }
  return {
    scan: { ...scan, bigEndian },
    inOrder: (raw) => {
      if (raw === undefined || raw.isTooLong || raw.bytes.length % 2 !== 0) return raw
      return { ...raw, bytes: Buffer.from(raw.bytes).swap16() }
    },
  }
}

function textOf({ dialect }: FileOwner, raw: RawRow, isFirst: boolean): string | undefined {
  const text = raw.isTooLong ? undefined : dialect.decode(raw.bytes)
  return isFirst && text?.startsWith('\ufeff') ? text.slice(1) : text
}

class FileScan {
  readonly #owner: FileOwner
  readonly #name: string
  readonly #file: FileHandle
  readonly #damaged: string[] = []
  #damagedCount = 0
  #rows = 0
  #trailer: number | undefined
  #last: RawRow | undefined

  constructor(owner: FileOwner, name: string, file: FileHandle) {
    this.#owner = owner
    this.#name = name
    this.#file = file
  }

  async *rows(): AsyncGenerator<FileRow, FileEnd> {
    const { dialect, system, config } = this.#owner
    const before = await this.#file.stat()
    const order = await byteOrderOf(this.#owner, this.#file)
    const scanner = new RowScanner(this.#file, { ...order.scan, rowBytesMax: system.rowBytesMax })
    const next = async (): Promise<RawRow | undefined> => order.inOrder(await scanner.next())
    const names = dialect.hasHeader ? await this.#names(next) : (config.csv.columns ?? [])
    if (names === undefined) return this.#endOf([], before, before.size === 0)
    for (;;) {
      const raw = await next()
      if (raw === undefined) break
      this.#last = raw
      const row = this.#take(raw, names)
      if (row === undefined) scanner.resync()
      else if (typeof row === 'object') yield row
    }
    return this.#endOf(names, before, false)
  }

  async #endOf(names: readonly string[], before: Stats, isEmpty: boolean): Promise<FileEnd> {
    const stamp = stampOf(before)
    const isChanged = stamp !== stampOf(await this.#file.stat())
    const unfinished = isEmpty ? `${this.#name} is empty` : this.#unfinished(isChanged)
    return { names, doubt: this.#doubt(unfinished), damaged: this.#damaged, unfinished, stamp }
  }

  /** The names of the columns, after a line that names the delimiter to spreadsheets. */
  async #names(next: () => Promise<RawRow | undefined>): Promise<readonly string[] | undefined> {
    const { dialect, config } = this.#owner
    const first = await next()
    const text = first === undefined ? undefined : textOf(this.#owner, first, true)
    const declared = text === undefined ? undefined : dialect.declaredDelimiter(text)
    if (declared === undefined) return this.#header(first)
    if (declared === config.csv.delimiter) return this.#header(await next())
    return this.#note(1, `it names the delimiter ${JSON.stringify(declared)}: set csv.delimiter to it`)
  }

  #header(raw: RawRow | undefined): readonly string[] | undefined {
    if (raw === undefined) return this.#note(1, 'the file is empty')
    const text = textOf(this.#owner, raw, true)
    if (text === undefined) {
      const [first, second] = raw.bytes
      const isWide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
      const hint = isWide ? '; it begins like UTF-16: set encoding: utf-16le' : ''
      return this.#note(1, `the header is not ${this.#owner.config.encoding} text${hint}`)
    }
    if (/^\s*\S.*\r./s.test(text) && this.#owner.config.format === 'csv') {
      return this.#note(1, 'its lines end with CR alone; save it with LF or CRLF at the ends of lines')
    }
    const header = this.#owner.dialect.header(text)
    return 'names' in header ? header.names : this.#note(1, `the header is wrong: ${header.damage}`)
  }

  #take(raw: RawRow, names: readonly string[]): FileRow | 'trailer' | 'blank' | undefined {
    if (raw.isTooLong)
      return this.#note(raw.line, `it is longer than ${this.#owner.system.rowBytesMax} bytes`)
    const text = textOf(this.#owner, raw, raw.start === 0)
    if (text === undefined) return this.#note(raw.line, `it is not ${this.#owner.config.encoding} text`)
    const parsed = this.#owner.dialect.parse(text, names)
    if (parsed.kind === 'damaged') return this.#note(raw.line, parsed.what)
    if (parsed.kind === 'blank') return 'blank'
    if (this.#trailer !== undefined) return this.#note(raw.line, 'it comes after the last row')
    if (parsed.kind === 'trailer') {
      this.#trailer = parsed.count
      return 'trailer'
    }
    this.#rows += 1
    const { nativeId, native, isPadded } = parsed
    const bytes = isPadded === true ? this.#unpadded(native, names) : raw.bytes
    return { nativeId, native, start: raw.start, line: raw.line, bytes }
  }

  /** The row without trailing blank cells, for a copy of the file. */
  #unpadded(native: NativeRecord, names: readonly string[]): Buffer {
    const { dialect } = this.#owner
    return dialect.encode(dialect.format(native, names).replace(/\r?\n$/, '')) ?? Buffer.alloc(0)
  }

  #note(line: number, what: string): undefined {
    this.#damagedCount += 1
    if (this.#damaged.length < namedMax) this.#damaged.push(`${this.#name}:${line}: ${what}`)
    return undefined
  }

  #firstDamage(): string {
    const more = this.#damagedCount > 1 ? `; and ${this.#damagedCount - 1} more` : ''
    return `${this.#damaged[0] ?? this.#name}${more}`
  }

  #doubt(unfinished: string | undefined): string | undefined {
    if (this.#damagedCount > 0) return this.#firstDamage()
    if (unfinished !== undefined) return unfinished
    if (this.#trailer !== undefined && this.#trailer !== this.#rows) {
      return `${this.#name} has ${this.#rows} rows, and its last row says ${this.#trailer}`
    }
    return undefined
  }

  #unfinished(isChanged: boolean): string | undefined {
    const { config } = this.#owner
    if (isChanged) return `${this.#name} was changed while it was read`
    if (config.trailer !== undefined && this.#trailer === undefined)
      return `${this.#name} has no last row ${config.trailer}`
    const mayGrow = config.ready.by === 'stable' && config.trailer === undefined
    if (mayGrow && this.#last?.isEnded === false) return `${this.#name}: the last line has no line ending`
    return undefined
  }
}
