/** The key of a cached response: its address and the caller's identity. */
import { createHash, randomUUID } from 'node:crypto'
import type { Authenticator } from '../auth/authenticator.ts'
import type { AuthOptions } from '../auth/options.ts'
import type { Call } from '../call.ts'
import { rememberByHeaders } from '../header-names.ts'

/** Headers that do not identify the caller; those that a response depends on are named by its `vary`. */
const neutral: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'pragma',
  'traceparent',
  'tracestate',
  'user-agent',
])

/**
 * A fingerprint of a client's credential. A credential that can't be identified gets a unique one, so nothing
 * is shared by mistake.
 */
export function partitionOf(
  auth: AuthOptions | Authenticator | undefined,
  given: string | undefined,
): string {
  if (given !== undefined) return fingerprint(given)
  if (auth === undefined) return 'public'
  return 'type' in auth ? fingerprint(JSON.stringify(auth)) : randomUUID()
}

/** Returns the key of a call's response; `path` is given for locations other than the call's own. */
export type CacheKey = (call: Call, path?: string) => string

/**
 * Every header of the call that may distinguish users (a cookie, a tenant, a custom authorization) creates a
 * separate partition.
 */
export function cacheKeyOf(partition: string, impersonalHeaders: readonly string[] = []): CacheKey {
  const ignored = new Set([...neutral, ...impersonalHeaders.map((name) => name.toLowerCase())])
  const personalOf = rememberByHeaders((headers) => {
    let personal = ''
    for (const name in headers) {
      if (!ignored.has(name)) personal += `${name}:${headers[name]}\n`
    }
    return personal === '' ? '' : fingerprint(personal)
  })
  return (call, path = call.path) => {
    const personal = personalOf(call.headers)
    const who = personal === '' ? partition : `${partition}.${personal}`
    return `${who} ${call.origin}${path}`
  }
}

function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
