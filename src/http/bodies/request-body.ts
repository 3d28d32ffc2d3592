/** Request bodies: values that are encoded at once, or a stream that is opened when the request is sent. */

import { Readable } from 'node:stream'
import { UsageError } from '../../model/errors.ts'
import { type Call, outcomeSoFar } from '../call.ts'
import { NetworkError } from '../errors.ts'
import { writeJson } from '../json.ts'
import { type ByteSource, isStreamBody, type RequestBody, type StreamBody } from '../stream-body.ts'
import { reportProgress } from '../transfer-progress.ts'
import { encodeForm, type FormFields } from './form.ts'
import { encodeMultipart, type MultipartPart } from './multipart.ts'

/** The body of a call, in one of its forms: see `CallOptions`. */
interface GivenBody {
  readonly json?: unknown
  readonly form?: FormFields
  readonly multipart?: readonly MultipartPart[]
  readonly body?: string | Uint8Array | ByteSource | (() => ByteSource)
}

/** Creates the body of a call. @throws UsageError HTTP_REQUEST_INVALID when more than one was given */
export function requestBodyOf(options: GivenBody): RequestBody {
  const given = [options.json, options.form, options.multipart, options.body]
  if (given.filter((part) => part !== undefined).length > 1) {
    throw new UsageError(
      'HTTP_REQUEST_INVALID',
      'Give a body as one of json, form, multipart and body, not as several.',
    )
  }
  if (options.json !== undefined) return { content: writeJson(options.json), contentType: 'application/json' }
  if (options.multipart !== undefined) return encodeMultipart(options.multipart)
  if (options.form !== undefined) {
    return { content: encodeForm(options.form), contentType: 'application/x-www-form-urlencoded' }
  }
  return { content: rawBody(options.body) }
}

function rawBody(body: GivenBody['body']): RequestBody['content'] {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return body
  if (typeof body === 'function') return { open: body, reopens: true }
  return { open: () => body, reopens: false }
}

/** True when sending the call again would send an incomplete body, or none. */
export function isSpentBySending({ body }: Pick<Call, 'body'>): boolean {
  return isStreamBody(body) && !body.reopens
}

/** Bodies in memory are sent in pieces of this size when their progress is observed. */
const pieceBytes = 64 * 1024

/**
 * Returns the body in the form that the transport accepts. A failing source ends the request with an error
 * that says so.
 *
 * @param onMoved called for each piece that the socket has accepted, and at the end
 */
export function wireBody(
  call: Call,
  onMoved: () => void = () => undefined,
): string | Uint8Array | Readable | null {
  const { body, onUpload } = call
  if (isStreamBody(body))
    return Readable.from(watched(call, guarded(call, body), onMoved), { objectMode: false })
  if (onUpload === undefined || body === undefined) return body ?? null
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return Readable.from(watched(call, piecesOf(bytes), onMoved), {
    objectMode: false,
    highWaterMark: pieceBytes,
  })
}

/** True when the length of a body must be given in a header, since the body is passed in pieces. */
export function lengthToSay({ body, onUpload }: Pick<Call, 'body' | 'onUpload'>): number | undefined {
  if (isStreamBody(body)) return body.bytes
  return onUpload === undefined || body === undefined ? undefined : Buffer.byteLength(body)
}

async function* watched(
  call: Call,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  onMoved: () => void,
): AsyncGenerator<Uint8Array> {
  const totalBytes = lengthToSay(call)
  let sent = 0
  for await (const piece of source) {
    yield piece
    sent += piece.byteLength
    onMoved()
    reportProgress(call.onUpload, sent, totalBytes)
  }
  onMoved()
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

async function* guarded(call: Call, body: StreamBody): AsyncGenerator<Uint8Array> {
  try {
    yield* body.open()
  } catch (cause) {
    const message = `${call.label} ended early: the source of its body failed.`
    throw new NetworkError('HTTP_BODY_SOURCE', message, { outcome: outcomeSoFar(call.progress), cause })
  }
}
