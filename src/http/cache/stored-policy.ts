/**
 * What RFC 9111 says about one kept response: may it be handed out, does it have to be asked for again, and how a 304 changes it.
 *
 * `http-cache-semantics` does the arithmetic. What it is given is put straight first, since it reads directives in lower case only, takes
 * dates as `Date.parse` does and an `Age` for what its first digits say, never hands out what has to be validated once it is stale, and on a
 * 304 takes over only headers that were there before.
 */
import CachePolicy from 'http-cache-semantics'
import { parseHttpDate, parseStrictHttpDate } from '../backoff/http-date.ts'
import type { Call } from '../call.ts'
import type { CachedResponse } from './cache-store.ts'

/** What is kept beside status and body. Plain data. */
interface StoredPolicy {
  readonly semantics: CachePolicy.CachePolicyObject
  /** The response's header fields as they came. */
  readonly headers: Readonly<Record<string, string>>
}

/** How a kept response serves a call. */
export interface Match {
  readonly entry: CachedResponse
  /** Headers to hand out; absent when the response has to be validated first. */
  readonly hit: Readonly<Record<string, string>> | undefined
  /** It may be handed out, and should be renewed meanwhile. */
  readonly isStale: boolean
  /** Headers of the request that validates it. */
  readonly validators: Readonly<Record<string, string>>
}

/** Statuses that a cache may keep without a word about their lifetime (RFC 9110, 15.1), where lifetimes are guessed. */
const heuristic = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])
/** Past, whatever the time is. */
const longAgo = 'Thu, 01 Jan 1970 00:00:00 GMT'
/** Statuses whose meaning for caches is known: all that `must-understand` allows. */
const understood = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501])
/** What a 304 says of the body that it does not have, and what named the kept response. */
const notUpdated = new Set([
  ...['content-encoding', 'content-length', 'content-md5', 'content-range', 'etag', 'transfer-encoding'],
])
const ofOneConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade'])
/** What a greater age counts as (RFC 9111, 1.2.2). */
const greatestAge = 2_147_483_647

/** Without a lifetime or a validator keeping a response is of no use; to see that first saves most of the work. */
export function mayBeStorable(headers: Readonly<Record<string, string>>): boolean {
  const control = headers['cache-control']
  return (
    (control !== undefined && !/no-store/i.test(control)) ||
    (control === undefined &&
      (headers.etag !== undefined || headers['last-modified'] !== undefined || headers.expires !== undefined))
  )
}

/**
 * What is kept of a response; undefined when it may not be.
 *
 * @param guessed share of the time since a response last changed for which it counts as fresh, if it names no lifetime
 */
export function entryOf(
  call: Call,
  reply: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
  bytes: Uint8Array,
  guessed = 0,
): CachedResponse | undefined {
  const { status, headers } = reply
  if (headers.vary?.includes('*') === true || !isKept(status, headers, guessed)) return undefined
  const policy = new CachePolicy(
    requestOf(call),
    // Other final statuses are kept by the lifetime that they name; the arithmetic is the same.
    { status: understood.has(status) ? status : 200, headers: straight(headers) },
    { shared: false, cacheHeuristic: mayGuess(status, headers) ? guessed : 0 },
  )
  if (!policy.storable()) return undefined
  const stored: StoredPolicy = { semantics: policy.toObject(), headers }
  return { variant: variantOf(call, headers), status, bytes, policy: stored }
}

/** The entry that fits the call best; undefined when none does. */
export function bestMatch(call: Call, known: readonly CachedResponse[]): Match | undefined {
  let best: Match | undefined
  for (const entry of known) {
    const { semantics, headers } = storedOf(entry)
    if (variantOf(call, headers) !== entry.variant) continue
    const policy = CachePolicy.fromObject(semantics)
    const { response, revalidation } = policy.evaluateRequest(requestOf(call, headers))
    const hit = response === undefined ? undefined : handedOut(headers, policy)
    const validators = flat(revalidation?.headers ?? policy.revalidationHeaders(requestOf(call, headers)))
    best = { entry, hit, isStale: revalidation !== undefined, validators }
    if (hit !== undefined) return best
  }
  return best
}

/** The entry after a 304: its lifetime begins anew (RFC 9111, 3.2 and 4.3.4). */
export function refreshed(
  call: Call,
  entry: CachedResponse,
  news: Readonly<Record<string, string>>,
  guessed = 0,
): CachedResponse | undefined {
  const headers: Record<string, string> = { ...storedOf(entry).headers }
  for (const [name, value] of Object.entries(news)) if (!notUpdated.has(name)) headers[name] = value
  return entryOf(call, { status: entry.status, headers }, entry.bytes, guessed)
}

/** The headers of an entry as they are handed out. */
export function headersOf(entry: CachedResponse): Record<string, string> {
  const { semantics, headers } = storedOf(entry)
  return handedOut(headers, CachePolicy.fromObject(semantics))
}

/** `stale-if-error`: the API says that an old response is better than none. */
export function servesOnError(call: Call, entry: CachedResponse): boolean {
  const { semantics, headers } = storedOf(entry)
  const failed = { status: 500, headers: {} }
  const policy = CachePolicy.fromObject(semantics)
  const { modified, matches } = policy.revalidatedPolicy(requestOf(call, headers), failed)
  return matches && !modified
}

/** True when the caller's own conditions say that it has this response already (RFC 9110, 13.2.2). */
export function isKnownToCaller(call: Call, headers: Readonly<Record<string, string>>): boolean {
  const { 'if-none-match': tags, 'if-modified-since': since } = call.headers
  if (tags !== undefined) {
    const own = weak(headers.etag)
    return tags.trim() === '*' || (own !== '' && tags.split(',').some((tag) => weak(tag) === own))
  }
  if (since === undefined) return false
  const now = Date.now()
  const changed = parseHttpDate((headers['last-modified'] ?? headers.date ?? '').trim(), now)
  const seen = parseHttpDate(since.trim(), now)
  return changed !== undefined && seen !== undefined && changed <= seen
}

function isKept(status: number, headers: Readonly<Record<string, string>>, guessed: number): boolean {
  if (status < 200 || status === 206 || status === 304) return false
  const control = headers['cache-control'] ?? ''
  if (/must-understand/i.test(control) && !understood.has(status)) return false
  if (status < 300) return true
  // A refusal is held on to only where the API names its lifetime, or where lifetimes are guessed and the status allows it.
  if (/max-age/i.test(control) || headers.expires !== undefined) return true
  return guessed > 0 && mayGuess(status, headers)
}

function mayGuess(status: number, headers: Readonly<Record<string, string>>): boolean {
  return heuristic.has(status) || /public/i.test(headers['cache-control'] ?? '')
}

/** Put straight for the arithmetic; never handed out. Variants are told apart by ourselves. */
function straight({
  vary: _vary,
  age,
  ...headers
}: Readonly<Record<string, string>>): Record<string, string> {
  const now = Date.now()
  const plain: Record<string, string> = { ...headers }
  for (const name of ['date', 'last-modified']) {
    const at = plain[name] === undefined ? undefined : parseHttpDate(plain[name].trim(), now)
    if (at === undefined) delete plain[name]
    else plain[name] = new Date(at).toUTCString()
  }
  if (headers.expires !== undefined) {
    // What is none of the three forms, two lines included, has expired already (RFC 9111, 5.3).
    const at = parseStrictHttpDate(headers.expires.trim(), now)
    plain.expires = at === undefined ? longAgo : new Date(at).toUTCString()
  }
  const seconds = ageOf(age)
  if (seconds !== undefined) plain.age = String(seconds)
  const control = headers['cache-control']?.toLowerCase()
  if (control !== undefined) plain['cache-control'] = withoutMustRevalidate(control)
  return plain
}

/** Of a list the first member counts, and what is no number of seconds does not count at all (RFC 9111, 5.1). */
function ageOf(field: string | undefined): number | undefined {
  const first = field?.split(',', 1)[0]?.trim() ?? ''
  return /^\d+$/.test(first) ? Math.min(greatestAge, Number(first)) : undefined
}

/** While it is fresh such a response is like every other one; once it is stale nothing makes it serve. */
function withoutMustRevalidate(control: string): string {
  if (!control.includes('must-revalidate')) return control
  return control.replaceAll(
    /(?:must-revalidate|stale-while-revalidate|stale-if-error)(?:\s*=\s*"?\d+"?)?/g,
    'x-none',
  )
}

function requestOf(call: Call, stored?: Readonly<Record<string, string>>): CachePolicy.HttpRequest {
  const headers: Record<string, string> = { ...call.headers, host: call.origin.split('//')[1] ?? '' }
  const strict = stored !== undefined && /must-revalidate/i.test(stored['cache-control'] ?? '')
  const control = headers['cache-control']?.toLowerCase()
  if (control !== undefined)
    headers['cache-control'] = strict ? control.replaceAll('max-stale', 'x-none') : control
  return { url: call.path, method: call.method, headers }
}

/** What the response's `vary` picks of a request; white space and the case of languages make no difference. */
function variantOf(call: Call, headers: Readonly<Record<string, string>>): string {
  const names = (headers.vary ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .sort()
  return names.map((name) => `${name}:${normalised(name, call.headers[name] ?? '')}`).join('\n')
}

function normalised(name: string, value: string): string {
  const text = value.includes('"') ? value : value.replaceAll(/\s*([,;=])\s*/g, '$1')
  return name === 'accept-language' || name === 'accept-encoding' ? text.toLowerCase() : text
}

function handedOut(headers: Readonly<Record<string, string>>, policy: CachePolicy): Record<string, string> {
  const listed = new Set((headers.connection ?? '').toLowerCase().split(/\s*,\s*/))
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!ofOneConnection.has(name) && !listed.has(name)) plain[name] = value
  }
  plain.age = String(Math.round(policy.age()))
  return plain
}

/** A store hands back what it was given. */
function storedOf(entry: CachedResponse): StoredPolicy {
  return entry.policy as StoredPolicy
}

function weak(tag: string | undefined): string {
  return (tag ?? '').trim().replace(/^W\//, '')
}

function flat(headers: CachePolicy.Headers): Record<string, string> {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) plain[name] = String(value)
  return plain
}
