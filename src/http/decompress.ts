/** Decodes a response's content encoding, never into more bytes than allowed: a few kilobytes can expand to gigabytes. */
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { type Coding, codingsOf, hasZlibHeader } from './content-encoding.ts'

const decoders = {
  gzip: promisify(zlib.gunzip),
  deflate: promisify(zlib.inflate),
  'raw-deflate': promisify(zlib.inflateRaw),
  br: promisify(zlib.brotliDecompress),
  zstd: promisify(zlib.zstdDecompress),
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

function kindOf(coding: Coding, bytes: Uint8Array): keyof typeof decoders {
  return coding === 'deflate' && !hasZlibHeader(bytes[0], bytes[1]) ? 'raw-deflate' : coding
}
