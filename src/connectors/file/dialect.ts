/** The format of one resource's records in a file: characters, rows, names of columns. */
import { createHash } from 'node:crypto'
import { declaredSeparator, splitCsvRow } from '../../http/bodies/csv.ts'
import { parseJson, writeJson } from '../../http/json.ts'
import type { NativeRecord } from '../../model/values.ts'
import { isNativeRecord, textAt } from '../kit/native.ts'
import type { FileResourceConfig } from './config.ts'
import type { ScanOptions } from './row-scanner.ts'

/** A parsed row, or why it can't be parsed. */
export type ParsedRow =
  /** `isPadded`: it has blank cells beyond the columns, as spreadsheets add them. */
  | {
      readonly kind: 'record'
      readonly nativeId: string
      readonly native: NativeRecord
      readonly isPadded?: boolean
    }
  /** Blank cells only: spreadsheets leave such rows at the end. */
  | { readonly kind: 'blank' }
  | { readonly kind: 'trailer'; readonly count: number }
  | { readonly kind: 'damaged'; readonly what: string }

/** Reads and writes rows of one resource. */
export interface Dialect {
  readonly scan: Pick<ScanOptions, 'unit' | 'bigEndian' | 'quote' | 'delimiter'>
  /** Whether the first row holds the names. */
  readonly hasHeader: boolean
  /**
   * Text of a row's bytes, including a byte order mark. Undefined when they are not valid in the encoding.
   */
  decode(bytes: Buffer): string | undefined
  /** Bytes of a text. Undefined when the encoding can't represent it. */
  encode(text: string): Buffer | undefined
  /** Bytes at the beginning of a file. */
  readonly preamble: Buffer
  /** The delimiter that a first line for spreadsheets names, `sep=;`; undefined for any other line. */
  declaredDelimiter(text: string): string | undefined
  /** Names of a header as the mapping uses them; undefined with a reason when it is not a header. */
  header(text: string): { readonly names: readonly string[] } | { readonly damage: string }
  parse(text: string, names: readonly string[]): ParsedRow
  /** A row with its line ending. */
  format(record: NativeRecord, names: readonly string[]): string
  formatHeader(names: readonly string[]): string
  formatTrailer(count: number): string
}

const depthMax = 64

/**
 * The id of a record: the key's text, or a JSON list where the key has several columns. Undefined when a part
 * is missing.
 */
export function nativeIdOf(native: NativeRecord, key: readonly string[]): string | undefined {
  const parts = key.map((name) => textAt(native, [name]))
  if (parts.includes(undefined)) return undefined
  return parts.length === 1 ? parts[0] : JSON.stringify(parts)
}

/** The version of a record: a hash of its values, independent of the order of its columns. */
export function versionOf(native: NativeRecord): string {
  const sorted = Object.entries(native).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(writeJson(sorted)).digest('base64url').slice(0, 22)
}

/** Creates the dialect of a resource. */
export function dialectOf(config: FileResourceConfig): Dialect {
  const { encoding, format } = config
  const isWide = encoding === 'utf-16le' || encoding === 'utf-16be'
  const quote = format === 'csv' ? (config.csv.quote.codePointAt(0) ?? 0) : 0
  const delimiter = format === 'csv' ? lastCode(config.csv.delimiter, encoding) : 0
  const rows = format === 'csv' ? csvRows(config) : jsonRows(config)
  return {
    scan: { unit: isWide ? 2 : 1, bigEndian: encoding === 'utf-16be', quote, delimiter },
    hasHeader: format === 'csv' && config.csv.columns === undefined,
    preamble: isWide ? (encodeText('\ufeff', encoding) ?? Buffer.alloc(0)) : Buffer.alloc(0),
    decode: (bytes) => decodeText(bytes, encoding),
    encode: (text) => encodeText(text, encoding),
    ...rows,
  }
}

function decodeText(bytes: Buffer, encoding: FileResourceConfig['encoding']): string | undefined {
  // The web treats latin1 as windows-1252; here both are taken literally.
  if (encoding === 'latin1') return bytes.toString('latin1')
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** As the scanner sees it. */
function lastCode(delimiter: string, encoding: FileResourceConfig['encoding']): number {
  if (encoding === 'utf-16le' || encoding === 'utf-16be') return delimiter.charCodeAt(delimiter.length - 1)
  return encodeText(delimiter, encoding)?.at(-1) ?? 0
}

/** The characters of windows-1252 from 0x80 to 0x9F, as its decoder returns them. */
const windows = new Map(
  Array.from({ length: 256 }, (_, byte) => [
    new TextDecoder('windows-1252').decode(Uint8Array.of(byte)),
    byte,
  ]),
)

function encodeText(text: string, encoding: FileResourceConfig['encoding']): Buffer | undefined {
  switch (encoding) {
    case 'utf-8':
      return text.isWellFormed() ? Buffer.from(text, 'utf8') : undefined
    case 'utf-16le':
      return Buffer.from(text, 'utf16le')
    case 'utf-16be':
      return Buffer.from(text, 'utf16le').swap16()
    case 'latin1':
      return isLatin1(text) ? Buffer.from(text, 'latin1') : undefined
    case 'windows-1252': {
      const bytes = Array.from(text, (character) => windows.get(character))
      return bytes.every((byte) => byte !== undefined) ? Buffer.from(bytes) : undefined
    }
  }
}

function isLatin1(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 255) return false
  return true
}

type Rows = Pick<
  Dialect,
  'declaredDelimiter' | 'header' | 'parse' | 'format' | 'formatHeader' | 'formatTrailer'
>

function csvRows(config: FileResourceConfig): Rows {
  const { csv, key, trailer } = config
  const renamed = new Map(Object.entries(config.rename))
  const original = new Map(Object.entries(config.rename).map(([file, name]) => [name, file]))
  const end = csv.lineEnd === 'crlf' ? '\r\n' : '\n'
  const line = (cells: readonly string[]): string =>
    cells.map((cell) => csvCell(cell, csv, cells.length)).join(csv.delimiter) + end
  const split = (text: string): readonly string[] | undefined => {
    try {
      return splitCsvRow(text, { separator: csv.delimiter, quote: csv.quote })
    } catch {
      return undefined
    }
  }
  return {
    declaredDelimiter: declaredSeparator,
    header: (text) => {
      const cells = split(text)
      if (cells === undefined) return { damage: 'its quotes do not match' }
      const names = withoutBlanks(cells).map((cell) => renamed.get(cell) ?? cell)
      const missing = key.filter((name) => !names.includes(name))
      if (missing.length > 0) return { damage: `there is no column ${missing.join(', ')}` }
      if (new Set(names).size !== names.length) return { damage: 'two columns have the same name' }
      return { names }
    },
    parse: (text, names) => {
      const cells = split(text)
      if (cells === undefined) return { kind: 'damaged', what: 'its quotes do not match' }
      if (trailer !== undefined && cells[0] === trailer) return trailerOf(cells[1])
      if (cells.length > 1 && cells.every((cell) => cell.trim() === '')) return { kind: 'blank' }
      const isPadded = cells.length > names.length && withoutBlanks(cells).length <= names.length
      if (cells.length !== names.length && !isPadded) {
        return { kind: 'damaged', what: `it has ${cells.length} cells instead of ${names.length}` }
      }
      const values = names.map((name, index) => [name, plainCell(cells[index] ?? '', csv)] as const)
      const row = recordOf(Object.fromEntries(values), key)
      return row.kind === 'record' && isPadded ? { ...row, isPadded } : row
    },
    format: (record, names) => line(names.map((name) => guardedCell(cellOf(record[name]), csv))),
    formatHeader: (names) => line(names.map((name) => original.get(name) ?? name)),
    formatTrailer: (count) => (trailer === undefined ? '' : line([trailer, String(count)])),
  }
}

/** The cells without trailing blank ones. */
function withoutBlanks(cells: readonly string[]): readonly string[] {
  return cells.slice(0, cells.findLastIndex((cell) => cell.trim() !== '') + 1)
}

/** Text that a spreadsheet would evaluate: it starts like a formula and is not a number. */
function isFormula(cell: string): boolean {
  return /^[=+\-@\t\r]/.test(cell) && !/^[+-]?\d+(?:[.,]\d+)?$/.test(cell)
}

/**
 * A cell that a spreadsheet shows unchanged: prefixed with an apostrophe, as it marks texts. Apostrophes
 * before a formula get one more.
 */
function guardedCell(cell: string, { formulas }: FileResourceConfig['csv']): string {
  return formulas === 'escape' && isFormula(cell.replace(/^'+/, '')) ? `'${cell}` : cell
}

/** The text that a guarded cell represents. */
function plainCell(cell: string, { formulas }: FileResourceConfig['csv']): string {
  const isGuarded = formulas === 'escape' && cell.startsWith("'") && isFormula(cell.replace(/^'+/, ''))
  return isGuarded ? cell.slice(1) : cell
}

function csvCell(cell: string, { delimiter, quote }: FileResourceConfig['csv'], count: number): string {
  if (quote === '') return cell
  // A row of a single empty cell would be an empty line.
  const isNeeded = cell.includes(delimiter) || cell.includes(quote) || /[\r\n]/.test(cell)
  if (!isNeeded && !(cell === '' && count === 1)) return cell
  return `${quote}${cell.replaceAll(quote, quote + quote)}${quote}`
}

/** Null is an empty cell; objects and lists are written as JSON, since a cell can hold nothing more. */
function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  return writeJson(value)
}

/** Why a record can't be written as CSV without loss; undefined when it can. */
export function unwritable(text: string, { format, csv }: FileResourceConfig): string | undefined {
  if (format !== 'csv') return undefined
  if (csv.formulas === 'refuse' && isFormula(text)) return 'it starts like a formula'
  if (csv.quote !== '') return undefined
  return text.includes(csv.delimiter) || /[\r\n]/.test(text)
    ? 'it contains a delimiter, and the file has no quotes'
    : undefined
}

function jsonRows(config: FileResourceConfig): Rows {
  const { key, trailer } = config
  const renamed = new Map(Object.entries(config.rename))
  const original = new Map(Object.entries(config.rename).map(([file, name]) => [name, file]))
  const under = (record: NativeRecord, names: ReadonlyMap<string, string>): NativeRecord =>
    names.size === 0
      ? record
      : Object.fromEntries(Object.entries(record).map(([name, value]) => [names.get(name) ?? name, value]))
  return {
    declaredDelimiter: () => undefined,
    header: () => ({ names: [] }),
    parse: (text) => {
      const parsed = parseJson(text, { maxDepth: depthMax, numbers: 'lossless' })
      if (!parsed.ok) return { kind: 'damaged', what: 'it is not valid JSON' }
      if (!isNativeRecord(parsed.value)) return { kind: 'damaged', what: 'it is not a JSON object' }
      if (trailer !== undefined && Object.hasOwn(parsed.value, trailer)) {
        return trailerOf(textAt(parsed.value, [trailer]))
      }
      return recordOf(under(parsed.value, renamed), key)
    },
    format: (record) => `${writeJson(under(record, original))}\n`,
    formatHeader: () => '',
    formatTrailer: (count) => (trailer === undefined ? '' : `${writeJson({ [trailer]: count })}\n`),
  }
}

function trailerOf(text: string | undefined): ParsedRow {
  const count = /^\s*\d{1,12}\s*$/.test(text ?? '') ? Number(text) : Number.NaN
  return Number.isSafeInteger(count)
    ? { kind: 'trailer', count }
    : { kind: 'damaged', what: 'the last row has no number of rows' }
}

function recordOf(native: NativeRecord, key: readonly string[]): ParsedRow {
  const nativeId = nativeIdOf(native, key)
  if (nativeId !== undefined) return { kind: 'record', nativeId, native }
  return { kind: 'damaged', what: `it has no value in ${key.join(', ')}` }
}
