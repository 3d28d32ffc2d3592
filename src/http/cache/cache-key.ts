/** Under which key a response is kept: its address and who asked. */
import { createHash, randomUUID } from 'node:crypto'
import type { Authenticator } from '../auth/authenticator.ts'
import type { AuthOptions } from '../auth/options.ts'
import type { Call } from '../call.ts'
import { rememberByHeaders } from '../header-names.ts'

/** Headers that say nothing about who asks; those a response depends on are named by its `vary`. */
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

/** A fingerprint of a client's credential. One that can't be known is one of its own, so nothing is shared by mistake. */
export function partitionOf(
  auth: AuthOptions | Authenticator | undefined,
  given: string | undefined,
): string {
  if (given !== undefined) return fingerprint(given)
  if (auth === undefined) return 'public'
  return 'type' in auth ? fingerprint(JSON.stringify(auth)) : randomUUID()
}

/** Under which key a call's response is kept; `path` is given for other places than the call's own. */
export type CacheKey = (call: Call, path?: string) => string

/** Any header of the call that may tell users apart (a cookie, a tenant, an own authorization) makes a partition of its own. */
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
