/**
 * `multipart/mixed` (RFC 2046, 5.1.3): several requests in one body, and their responses in another. OData's
 * `$batch` uses it.
 */
import { randomBytes } from 'node:crypto'
import { UsageError } from '../../model/errors.ts'
import { ResponseValidationError } from '../errors.ts'

/** One part. */
export interface MixedPart {
  /** Lower-case names when read; sent as given when written. */
  readonly headers: Readonly<Record<string, string>>
  /** Content of the part. */
  readonly body: string
}

/** A body and its `content-type`. */
export interface MixedBody {
  /** The whole body. */
  readonly body: string
  /** Media type with the boundary. */
  readonly contentType: string
}

/** An HTTP response within a part (`content-type: application/http`). */
export interface EmbeddedResponse {
  /** HTTP status of the embedded response. */
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Body of the embedded response. */
  readonly body: string
}

/** More than any service accepts in one call. */
const partsMax = 10_000

/**
 * Encodes parts. A part may itself be such a body (a change set): include its `contentType` in the headers.
 *
 * @throws UsageError HTTP_REQUEST_INVALID for a header that would break the encoding
 */
export function encodeMixed(parts: readonly MixedPart[]): MixedBody {
  const boundary = `isthmus-${randomBytes(16).toString('hex')}`
  const texts = parts.map(({ headers, body }) => `--${boundary}\r\n${headLines(headers)}\r\n${body}\r\n`)
  return {
    body: `${texts.join('')}--${boundary}--\r\n`,
    contentType: `multipart/mixed; boundary=${boundary}`,
  }
}

/**
 * Decodes a body into its parts. Line ends may be CRLF or LF, since servers differ.
 *
 * @throws ResponseValidationError HTTP_RESPONSE_DAMAGED when there is no boundary, no end, or more than
 *   10,000 parts
 */
export function parseMixed(contentType: string, body: string): readonly MixedPart[] {
  const boundary = boundaryOf(contentType)
  if (boundary === undefined) throw damaged('names no boundary')
  // The line break before a boundary is part of it; the first boundary may be at the very start.
  const pieces = `\n${body}`.split(delimiterOf(boundary))
  if (pieces.length < 3 || pieces.length > 2 * partsMax) throw damaged('has no parts, or too many')
  const parts: MixedPart[] = []
  // Split with one group: text, end mark, text, end mark, …
  for (let index = 1; index < pieces.length; index += 2) {
    if (pieces[index] === '--') return parts
    // The rest of the boundary's line.
    parts.push(messageOf((pieces[index + 1] ?? '').replace(/^\r?\n/, '')))
  }
  throw damaged('ends before its last part is complete')
}

/**
 * Reads a response from a part. @throws ResponseValidationError HTTP_RESPONSE_DAMAGED when it has no status
 * line
 */
export function parseEmbeddedResponse(text: string): EmbeddedResponse {
  const start = /^\s*HTTP\/\d(?:\.\d)? (\d{3})[^\r\n]*(?:\r?\n|$)/.exec(text)
  if (start === null) throw damaged('has a part without a status line')
  return { status: Number(start[1]), ...messageOf(text.slice(start[0].length)) }
}

function headLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => {
      if (/[\r\n\0:]/.test(name) || /[\r\n\0]/.test(value)) {
        throw new UsageError(
          'HTTP_REQUEST_INVALID',
          "A part's header has a line break or a colon in its name.",
        )
      }
      return `${name}: ${value}\r\n`
    })
    .join('')
}

function boundaryOf(contentType: string): string | undefined {
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType)
  return found?.[1] ?? found?.[2]
}

function delimiterOf(boundary: string): RegExp {
  const literal = boundary.replaceAll(
    /[^\w]/g,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
  return new RegExp(`\\r?\\n--${literal}(--)?[ \\t]*(?=\\r?\\n|$)`, 'u')
}

/** Header lines, an empty line, a body. Without headers the empty line is at the very start. */
function messageOf(text: string): MixedPart {
  const headless = /^\r?\n/.exec(text)
  if (headless !== null) return { headers: {}, body: text.slice(headless[0].length) }
  const end = /\r?\n\r?\n/.exec(text)
  const head = end === null ? text : text.slice(0, end.index)
  const headers: Record<string, string> = Object.create(null)
  for (const line of head.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim()
  }
  return { headers: { ...headers }, body: end === null ? '' : text.slice(end.index + end[0].length) }
}

function damaged(reason: string): ResponseValidationError {
  return new ResponseValidationError('HTTP_RESPONSE_DAMAGED', `A response in several parts ${reason}.`, {
    outcome: 'unknown',
    status: 200,
  })
}
