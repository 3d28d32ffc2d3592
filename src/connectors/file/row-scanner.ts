/**
 * Finds the boundaries of rows in a file, chunk by chunk, and records where each begins, so that a single
 * record can be read again later without the others.
 *
 * A row ends at a line ending outside of quotes. A quote counts at the beginning of a cell only: `5" pipe` is
 * a text like any other. After an unclosed quote, everything up to the next quote
 * would seem to be one row; such a row turns out to be damaged when it is parsed, and the scan continues at
 * the line after its first one.
 */
import type { FileHandle } from 'node:fs/promises'

/** One row as it is in the file. */
export interface RawRow {
  /** Byte at which it begins. */
  readonly start: number
  /** Its bytes, without the line ending. */
  readonly bytes: Buffer
  /** Line on which it begins, from 1. */
  readonly line: number
  /** False for a last row without a line ending: it may still be growing. */
  readonly isEnded: boolean
  /** Longer than allowed: `bytes` contains its beginning, and the scan continues at the next line. */
  readonly isTooLong: boolean
}

/** How characters are encoded and quoted. */
export interface ScanOptions {
  /** Bytes of a character that can end a row: 2 for UTF-16. */
  readonly unit: 1 | 2
  readonly bigEndian: boolean
  /** Code of the quote; 0 when nothing is quoted. */
  readonly quote: number
  /** Code of the delimiter, or its last byte; 0 when nothing is quoted. */
  readonly delimiter: number
  readonly rowBytesMax: number
  /**
   * Byte to begin at, and its line; a small buffer when a single row is wanted. @default the file's
   * beginning, 256 KiB
   */
  readonly from?: { readonly start: number; readonly line: number; readonly chunkBytes?: number }
}

const chunkBytes = 256 * 1024
const lineFeed = 10
const carriageReturn = 13
/** Its bytes in UTF-8, or its code in UTF-16. */
const byteOrderMark: ReadonlySet<number> = new Set([0xef, 0xbb, 0xbf, 0xfeff])

/** *cell begins* → *open* ⇄ *closed* (a second quote opens it again) or → *plain* → *cell begins*. */
class QuoteState {
  readonly #quote: number
  readonly #delimiter: number
  #mayOpen = true
  isOpen = false

  constructor({ quote, delimiter }: Pick<ScanOptions, 'quote' | 'delimiter'>) {
    this.#quote = quote
    this.#delimiter = delimiter
  }

  take(code: number): void {
    if (this.#quote === 0) return
    if (this.isOpen) {
      if (code !== this.#quote) return
      this.isOpen = false
      this.#mayOpen = true
    } else if (code === this.#quote && this.#mayOpen) this.isOpen = true
    else this.#mayOpen = code === this.#delimiter
  }
}

/**
 * Iterates over the rows of an open file. `resync` continues at the line after the last row's first one, when
 * that row was damaged.
 */
export class RowScanner {
  readonly #file: FileHandle
  readonly #options: ScanOptions
  #buffer: Buffer = Buffer.alloc(0)
  /** Offset in the file of the buffer's first byte. */
  #base: number
  #line: number
  #atEnd = false
  #last: { readonly start: number; readonly line: number; readonly firstLineEnd: number } | undefined

  constructor(file: FileHandle, options: ScanOptions) {
    this.#file = file
    this.#options = options
    this.#base = options.from?.start ?? 0
    this.#line = options.from?.line ?? 1
  }

  /** Returns the next row; undefined at the end. Empty lines are skipped. */
  async next(): Promise<RawRow | undefined> {
    for (;;) {
      const row = await this.#row()
      if (row === undefined || row.bytes.length > 0) return row
    }
  }

  /** The last row was damaged: if it spanned several lines, all but the first are read again. */
  resync(): void {
    if (this.#last === undefined) return
    const { start, line, firstLineEnd } = this.#last
    const from = start + firstLineEnd
    if (from >= this.#base) return
    this.#base = from
    this.#buffer = Buffer.alloc(0)
    this.#line = line + 1
    this.#atEnd = false
  }

  async #row(): Promise<RawRow | undefined> {
    const { unit, rowBytesMax } = this.#options
    const quotes = new QuoteState(this.#options)
    let at = 0
    let lines = 0
    let firstLineEnd: number | undefined
    for (;;) {
      while (at + unit <= this.#buffer.length) {
        const code = this.#codeAt(at)
        at += unit
        if (!(this.#base === 0 && at <= 3 && byteOrderMark.has(code))) quotes.take(code)
        if (code !== lineFeed) continue
        lines += 1
        firstLineEnd ??= at
        if (!quotes.isOpen) return this.#cut(at, { lines, firstLineEnd, isEnded: true })
      }
      // A row that is too long is cut at its first line, so that an open quote consumes no more than the
      // limit.
      if (at > rowBytesMax && firstLineEnd !== undefined) return this.#cutTooLong(firstLineEnd)
      if (at > rowBytesMax) return this.#skipLine()
      if (!(await this.#fill())) break
    }
    if (this.#buffer.length === 0) return undefined
    const end = this.#buffer.length
    return this.#cut(end, { lines, firstLineEnd: firstLineEnd ?? end, isEnded: false })
  }

  #codeAt(at: number): number {
    if (this.#options.unit === 1) return this.#buffer[at] ?? 0
    return this.#options.bigEndian ? this.#buffer.readUInt16BE(at) : this.#buffer.readUInt16LE(at)
  }

  #cut(
    end: number,
    found: { readonly lines: number; readonly firstLineEnd: number; readonly isEnded: boolean },
  ): RawRow {
    const { unit } = this.#options
    let bytesEnd = found.isEnded ? end - unit : end
    if (bytesEnd >= unit && this.#codeAt(bytesEnd - unit) === carriageReturn) bytesEnd -= unit
    const isTooLong = bytesEnd > this.#options.rowBytesMax
    const row = {
      start: this.#base,
      bytes: this.#buffer.subarray(0, isTooLong ? 0 : bytesEnd),
      line: this.#line,
      isEnded: found.isEnded,
      isTooLong,
    }
    this.#last = { start: this.#base, line: this.#line, firstLineEnd: found.firstLineEnd }
    this.#advance(end, found.lines)
    return isTooLong ? { ...row, bytes: Buffer.from('?') } : row
  }

  #cutTooLong(end: number): RawRow {
    const row = {
      start: this.#base,
      bytes: Buffer.from('?'),
      line: this.#line,
      isEnded: true,
      isTooLong: true,
    }
    this.#last = undefined
    this.#advance(end, 1)
    return row
  }

  /** Skips a line that is too long, without keeping any of it. */
  async #skipLine(): Promise<RawRow> {
    const row = {
      start: this.#base,
      bytes: Buffer.from('?'),
      line: this.#line,
      isEnded: true,
      isTooLong: true,
    }
    const { unit } = this.#options
    this.#last = undefined
    for (;;) {
      for (let at = 0; at + unit <= this.#buffer.length; at += unit) {
        if (this.#codeAt(at) !== lineFeed) continue
        this.#advance(at + unit, 1)
        return row
      }
      this.#advance(this.#buffer.length - (this.#buffer.length % unit), 0)
      if (!(await this.#fill())) return { ...row, isEnded: false }
    }
  }

  #advance(bytes: number, lines: number): void {
    this.#base += bytes
    this.#buffer = this.#buffer.subarray(bytes)
    this.#line += lines
  }

  async #fill(): Promise<boolean> {
    if (this.#atEnd) return false
    const size = this.#options.from?.chunkBytes ?? chunkBytes
    const chunk = Buffer.allocUnsafe(size)
    const { bytesRead } = await this.#file.read(chunk, 0, size, this.#base + this.#buffer.length)
    this.#atEnd = bytesRead === 0
    if (bytesRead === 0) return false
    const fresh = chunk.subarray(0, bytesRead)
    this.#buffer = this.#buffer.length === 0 ? fresh : Buffer.concat([this.#buffer, fresh])
    return true
  }
}
