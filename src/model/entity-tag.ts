/**
 * Entity tags that a server returns but then does not accept as a precondition (RFC 9110, 8.8.3 and 13.1.1).
 */

/**
 * `weak`: If-Match uses strong comparison, so a weak tag never matches · `suffixed`: a compressing proxy
 * marked its own form of the response
 */
export type TagDoubt = 'weak' | 'suffixed'

/** Of nginx and Apache (`-gzip`), Jetty (`--gzip`), IIS and others (`;gzip`, `:gzip`). */
const suffix = /(?:--|[-;:])(gzip|br|deflate|zstd)(?="?$)/i

/**
 * Returns what may be wrong with a version as a precondition; undefined when it looks like a strong tag or
 * like no tag at all.
 */
export function tagDoubt(version: string): TagDoubt | undefined {
  if (/^W\/"/i.test(version)) return 'weak'
  return suffix.test(version) ? 'suffixed' : undefined
}

/**
 * Returns the tag that the server behind the proxy probably uses: strong, without the suffix. Undefined when
 * the given tag already is.
 *
 * Sending it is safe: a server that does not recognise it refuses the write.
 */
export function plainTag(version: string): string | undefined {
  const plain = version.replace(/^W\/(?=")/i, '').replace(suffix, '')
  return plain === version ? undefined : plain
}
