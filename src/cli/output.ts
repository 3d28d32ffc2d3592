/**
 * The output of a command. Results are written to standard output, messages and progress to standard error,
 * so that a pipe receives only results. With `--json`, a command prints exactly one JSON value on standard
 * output.
 */

import { printable } from './wrap.ts'

/** The output streams; tests pass their own. */
export interface Sink {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Where a command writes: tables for people, or one JSON document with `--json`. */
export interface Output {
  readonly json: boolean
  /** Prints the command's result: one JSON value with `--json`, otherwise the text that `render` returns. */
  result(value: unknown, render: () => string): void
  /** Prints a line for the user; does nothing with `--json`. */
  say(line: string): void
  /** Reports progress: redrawn in place on a terminal, otherwise at most one plain line every few seconds. */
  progress(line: string): void
  /** Ends the progress line. */
  progressDone(): void
  /** Prints an error, or what must not be missed, to standard error. */
  complain(text: string): void
  /** Standard output is a terminal, and not read by a program. */
  readonly isTerminal: boolean
  /** Marks text as a heading or warning if colour is enabled. */
  readonly style: Style
  /**
   * Width in columns: that of the terminal, or 100 without one. At most 120, so that sentences stay readable.
   */
  readonly width: number
}

export interface Style {
  bold(text: string): string
  quiet(text: string): string
  good(text: string): string
  alert(text: string): string
  bad(text: string): string
}

const plainProgressEveryMs = 5000

function styleFor(colour: boolean): Style {
  const code = (open: number, close: number) => (text: string) =>
    colour ? `\u001b[${open}m${text}\u001b[${close}m` : text
  return { bold: code(1, 22), quiet: code(2, 22), good: code(32, 39), alert: code(33, 39), bad: code(31, 39) }
}

export interface OutputOptions {
  readonly json: boolean
  readonly out: Sink
  readonly err: Sink
  /** Colour is used on a terminal unless this is set (NO_COLOR). */
  readonly noColour: boolean
  /** Milliseconds, monotonic. */
  readonly monotonic: () => number
}

export function createOutput(options: OutputOptions): Output {
  const { json, out, err } = options
  let progressShown = false
  let lastPlain = Number.NEGATIVE_INFINITY
  const clearProgress = (): void => {
    if (progressShown && err.isTTY === true) err.write('\r\u001b[2K')
    progressShown = false
  }
  return {
    json,
    isTerminal: !json && out.isTTY === true,
    width: Math.min(120, out.isTTY === true ? (out.columns ?? 80) : 100),
    style: styleFor(!json && out.isTTY === true && !options.noColour),
    result(value, render) {
      clearProgress()
      out.write(json ? `${JSON.stringify(value)}\n` : `${render()}\n`)
    },
    say(line) {
      if (json) return
      clearProgress()
      out.write(`${line}\n`)
    },
    progress(line) {
      if (err.isTTY === true) {
        err.write(`\r\u001b[2K${line.slice(0, (err.columns ?? 80) - 1)}`)
        progressShown = true
        return
      }
      const now = options.monotonic()
      if (now - lastPlain < plainProgressEveryMs) return
      lastPlain = now
      err.write(`${line}\n`)
    },
    progressDone: clearProgress,
    complain(text) {
      clearProgress()
      err.write(`${text}\n`)
    },
  }
}

/** One column of a table. */
export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  /** Numbers are aligned to the right. @default 'left' */
  readonly align?: 'left' | 'right'
  /** Maximum width; a longer value is truncated with an ellipsis. @default 60 */
  readonly widthMax?: number
}

/** Formats rows as aligned columns; the last column is not padded. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): string {
  if (rows.length === 0) return empty
  const cells = rows.map((row) =>
    columns.map((column) => cut(printable(column.value(row)), column.widthMax ?? 60)),
  )
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((line) => line[index]?.length ?? 0)),
  )
  const draw = (line: readonly string[]): string =>
    columns
      .map((column, index) => {
        const text = line[index] ?? ''
        const width = widths[index] ?? 0
        if (column.align === 'right') return text.padStart(width)
        return index === columns.length - 1 ? text : text.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [draw(columns.map((column) => column.title)), ...cells.map(draw)].join('\n')
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}

/** Formats an age in seconds to days. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000))
  if (seconds < 90) return `${seconds} s ago`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h ago`
  return `${Math.round(seconds / 86_400)} d ago`
}

/** Formats a time in the future: `now`, or in seconds to days. */
export function ahead(at: number, now: number): string {
  return at <= now ? 'now' : `in ${ago(now, at).replace(/ ago$/, '')}`
}
