/**
 * A private cache according to RFC 9111, one for each credential.
 *
 * A response is *fresh* (returned), *stale but usable* (returned while a request renews it), *to be
 * validated* (requested with its ETag or date; a 304 makes it fresh again) or *absent*. A response that
 * specifies no lifetime is validated each time, unless an option enables an estimated lifetime.
 */
import type { CacheKey } from '../cache/cache-key.ts'
import type { CachedResponse, CacheStore } from '../cache/cache-store.ts'
import {
  bestMatch,
  entryOf,
  headersOf,
  isKnownToCaller,
  type Match,
  mayBeStorable,
  refreshed,
  servesOnError,
} from '../cache/stored-policy.ts'
import {
  type Call,
  type DecodedResponse,
  type Next,
  newProgress,
  type Policy,
  type ResponseStep,
  type WireResponse,
} from '../call.ts'
import { HttpError, HttpStatusError, NetworkError } from '../errors.ts'
import { Stop } from '../stop.ts'

/** Dependencies of the cache. */
export interface CacheParts {
  readonly store: CacheStore
  /** Separate for each credential. */
  readonly keyOf: CacheKey
  /**
   * Share of the time since a response last changed for which it counts as fresh, if it specifies no
   * lifetime. 0 = never estimated.
   */
  readonly heuristic: number
}

/** Decodes a stored body. */
export type ReadPlain = (call: Call, wire: WireResponse) => DecodedResponse

/**
 * Safe methods (RFC 9110, 9.2.1, and the method registry); every other one, known or unknown, may change
 * something.
 */
const safeMethods: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND', 'REPORT', 'SEARCH'],
])
const variantsMax = 8
const renewalsMax = 16
const noBytes = new Uint8Array()

/**
 * Stores responses of reads where allowed, and removes those that a write invalidated. `judge` throws for a
 * stored response with an error status, as it does for one that has just been received.
 */
export function cachePolicy(parts: CacheParts, read: ReadPlain, judge: ResponseStep): Policy {
  const { store, keyOf, heuristic } = parts
  const renewing = new Set<string>()
  return {
    name: 'cache',
    async run(call, next) {
      if (call.streams === true || call.cacheMode === 'no-store' || isPrivateCall(call)) return next(call)
      if (call.method !== 'GET') return written(call, next, parts)
      const key = keyOf(call)
      const found = entriesOf(store, key)
      const known = found instanceof Promise ? await found : found
      const match = known.length === 0 ? undefined : bestMatch(call, known)
      const exchange: Exchange = { call, next, key, known, store, heuristic, read, judge }
      const { cacheMode } = call
      if (cacheMode === 'reload') return fetched(exchange, call)
      if (cacheMode === 'force-cache' || cacheMode === 'only-if-cached') {
        if (match !== undefined) return handedOut(exchange, match.entry, headersOf(match.entry))
        if (cacheMode === 'only-if-cached') throw notCached(call)
      }
      if (match?.hit === undefined && wantsOnlyCached(call)) throw notCached(call)
      if (match === undefined) return fetched(exchange, call)
      if (match.hit === undefined || cacheMode === 'no-cache') return validated(exchange, match)
      if (match.isStale && !renewing.has(key) && renewing.size < renewalsMax) {
        renewing.add(key)
        renewed(exchange, match).finally(() => renewing.delete(key))
      }
      return handedOut(exchange, match.entry, match.hit)
    },
  }
}

/** The caller prefers no response to waiting for the API (RFC 9111, 5.2.1.7). */
function wantsOnlyCached({ headers }: Call): boolean {
  return headers['cache-control'] !== undefined && /only-if-cached/i.test(headers['cache-control'])
}

/** Never retried: the cache is outside of every step that sends. */
export function notCached(call: Call): HttpStatusError {
  const message = `${call.label} was not sent: the cache has no response, and "only-if-cached" permits no request (504).`
  return new HttpStatusError('HTTP_STATUS_TRANSIENT', message, {
    outcome: 'not-sent',
    retry: 'never',
    response: { status: 504, body: undefined, mediaType: '', headers: {} },
  })
}

/** The caller requires that nothing of the call is stored (RFC 9111, 5.2.1.5). */
function isPrivateCall({ method, headers }: Call): boolean {
  return (
    method === 'GET' && headers['cache-control'] !== undefined && /no-store/i.test(headers['cache-control'])
  )
}

interface Exchange {
  readonly call: Call
  readonly next: Next
  readonly key: string
  readonly known: readonly CachedResponse[]
  readonly store: CacheStore
  readonly heuristic: number
  readonly read: ReadPlain
  readonly judge: ResponseStep
}

/**
 * @throws HttpStatusError for a stored response that is a refusal, or one that the caller declares to have
 */
function handedOut(
  { call, read, judge }: Exchange,
  { status, bytes }: CachedResponse,
  headers: Readonly<Record<string, string>>,
): DecodedResponse {
  const response = isKnownToCaller(call, headers)
    ? read(call, { status: 304, headers, bytes: noBytes })
    : read(call, { status, headers, bytes })
  judge.take(call, response)
  return response
}

/** Asks the API with `asking`, which is the call itself or its validating form. */
async function fetched(
  { call, next, key, known, store, heuristic }: Exchange,
  asking: Call,
): Promise<DecodedResponse> {
  try {
    const response = await next(asking)
    if (response.status !== 304 && mayBeStorable(response.headers))
      await keep(store, key, known, entryOf(call, response, response.plain ?? noBytes, heuristic))
    return response
  } catch (error) {
    // Not Found and redirects can be as lasting as a response.
    if (error instanceof HttpStatusError && mayBeStorable(error.headers))
      await keep(store, key, known, entryOf(call, error, error.plain ?? noBytes, heuristic))
    throw error
  }
}

async function validated(exchange: Exchange, match: Match): Promise<DecodedResponse> {
  const { call, key, known, store, heuristic } = exchange
  const { host: _host, ...headers } = match.validators
  const asking: Call = { ...call, headers, revalidates: true }
  let response: DecodedResponse
  try {
    response = await fetched(exchange, asking)
  } catch (error) {
    if (!mayServeStale(match, error, asking)) throw error
    return handedOut(exchange, match.entry, headersOf(match.entry))
  }
  if (response.status !== 304) return response
  const entry = refreshed(call, match.entry, response.headers, heuristic)
  await keep(store, key, known, entry)
  return handedOut(exchange, entry ?? match.entry, headersOf(entry ?? match.entry))
}

/** Only where the API allows it, and only while the API fails. */
function mayServeStale({ entry }: Match, error: unknown, call: Call): boolean {
  const isStatus = error instanceof HttpStatusError && error.status >= 500
  const isLate = error instanceof HttpError && error.phase !== undefined
  if (!isStatus && !isLate && !(error instanceof NetworkError)) return false
  return call.stop.reason === undefined && servesOnError(call, entry)
}

/**
 * No caller waits for it: it has its own time limit, and its failure only means that the stored response
 * remains stale.
 */
async function renewed(exchange: Exchange, match: Match): Promise<void> {
  const call: Call = {
    ...exchange.call,
    stop: new Stop(),
    callerSignal: undefined,
    progress: newProgress(),
  }
  try {
    await validated({ ...exchange, call }, match)
  } catch {
    // The next caller finds the response stale again, or gets the error once it may no longer be used.
  }
}

/**
 * A write invalidates the stored responses of its address (RFC 9111, 4.4); so does one with an unknown
 * outcome.
 */
async function written(call: Call, next: Next, { store, keyOf }: CacheParts): Promise<DecodedResponse> {
  if (safeMethods.has(call.method)) return next(call)
  const forget = async (headers: Readonly<Record<string, string>>): Promise<void> => {
    const places = [call.path, headers.location, headers['content-location']]
    for (const place of places) {
      if (place === undefined || !URL.canParse(place, call.origin + call.path)) continue
      const url = new URL(place, call.origin + call.path)
      if (url.origin !== call.origin) continue
      const headersOfReads = Object.entries(call.headers).filter(([name]) => name !== 'idempotency-key')
      const reader = { ...call, headers: Object.fromEntries(headersOfReads) }
      await Promise.resolve(store.delete(keyOf(reader, url.pathname + url.search))).catch(ignore)
    }
  }
  try {
    const response = await next(call)
    await forget(response.headers)
    return response
  } catch (error) {
    // A refusal changed nothing.
    const isRefusal = error instanceof HttpStatusError && error.status < 500
    if (call.progress.mayHaveLanded && !isRefusal) await forget({})
    throw error
  }
}

async function keep(
  store: CacheStore,
  key: string,
  known: readonly CachedResponse[],
  entry: CachedResponse | undefined,
): Promise<void> {
  if (entry === undefined) return
  const others = known.filter(({ variant }) => variant !== entry.variant)
  await put(store, key, [entry, ...others].slice(0, variantsMax))
}

/** Synchronous where the store is in memory. */
function entriesOf(
  store: CacheStore,
  key: string,
): readonly CachedResponse[] | Promise<readonly CachedResponse[]> {
  try {
    const entries = store.get(key)
    return entries instanceof Promise ? entries.catch(() => []) : entries
  } catch {
    return []
  }
}

async function put(store: CacheStore, key: string, responses: readonly CachedResponse[]): Promise<void> {
  try {
    await store.set(key, responses)
  } catch {
    // A cache that can't store anything affects speed, not correctness.
  }
}

function ignore(): void {}
