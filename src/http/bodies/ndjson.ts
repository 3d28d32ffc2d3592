/** Reads and writes newline-delimited JSON, one value per line. */
import { ResponseValidationError } from '../errors.ts'
import { type JsonLimits, parseJson, writeJson } from '../json.ts'
import type { ByteSource } from '../stream-body.ts'
import { decodeText } from './text-lines.ts'

/** Limits for lines. */
export interface NdjsonOptions extends Partial<JsonLimits> {
  /** Characters in a line, at most. @default 16777216 */
  readonly maxLine?: number
}

const maxLineDefault = 16 * 1024 * 1024

/**
 * Reads values one by one; empty lines are skipped.
 *
 * @throws ResponseValidationError HTTP_RESPONSE_NOT_JSON naming the line, HTTP_RESPONSE_TOO_LARGE,
 *   HTTP_RESPONSE_TOO_DEEP
 */
export async function* readNdjson(source: ByteSource, options: NdjsonOptions = {}): AsyncGenerator<unknown> {
  const { maxLine = maxLineDefault, maxDepth = 64, numbers = 'lossless' } = options
  let rest = ''
  let line = 0
  for await (const text of decodeText(source)) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > maxLine)
      throw refusal(
        'HTTP_RESPONSE_TOO_LARGE',
        `line ${line + lines.length + 1} is longer than ${maxLine} characters`,
      )
    for (const one of lines) {
      line += 1
      if (one.trim() !== '') yield parsedLine(one, line, { maxDepth, numbers })
    }
  }
  if (rest.trim() !== '') yield parsedLine(rest, line + 1, { maxDepth, numbers })
}

function parsedLine(text: string, line: number, limits: JsonLimits): unknown {
  const parsed = parseJson(text, limits)
  if (parsed.ok) return parsed.value
  throw parsed.refusal === 'too-deep'
    ? refusal('HTTP_RESPONSE_TOO_DEEP', `line ${line} is nested deeper than ${limits.maxDepth} levels`)
    : refusal('HTTP_RESPONSE_NOT_JSON', `line ${line} is not valid JSON`)
}

function refusal(
  code: 'HTTP_RESPONSE_TOO_LARGE' | 'HTTP_RESPONSE_NOT_JSON' | 'HTTP_RESPONSE_TOO_DEEP',
  what: string,
): ResponseValidationError {
  return new ResponseValidationError(code, `A stream of JSON lines can't be read: ${what}.`, {
    outcome: 'answered',
    status: 200,
  })
}

/**
 * Writes values as a body, one per line. Pass it in a function (`body: () => toNdjson(rows)`), so that a
 * retry starts over.
 */
export async function* toNdjson(
  values: AsyncIterable<unknown> | Iterable<unknown>,
): AsyncGenerator<Uint8Array> {
  for await (const value of values) yield Buffer.from(`${writeJson(value)}\n`, 'utf8')
}
