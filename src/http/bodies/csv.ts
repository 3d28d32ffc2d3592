/**
 * Reads and writes CSV (RFC 4180) row by row. Also accepts what occurs in practice: bare line feeds, a byte
 * order mark, another separator, also one that the first line names for spreadsheets (`sep=;`).
 *
 * A cell is *plain* (up to a separator or a line's end; a quote within it is a character like any other),
 * *quoted* (up to the next quote), or *after a quote* (a second quote is one character of the cell; a
 * separator or a line's end closes it; anything else is invalid).
 */
import { ResponseValidationError } from '../errors.ts'
import type { ByteSource } from '../stream-body.ts'
import { decodeText } from './text-lines.ts'

/** Format of the text. */
export interface CsvOptions {
  /** One character. @default ',' */
  readonly separator?: string
  /** One character, or an empty text when values are not quoted. @default '"' */
  readonly quote?: string
  /** Characters of one row. @default 16777216 */
  readonly maxRow?: number
}

const maxRowDefault = 16 * 1024 * 1024

/**
 * Reads rows as objects, keyed by the names in the first row. @throws ResponseValidationError
 * HTTP_RESPONSE_DAMAGED naming the row
 */
export async function* readCsv(
  source: ByteSource,
  options: CsvOptions = {},
): AsyncGenerator<Readonly<Record<string, string>>> {
  let names: readonly string[] | undefined
  let row = 0
  for await (const cells of readCsvRows(source, options)) {
    row += 1
    if (names === undefined) {
      names = cells
      if (new Set(names).size !== names.length) throw damaged(row, 'two columns have the same name')
      continue
    }
    if (cells.length !== names.length) throw damaged(row, `it has ${cells.length} cells, not ${names.length}`)
    yield Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']))
  }
}

/**
 * Reads rows as they are, including the first one. Empty lines are skipped. @throws ResponseValidationError
 * HTTP_RESPONSE_DAMAGED
 */
export async function* readCsvRows(
  source: ByteSource,
  options: CsvOptions = {},
): AsyncGenerator<readonly string[]> {
  const parser = new CsvParser(options)
  for await (const text of decodeText(source)) yield* parser.take(text)
  yield* parser.end()
}

/**
 * Returns the cells of a single row that is available as text. @throws ResponseValidationError
 * HTTP_RESPONSE_DAMAGED
 */
export function splitCsvRow(text: string, options: CsvOptions = {}): readonly string[] {
  const parser = new CsvParser(options)
  const [first, second] = [...parser.take(text), ...parser.end()]
  if (second !== undefined) throw damaged(1, 'it is more than one row')
  return first ?? []
}

type State = 'plain' | 'quoted' | 'after-quote'

class CsvParser {
  #separator: string
  readonly #quote: string
  readonly #maxRow: number
  #state: State = 'plain'
  #cell = ''
  #cells: string[] = []
  #size = 0
  #row = 1
  #wasQuoted = false
  #skipLineFeed = false

  constructor({ separator = ',', quote = '"', maxRow = maxRowDefault }: CsvOptions) {
    this.#separator = separator
    this.#quote = quote
    this.#maxRow = maxRow
  }

  *take(text: string): Generator<readonly string[]> {
    for (const character of text) {
      this.#size += character.length
      if (this.#size > this.#maxRow) throw damaged(this.#row, `it is longer than ${this.#maxRow} characters`)
      const isPairOfReturn = this.#skipLineFeed && character === '\n'
      this.#skipLineFeed = false
      if (isPairOfReturn) continue
      if (this.#state === 'quoted') this.#inQuotes(character)
      else if (character === this.#separator) this.#endCell()
      else if (character === '\n' || character === '\r') {
        this.#skipLineFeed = character === '\r'
        yield* this.#endRow()
      } else this.#outsideQuotes(character)
    }
  }

  *end(): Generator<readonly string[]> {
    if (this.#state === 'quoted') throw damaged(this.#row, 'a quote is never closed')
    yield* this.#endRow()
  }

  #inQuotes(character: string): void {
    if (character === this.#quote) this.#state = 'after-quote'
    else this.#cell += character
  }

  #outsideQuotes(character: string): void {
    if (this.#state === 'after-quote') {
      if (character !== this.#quote) throw damaged(this.#row, 'text follows a closing quote')
      this.#cell += character
      this.#state = 'quoted'
    } else if (character === this.#quote && this.#cell === '') {
      this.#state = 'quoted'
      this.#wasQuoted = true
    } else this.#cell += character
  }

  #endCell(): void {
    this.#cells.push(this.#cell)
    this.#cell = ''
    this.#state = 'plain'
  }

  *#endRow(): Generator<readonly string[]> {
    const isEmptyLine = this.#cells.length === 0 && this.#cell === '' && !this.#wasQuoted
    this.#endCell()
    const row = this.#cells
    this.#cells = []
    this.#size = 0
    this.#wasQuoted = false
    if (isEmptyLine) return
    const declared = this.#row === 1 ? declaredSeparator(row.join(this.#separator)) : undefined
    this.#row += 1
    if (declared === undefined) yield row
    else this.#separator = declared
  }
}

/** The separator that a first line names, `sep=;`; undefined for any other line. */
export function declaredSeparator(line: string): string | undefined {
  return /^"?sep=([^\w\s"]|\t)"?\r?$/i.exec(line)?.[1]
}

function damaged(row: number, what: string): ResponseValidationError {
  return new ResponseValidationError(
    'HTTP_RESPONSE_DAMAGED',
    `Row ${row} of a CSV response can't be read: ${what}.`,
    {
      outcome: 'answered',
      status: 200,
    },
  )
}

/** Writes rows as a body. Pass it in a function (`body: () => toCsv(rows)`), so that a retry starts over. */
export async function* toCsv(
  rows: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
  { separator = ',' }: Pick<CsvOptions, 'separator'> = {},
): AsyncGenerator<Uint8Array> {
  const needsQuotes = (cell: string): boolean => cell.includes(separator) || /["\r\n]/.test(cell)
  for await (const row of rows) {
    const cells = row.map((cell) => (needsQuotes(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    // A single empty cell would become an empty line.
    const line = cells.length === 1 && cells[0] === '' ? '""' : cells.join(separator)
    yield Buffer.from(`${line}\r\n`, 'utf8')
  }
}
