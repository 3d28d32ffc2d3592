/** Undoes an answer's content encoding, never into more bytes than allowed: a few kilobytes can unfold into gigabytes. */
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'

const decoders = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const

/** What is asked for with `accept-encoding`. */
export const acceptedEncodings = 'gzip, deflate, br'

/** The plain bytes, or why there are none. */
export type Decompressed =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: 'too-large' | 'damaged' | 'unknown-encoding' }

/** Decodes a body sent with the given `content-encoding`. */
export async function decompress(
  bytes: Uint8Array,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Decompressed> {
  const name = (encoding ?? '').trim().toLowerCase()
  if (name === '' || name === 'identity' || bytes.byteLength === 0) return { ok: true, bytes }
  const decode = Object.hasOwn(decoders, name) ? decoders[name as keyof typeof decoders] : undefined
  if (decode === undefined) return { ok: false, reason: 'unknown-encoding' }
  try {
    return { ok: true, bytes: await decode(bytes, { maxOutputLength: maxBytes }) }
  } catch (error) {
    const tooLarge = error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    return { ok: false, reason: tooLarge ? 'too-large' : 'damaged' }
  }
}
