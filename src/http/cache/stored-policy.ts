/**
 * Applies RFC 9111 to one stored response: whether it may be used, whether it has to be validated, and how a
 * 304 changes it.
 *
 * `http-cache-semantics` does the arithmetic. Its input is normalised first, since it reads directives only
 * in lower case, parses dates with `Date.parse` and an `Age` by its first digits, never returns a stale
 * response that has to be validated, and on a 304 updates only headers that existed before.
 */
import CachePolicy from 'http-cache-semantics'
import { parseHttpDate, parseStrictHttpDate } from '../backoff/http-date.ts'
import type { Call } from '../call.ts'
import type { CachedResponse } from './cache-store.ts'

/** Data stored next to status and body. Plain data. */
interface StoredPolicy {
  readonly semantics: CachePolicy.CachePolicyObject
  /** The response's header fields as received. */
  readonly headers: Readonly<Record<string, string>>
}

/** How a stored response serves a call. */
export interface Match {
  readonly entry: CachedResponse
  /** Headers to return; absent when the response has to be validated first. */
  readonly hit: Readonly<Record<string, string>> | undefined
  /** It may be used, and should be renewed in the background. */
  readonly isStale: boolean
  /** Headers of the request that validates it. */
  readonly validators: Readonly<Record<string, string>>
}

/**
 * Statuses that a cache may store without an explicit lifetime (RFC 9110, 15.1), when lifetimes are
 * estimated.
 */
const heuristic = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])
/** In the past at any time. */
const longAgo = 'Thu, 01 Jan 1970 00:00:00 GMT'
/** Statuses whose caching rules are known: the only ones that `must-understand` allows. */
const understood = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501])
/**
 * Headers of a 304 that describe the body it does not have, and those that identified the stored response.
 */
const notUpdated = new Set([
  ...['content-encoding', 'content-length', 'content-md5', 'content-range', 'etag', 'transfer-encoding'],
])
const ofOneConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade'])
/** Value that replaces a greater age (RFC 9111, 1.2.2). */
const greatestAge = 2_147_483_647

/**
 * Without a lifetime or a validator there is no use in storing a response; checking this first saves most of
 * the work.
 */
export function mayBeStorable(headers: Readonly<Record<string, string>>): boolean {
  const control = headers['cache-control']
  return (
    (control !== undefined && !/no-store/i.test(control)) ||
    (control === undefined &&
      (headers.etag !== undefined || headers['last-modified'] !== undefined || headers.expires !== undefined))
  )
}

/**
 * Returns the data to store of a response; undefined when it may not be stored.
 *
 * @param guessed share of the time since a response last changed for which it counts as fresh, if it
 *   specifies no lifetime
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
    // Other final statuses are stored for the lifetime that they specify; the arithmetic is the same.
    { status: understood.has(status) ? status : 200, headers: straight(headers) },
    { shared: false, cacheHeuristic: mayGuess(status, headers) ? guessed : 0 },
  )
  if (!policy.storable()) return undefined
  const stored: StoredPolicy = { semantics: policy.toObject(), headers }
  return { variant: variantOf(call, headers), status, bytes, policy: stored }
}

/** Returns the entry that matches the call best; undefined when none does. */
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

/** Returns the entry after a 304: its lifetime starts again (RFC 9111, 3.2 and 4.3.4). */
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

/** Returns the headers of an entry as callers receive them. */
export function headersOf(entry: CachedResponse): Record<string, string> {
  const { semantics, headers } = storedOf(entry)
  return handedOut(headers, CachePolicy.fromObject(semantics))
}

/** `stale-if-error`: the API declares that an old response is better than none. */
export function servesOnError(call: Call, entry: CachedResponse): boolean {
  const { semantics, headers } = storedOf(entry)
  const failed = { status: 500, headers: {} }
  const policy = CachePolicy.fromObject(semantics)
  const { modified, matches } = policy.revalidatedPolicy(requestOf(call, headers), failed)
  return matches && !modified
}

/** True when the caller's own conditions show that it already has this response (RFC 9110, 13.2.2). */
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
  // A refusal is stored only where the API specifies its lifetime, or where lifetimes are estimated and the
  // status allows it.
  if (/max-age/i.test(control) || headers.expires !== undefined) return true
  return guessed > 0 && mayGuess(status, headers)
}

function mayGuess(status: number, headers: Readonly<Record<string, string>>): boolean {
  return heuristic.has(status) || /public/i.test(headers['cache-control'] ?? '')
}

/** Normalised for the arithmetic; never returned. Variants are distinguished by this cache itself. */
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
    // A value that is in none of the three formats, including two lines, has already expired (RFC 9111, 5.3).
    const at = parseStrictHttpDate(headers.expires.trim(), now)
    plain.expires = at === undefined ? longAgo : new Date(at).toUTCString()
  }
  const seconds = ageOf(age)
  if (seconds !== undefined) plain.age = String(seconds)
  const control = headers['cache-control']?.toLowerCase()
  if (control !== undefined) plain['cache-control'] = withoutMustRevalidate(control)
  return plain
}

/**
 * Of a list the first member applies, and a value that is not a number of seconds is ignored (RFC 9111, 5.1).
 */
function ageOf(field: string | undefined): number | undefined {
  const first = field?.split(',', 1)[0]?.trim() ?? ''
  return /^\d+$/.test(first) ? Math.min(greatestAge, Number(first)) : undefined
}

/** While fresh such a response is like any other; once stale it can't be used. */
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

/**
 * The request headers that the response's `vary` names; white space and the case of languages make no
 * difference.
 */
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

/** A store returns the data that was passed to it. */
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
