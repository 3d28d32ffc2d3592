/**
 * Decodes a response's content encoding, never into more bytes than allowed: a few kilobytes can expand to
 * gigabytes.
 */
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { type Coding, codingsOf, hasZlibHeader } from './content-encoding.ts'

const decoders = {
  gzip: gunzipEveryMember,
  deflate: promisify(zlib.inflate),
  'raw-deflate': promisify(zlib.inflateRaw),
  br: promisify(zlib.brotliDecompress),
  zstd: everyFrame,
} as const

/** The decompressed bytes, or why there are none. */
export type Decompressed =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: 'too-large' | 'damaged' | 'unknown-encoding' }

/** Decodes a body with the given `content-encoding`, which may name several codings. */
export async function decompress(
  bytes: Uint8Array,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Decompressed> {
  const codings = codingsOf(encoding)
  if (codings === undefined) return { ok: false, reason: 'unknown-encoding' }
  let plain = bytes
  for (const coding of codings) {
    if (plain.byteLength === 0) break
    try {
      plain = await decoders[kindOf(coding, plain)](plain, { maxOutputLength: maxBytes })
    } catch (error) {
      const tooLarge = error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
      return { ok: false, reason: tooLarge ? 'too-large' : 'damaged' }
    }
  }
  return { ok: true, bytes: plain }
}

const gunzip = promisify(zlib.gunzip)
const gzipTrailerBytes = 8

/**
 * `zlib` refuses what follows the last member, which browsers and curl pass over. Then each member is decoded
 * by itself, as raw deflate, which ends where its data does.
 */
async function gunzipEveryMember(
  bytes: Uint8Array,
  { maxOutputLength }: { readonly maxOutputLength: number },
): Promise<Uint8Array> {
  try {
    return await gunzip(bytes, { maxOutputLength })
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'incorrect header check') throw error
    const parts: Uint8Array[] = []
    let left = maxOutputLength
    for (let rest = bytes; ; ) {
      const start = dataStart(rest)
      if (start === undefined) {
        // Not even one member: the body is something else.
        if (parts.length === 0) throw error
        return Buffer.concat(parts)
      }
      if (parts.length === framesMax) throw new RangeError('too many gzip members')
      const { plain, consumed } = await oneDeflated(rest.subarray(start), Math.max(1, left))
      const trailer = Buffer.from(rest.subarray(start + consumed, start + consumed + gzipTrailerBytes))
      const isWhole = trailer.length === gzipTrailerBytes && trailer.readUInt32LE(0) === zlib.crc32(plain)
      if (!isWhole) throw error
      parts.push(plain)
      left -= plain.byteLength
      rest = rest.subarray(start + consumed + gzipTrailerBytes)
    }
  }
}

/** Where the data of a gzip member begins (RFC 1952, 2.3); undefined when there is no header. */
function dataStart(bytes: Uint8Array): number | undefined {
  const [first, second, method, flags = 0] = bytes
  if (first !== 0x1f || second !== 0x8b || method !== 8) return undefined
  let at = 10
  if ((flags & 4) !== 0) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0)
  for (const text of [8, 16]) {
    if ((flags & text) === 0) continue
    const end = bytes.indexOf(0, at)
    if (end === -1) return undefined
    at = end + 1
  }
  return (flags & 2) === 0 ? at : at + 2
}

/** Frames that a body may have. */
const framesMax = 1_000

/**
 * A body may have several frames (RFC 8878, 3.1), of which `zlib` decodes the first and drops the others
 * without a word.
 */
async function everyFrame(
  bytes: Uint8Array,
  { maxOutputLength }: { readonly maxOutputLength: number },
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let left = maxOutputLength
  for (let rest = bytes; rest.byteLength > 0; ) {
    const { plain, consumed } = await oneFrame(rest, Math.max(1, left))
    // Empty frames of a few bytes each would otherwise keep the process busy without reaching any limit.
    if (consumed === 0 || parts.length === framesMax) throw new RangeError('too many zstd frames')
    parts.push(plain)
    left -= plain.byteLength
    rest = rest.subarray(consumed)
  }
  return Buffer.concat(parts)
}

/** What was decoded, and how many bytes that took. */
interface OnePart {
  readonly plain: Uint8Array
  readonly consumed: number
}

type Inform = (
  bytes: Uint8Array,
  options: { readonly maxOutputLength: number; readonly info: true },
  settle: (error: Error | null, result: unknown) => void,
) => void

const oneFrame = informed(zlib.zstdDecompress as Inform)
const oneDeflated = informed(zlib.inflateRaw as Inform)

function informed(decode: Inform): (bytes: Uint8Array, maxOutputLength: number) => Promise<OnePart> {
  return (bytes, maxOutputLength) =>
    new Promise((resolve, reject) => {
      // With `info` the types of Node.js don't say that the result has the decoder beside the bytes.
      const settle = (error: Error | null, result: unknown): void => {
        if (error !== null) {
          reject(error)
          return
        }
        const { buffer, engine } = result as { buffer: Uint8Array; engine: { bytesWritten: number } }
        resolve({ plain: buffer, consumed: engine.bytesWritten })
      }
      decode(bytes, { maxOutputLength, info: true }, settle)
    })
}

function kindOf(coding: Coding, bytes: Uint8Array): keyof typeof decoders {
  return coding === 'deflate' && !hasZlibHeader(bytes[0], bytes[1]) ? 'raw-deflate' : coding
}
