/**
 * Decodes a response's content encoding, never into more bytes than allowed: a few kilobytes can expand to
 * gigabytes.
 */
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { type Coding, codingsOf, hasZlibHeader } from './content-encoding.ts'

const decoders = {
  gzip: promisify(zlib.gunzip),
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

function oneFrame(
  bytes: Uint8Array,
  maxOutputLength: number,
): Promise<{ readonly plain: Uint8Array; readonly consumed: number }> {
  return new Promise((resolve, reject) => {
    // With `info` the types of Node.js don't say that the result has the decoder beside the bytes.
    const settle = (error: Error | null, result: unknown): void => {
      if (error !== null) {
        reject(error)
        return
      }
      const { buffer, engine } = result as { buffer: Uint8Array; engine: { bytesWritten: number } }
      resolve({ plain: buffer, consumed: engine.bytesWritten })
    }
    zlib.zstdDecompress(bytes, { maxOutputLength, info: true }, settle)
  })
}

function kindOf(coding: Coding, bytes: Uint8Array): keyof typeof decoders {
  return coding === 'deflate' && !hasZlibHeader(bytes[0], bytes[1]) ? 'raw-deflate' : coding
}
