/**
 * The codings of a `content-encoding` field (RFC 9110, 8.4), in the order in which they are decoded.
 *
 * `deflate` is the zlib format according to the RFC, and raw deflate from servers that took the name
 * literally, as browsers accept: the first bytes distinguish them.
 */

/** A supported coding. */
export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd'

/** Value of `accept-encoding`. */
export const acceptedEncodings = 'gzip, deflate, br'

/** More than occurs in practice; each one takes a pass over the body. */
const codingsMax = 5

const names: Readonly<Record<string, Coding>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  zstd: 'zstd',
}

/**
 * No codings: names of character sets and transfer encodings that servers put here, and what S3 keeps of the
 * upload. The body is plain.
 */
const mistaken: ReadonlySet<string> = new Set([
  'identity',
  'none',
  'utf-8',
  'utf8',
  'binary',
  '7bit',
  '8bit',
  'aws-chunked',
])

/**
 * Returns the codings to decode, the last one applied first; undefined when one is unknown or there are too
 * many.
 */
export function codingsOf(field: string | undefined): readonly Coding[] | undefined {
  const applied = (field ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && !mistaken.has(name))
  if (applied.length > codingsMax) return undefined
  const codings = applied.flatMap((name) => (Object.hasOwn(names, name) ? [names[name]] : []))
  const known = codings.filter((coding) => coding !== undefined)
  return known.length === applied.length ? known.reverse() : undefined
}

/** Returns whether a body labelled `deflate` has the header of the zlib format (RFC 1950, 2.2). */
export function hasZlibHeader(first: number | undefined, second: number | undefined): boolean {
  if (first === undefined || second === undefined) return true
  return (first & 0x0f) === 8 && first >> 4 <= 7 && ((first << 8) | second) % 31 === 0
}
