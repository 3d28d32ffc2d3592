/** A response's body while it comes in: chunks are taken from the socket only as fast as somebody reads them. */
import { Duplex, pipeline, Readable } from 'node:stream'
import zlib, { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib'
import type { Call } from '../call.ts'
import { type Coding, codingsOf, hasZlibHeader } from '../content-encoding.ts'
import { ResponseValidationError } from '../errors.ts'

/** The socket's side of a stream. */
export interface StreamSource {
  pause(): void
  resume(): void
  /** Nobody reads any more. */
  abort(): void
}

/** Raw body bytes. */
export class ResponseStream extends Readable {
  readonly #source: StreamSource
  #paused = false
  #ended = false

  constructor(source: StreamSource) {
    super({ highWaterMark: 256 * 1024 })
    this.#source = source
    // Whoever reads hears of it; without this a break before the first read would end the process.
    this.on('error', ignore)
  }

  /** Takes a chunk from the socket. */
  accept(chunk: Uint8Array): void {
    if (this.push(chunk)) return
    this.#paused = true
    this.#source.pause()
  }

  /** The body is complete. */
  finish(): void {
    this.#ended = true
    this.push(null)
  }

  /** The whole body, if it is here already and nobody reads yet: most bodies come along with their headers. */
  takeWhole(): Uint8Array | undefined {
    if (!this.#ended || this.destroyed || this.readableFlowing !== null) return undefined
    const chunks: Uint8Array[] = []
    for (let chunk: unknown = this.read(); chunk instanceof Uint8Array; chunk = this.read())
      chunks.push(chunk)
    this.destroy()
    return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
  }

  override _read(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#source.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#ended) this.#source.abort()
    callback(error)
  }
}

const decoders: Readonly<Record<Coding, () => Duplex>> = {
  gzip: createGunzip,
  deflate: inflateEither,
  br: createBrotliDecompress,
  zstd: zlib.createZstdDecompress,
}

/** The zlib format or raw deflate, whichever the first bytes say. */
function inflateEither(): Duplex {
  return Duplex.from(async function* (source: AsyncIterable<Uint8Array>) {
    let head: Uint8Array = new Uint8Array()
    const chunks = source[Symbol.asyncIterator]()
    while (head.byteLength < 2) {
      const { value, done } = await chunks.next()
      if (done === true) break
      head = Buffer.concat([head, value])
    }
    if (head.byteLength === 0) return
    const whole = async function* (): AsyncGenerator<Uint8Array> {
      yield head
      yield* { [Symbol.asyncIterator]: () => chunks }
    }
    const inflater = hasZlibHeader(head[0], head[1]) ? createInflate() : createInflateRaw()
    inflater.on('error', ignore)
    pipeline(Readable.from(whole()), inflater, ignore)
    yield* inflater
  })
}

/** The plain bytes of a streamed body, never more than `maxBytes` of them. */
export function plainStream(
  call: Call,
  response: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
  raw: Readable,
  maxBytes: number,
): AsyncIterable<Uint8Array> {
  const codings = codingsOf(response.headers['content-encoding'])
  if (codings === undefined) {
    // An adapter hands on what it can't undo, as fetch does.
    if (call.raw === true) return bounded(call, response.status, raw, maxBytes)
    raw.destroy()
    throw damaged(call, response.status)
  }
  let plain = raw
  for (const coding of codings) {
    const decoder = decoders[coding]()
    // The reader of the last decoder hears of every failure; nobody else needs to.
    pipeline(plain, decoder, ignore)
    decoder.on('error', ignore)
    plain = decoder
  }
  return bounded(call, response.status, plain, maxBytes)
}

function ignore(): void {}

async function* bounded(
  call: Call,
  status: number,
  stream: Readable,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let received = 0
  try {
    for await (const chunk of stream) {
      received += chunk.byteLength
      if (received > maxBytes) throw tooLarge(call, status, maxBytes)
      yield chunk
    }
  } catch (error) {
    const fromDecoder =
      error instanceof Error &&
      'code' in error &&
      /^(?:Z_|ERR__?BROTLI|ERR_PADDING|ZSTD_)/.test(String(error.code))
    throw fromDecoder ? damaged(call, status) : error
  } finally {
    stream.destroy()
  }
}

function tooLarge(call: Call, status: number, maxBytes: number): ResponseValidationError {
  const message = `${call.label} answered a stream of more than ${maxBytes} bytes; raise maxBytes if that is right.`
  return new ResponseValidationError('HTTP_RESPONSE_TOO_LARGE', message, { outcome: 'answered', status })
}

function damaged(call: Call, status: number): ResponseValidationError {
  const message = `${call.label} answered a body whose content encoding can't be undone.`
  return new ResponseValidationError('HTTP_RESPONSE_DAMAGED', message, { outcome: 'answered', status })
}
