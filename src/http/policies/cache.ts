/**
 * A private cache by RFC 9111, one for each credential.
 *
 * What is fresh and what may be stored is decided by `http-cache-semantics`. An answer is *fresh* (handed out), *stale but usable* (handed
 * out while a request renews it), *to be validated* (asked for with its ETag or date; a 304 makes it fresh again) or *absent*. Freshness is
 * never guessed: an answer that names no lifetime is validated each time.
 */
import CachePolicy from 'http-cache-semantics'
import type { CacheKey } from '../cache/cache-key.ts'
import type { CachedAnswer, CacheStore } from '../cache/cache-store.ts'
import {
  type Call,
  type DecodedAnswer,
  type Next,
  newProgress,
  type Policy,
  type WireAnswer,
} from '../call.ts'
import { HttpStatusError, NetworkError, TimeoutError } from '../errors.ts'
import { Stop } from '../stop.ts'

/** What the cache is made of. */
export interface CacheParts {
  readonly store: CacheStore
  /** Apart for each credential. */
  readonly keyOf: CacheKey
}

/** Decodes a body that was kept. */
export type ReadPlain = (call: Call, wire: WireAnswer) => DecodedAnswer

const variantsMax = 8
const renewalsMax = 16
const policyOptions = { shared: false, cacheHeuristic: 0 } as const

/** Keeps what may be kept of reads, and forgets what a write made untrue. */
export function cachePolicy(parts: CacheParts, read: ReadPlain): Policy {
  const { store, keyOf } = parts
  const renewing = new Set<string>()
  return {
    name: 'cache',
    async run(call, next) {
      if (call.streams === true) return next(call)
      if (call.method !== 'GET') return written(call, next, parts)
      const key = keyOf(call)
      const found = entriesOf(store, key)
      const known = found instanceof Promise ? await found : found
      const match = known.length === 0 ? undefined : bestMatch(call, known)
      if (match === undefined) {
        const answer = await next(call)
        if (mayBeStorable(answer.headers)) await keep(store, key, known, call, answer)
        return answer
      }
      const exchange: Exchange = { call, next, key, known, store, read }
      if (match.hit === undefined) return validated(exchange, match)
      if (match.isStale && !renewing.has(key) && renewing.size < renewalsMax) {
        renewing.add(key)
        renewed(exchange, match).finally(() => renewing.delete(key))
      }
      return read(call, { status: match.entry.status, headers: match.hit, bytes: match.entry.bytes })
    },
  }
}

interface Exchange {
  readonly call: Call
  readonly next: Next
  readonly key: string
  readonly known: readonly CachedAnswer[]
  readonly store: CacheStore
  readonly read: ReadPlain
}

interface Match {
  readonly entry: CachedAnswer
  readonly policy: CachePolicy
  /** Headers to hand out; absent when the answer has to be validated first. */
  readonly hit: Readonly<Record<string, string>> | undefined
  readonly isStale: boolean
  readonly validators: Readonly<Record<string, string>>
}

function requestOf(call: Call): CachePolicy.HttpRequest {
  return {
    url: call.path,
    method: call.method,
    headers: { ...call.headers, host: call.origin.split('//')[1] },
  }
}

function bestMatch(call: Call, known: readonly CachedAnswer[]): Match | undefined {
  const request = requestOf(call)
  let best: Match | undefined
  for (const entry of known) {
    const policy = CachePolicy.fromObject(entry.policy as CachePolicy.CachePolicyObject)
    if (variantOf(call, policy.responseHeaders()) !== entry.variant) continue
    const { response, revalidation } = policy.evaluateRequest(request)
    const hit = response === undefined ? undefined : flat(response.headers)
    best = {
      entry,
      policy,
      hit,
      isStale: revalidation !== undefined,
      validators: flat(revalidation?.headers ?? {}),
    }
    if (hit !== undefined) return best
  }
  return best
}

async function validated(exchange: Exchange, match: Match): Promise<DecodedAnswer> {
  const { call, next, key, known, store, read } = exchange
  const { host: _host, ...headers } = match.validators
  const asking: Call = { ...call, headers, revalidates: true }
  let answer: DecodedAnswer
  try {
    answer = await next(asking)
  } catch (error) {
    if (!mayServeStale(match, error, asking)) throw error
    return read(call, { ...match.entry, headers: flat(match.policy.responseHeaders()) })
  }
  if (answer.status !== 304) {
    if (mayBeStorable(answer.headers)) await keep(store, key, known, call, answer)
    return answer
  }
  const { policy } = match.policy.revalidatedPolicy(requestOf(asking), {
    status: 304,
    headers: answer.headers,
  })
  const entry: CachedAnswer = { ...match.entry, policy: policy.toObject() }
  await put(store, key, [entry, ...known.filter(({ variant }) => variant !== entry.variant)])
  return read(call, { ...entry, headers: flat(policy.responseHeaders()) })
}

/** `stale-if-error`: the API says that an old answer is better than none. */
function mayServeStale({ policy }: Match, error: unknown, call: Call): boolean {
  const isStatus = error instanceof HttpStatusError && error.status >= 500
  if (!isStatus && !(error instanceof NetworkError) && !(error instanceof TimeoutError)) return false
  if (call.stop.reason !== undefined) return false
  const { modified, matches } = policy.revalidatedPolicy(requestOf(call), { status: 500, headers: {} })
  return matches && !modified
}

/** Nobody waits for it: it has its own end, and its failure only means that the old answer goes on being stale. */
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
    // The next caller finds the answer stale again, or gets the error once it may no longer be used.
  }
}

/** A write makes what was read of its address untrue (RFC 9111, 4.4); so does one whose outcome nobody knows. */
async function written(call: Call, next: Next, { store, keyOf }: CacheParts): Promise<DecodedAnswer> {
  if (call.method === 'HEAD' || call.method === 'OPTIONS') return next(call)
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
    const answer = await next(call)
    await forget(answer.headers)
    return answer
  } catch (error) {
    if (call.progress.mayHaveLanded) await forget({})
    throw error
  }
}

async function keep(
  store: CacheStore,
  key: string,
  known: readonly CachedAnswer[],
  call: Call,
  answer: DecodedAnswer,
): Promise<void> {
  const policy = new CachePolicy(
    requestOf(call),
    { status: answer.status, headers: answer.headers },
    policyOptions,
  )
  if (!policy.storable() || answer.headers.vary?.includes('*') === true) return
  const variant = variantOf(call, answer.headers)
  const bytes = answer.plain ?? new Uint8Array()
  const entry: CachedAnswer = { variant, status: answer.status, bytes, policy: policy.toObject() }
  await put(store, key, [entry, ...known.filter((one) => one.variant !== variant)].slice(0, variantsMax))
}

/** Without a lifetime or a validator keeping an answer is of no use; to see that first saves most of the work. */
function mayBeStorable(headers: Readonly<Record<string, string>>): boolean {
  const control = headers['cache-control']
  if (control?.includes('no-store') === true) return false
  return (
    control !== undefined ||
    headers.etag !== undefined ||
    headers['last-modified'] !== undefined ||
    headers.expires !== undefined
  )
}

function variantOf(call: Call, headers: CachePolicy.Headers): string {
  const names = String(headers.vary ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .sort()
  return names.map((name) => `${name}:${call.headers[name] ?? ''}`).join('\n')
}

/** At once where the store is in memory. */
function entriesOf(
  store: CacheStore,
  key: string,
): readonly CachedAnswer[] | Promise<readonly CachedAnswer[]> {
  try {
    const entries = store.get(key)
    return entries instanceof Promise ? entries.catch(() => []) : entries
  } catch {
    return []
  }
}

async function put(store: CacheStore, key: string, answers: readonly CachedAnswer[]): Promise<void> {
  try {
    await store.set(key, answers)
  } catch {
    // A cache that can't keep anything costs time, not correctness.
  }
}

function flat(headers: CachePolicy.Headers): Record<string, string> {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) plain[name] = String(value)
  return plain
}

function ignore(): void {}
