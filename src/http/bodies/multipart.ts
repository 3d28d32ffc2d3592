/**
 * Uploads as `multipart/form-data` (RFC 7578), sent in pieces, so that a large file is never held in memory.
 */
import { randomBytes } from 'node:crypto'
import { UsageError } from '../../model/errors.ts'
import type { ByteSource, RequestBody } from '../stream-body.ts'

/** One part of an upload. */
export interface MultipartPart {
  /** Name of the form field. */
  readonly name: string
  /**
   * Text, bytes, or a function that opens the content; it is called for each attempt, so that a retry sends
   * all of it again.
   */
  readonly content: string | Uint8Array | (() => ByteSource)
  /** File name; makes the part a file. */
  readonly filename?: string
  /** Media type. @default 'application/octet-stream' for a file, none for text */
  readonly type?: string
  /**
   * Length of the content in bytes, if known; when all lengths are known the upload has a `content-length`.
   */
  readonly bytes?: number
}

/** Encodes parts. @throws UsageError HTTP_REQUEST_INVALID for a media type that would break the encoding */
export function encodeMultipart(parts: readonly MultipartPart[]): Required<RequestBody> {
  const boundary = `isthmus-${randomBytes(16).toString('hex')}`
  const heads = parts.map((part) => Buffer.from(headOf(boundary, part), 'utf8'))
  const end = Buffer.from(`--${boundary}--\r\n`, 'utf8')
  const lengths = parts.map(
    (part, index) => lengthOf(part) + (heads[index]?.byteLength ?? 0) + lineBreak.byteLength,
  )
  const bytes = lengths.reduce((sum, length) => sum + length, end.byteLength)
  async function* open(): AsyncGenerator<Uint8Array> {
    for (const [index, part] of parts.entries()) {
      yield heads[index] ?? end
      yield* contentOf(part)
      yield lineBreak
    }
    yield end
  }
  return {
    content: { open, reopens: true, bytes: Number.isNaN(bytes) ? undefined : bytes },
    contentType: `multipart/form-data; boundary=${boundary}`,
  }
}

const lineBreak = Buffer.from('\r\n', 'utf8')

function headOf(boundary: string, { name, filename, type }: MultipartPart): string {
  const file = filename === undefined ? '' : `; filename="${escaped(filename)}"`
  const media = type ?? (filename === undefined ? undefined : 'application/octet-stream')
  if (media !== undefined && !/^[\w.+-]+\/[\w.+-]+(?:; ?[\w.+-]+=[\w."+ -]+)*$/.test(media)) {
    throw new UsageError('HTTP_REQUEST_INVALID', `The part "${escaped(name)}" has an unusable media type.`)
  }
  const typeLine = media === undefined ? '' : `content-type: ${media}\r\n`
  return `--${boundary}\r\ncontent-disposition: form-data; name="${escaped(name)}"${file}\r\n${typeLine}\r\n`
}

/** As in browsers: a quote or a line break would end the name early. */
function escaped(text: string): string {
  return text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function lengthOf({ content, bytes }: MultipartPart): number {
  return typeof content === 'function' ? (bytes ?? Number.NaN) : Buffer.byteLength(content)
}

async function* contentOf({ name, content, bytes }: MultipartPart): AsyncGenerator<Uint8Array> {
  if (typeof content === 'string') yield Buffer.from(content, 'utf8')
  else if (content instanceof Uint8Array) yield content
  else {
    let sent = 0
    for await (const chunk of content()) {
      sent += chunk.byteLength
      yield chunk
    }
    if (bytes !== undefined && sent !== bytes) {
      throw new UsageError(
        'HTTP_REQUEST_INVALID',
        `The part "${escaped(name)}" does not have its declared length.`,
      )
    }
  }
}
