/**
 * The body of a response while it is received: chunks are read from the socket only as fast as the reader
 * consumes them.
 */
import { Duplex, pipeline, Readable } from 'node:stream'
import zlib, { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib'
import type { Call } from '../call.ts'
import { type Coding, codingsOf, hasZlibHeader } from '../content-encoding.ts'
import { ResponseValidationError } from '../errors.ts'
import { ZstdFrames } from './zstd-frames.ts'

/** The socket's side of a stream. */
export interface StreamSource {
  pause(): void
  resume(): void
  /** The reader has stopped reading. */
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
    // The reader receives the error; without this a failure before the first read would end the process.
    this.on('error', ignore)
  }

  /** Accepts a chunk from the socket. */
  accept(chunk: Uint8Array): void {
    if (this.push(chunk)) return
    this.#paused = true
    this.#source.pause()
  }

  /** The socket waits for the reader. */
  get makesSocketWait(): boolean {
    return this.#paused
  }

  /** The body is complete. */
  finish(): void {
    this.#ended = true
    this.push(null)
  }

  /**
   * The whole body, if it has been received and reading has not begun: most bodies arrive together with their
   * headers.
   */
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

const decoders: Readonly<Record<Coding, () => readonly Duplex[]>> = {
  gzip: () => [createGunzip()],
  deflate: () => [inflateEither()],
  br: () => [createBrotliDecompress()],
  zstd: () => [new ZstdFrames(), zlib.createZstdDecompress()],
}

/** The zlib format or raw deflate, as indicated by the first bytes. */
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

/** Returns the decompressed bytes of a streamed body, at most `maxBytes`. */
export function plainStream(
  call: Call,
  response: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
  raw: Readable,
  maxBytes: number,
): AsyncIterable<Uint8Array> {
  const codings = codingsOf(response.headers['content-encoding'])
  if (codings === undefined) {
    // An adapter passes on codings that it can't decode, as `fetch` does.
    if (call.raw === true) return bounded(call, response.status, raw, maxBytes)
    raw.destroy()
    throw damaged(call, response.status)
  }
  let plain = raw
  for (const decoder of codings.flatMap((coding) => decoders[coding]())) {
    // The reader of the last decoder receives every failure; no other listener needs it.
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
  const message = `${call.label} returned a stream of more than ${maxBytes} bytes; raise maxBytes if that is expected.`
  return new ResponseValidationError('HTTP_RESPONSE_TOO_LARGE', message, { outcome: 'answered', status })
}

function damaged(call: Call, status: number): ResponseValidationError {
  const message = `${call.label} answered a body whose content encoding can't be decoded.`
  return new ResponseValidationError('HTTP_RESPONSE_DAMAGED', message, { outcome: 'answered', status })
}
