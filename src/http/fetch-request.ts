/**
 * The arguments of `fetch`. The usual forms are read directly, since a `Request` is more expensive than the
 * rest of a call.
 */

import { UsageError } from '../model/errors.ts'
import type { CacheMode, Method } from './call.ts'
import { fetchFailure } from './fetch-failure.ts'

/** A request in the client's terms. */
export interface FetchRequest {
  readonly method: Method
  /** A path, or an absolute address without a fragment. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array> | undefined
  readonly signal: AbortSignal | undefined
  readonly redirect: NonNullable<RequestInit['redirect']>
  readonly cache: CacheMode
  /** Digests that the body has to have; empty: any body. */
  readonly integrity: string
}

const plainMembers: ReadonlySet<string> = new Set([
  'method',
  'headers',
  'body',
  'signal',
  'redirect',
  'cache',
])
const normalised = /^(?:delete|get|head|options|post|put)$/i
const redirects: ReadonlySet<unknown> = new Set(['follow', 'manual', 'error'])
const cacheModes: ReadonlySet<unknown> = new Set([
  ...['default', 'no-store', 'reload', 'no-cache', 'force-cache', 'only-if-cached'],
])
const anything = Object.freeze({ accept: '*/*' })

/** Reads `fetch`'s arguments. @throws TypeError, as `fetch` does */
export function fetchRequestOf(
  input: string | URL | Request,
  init: RequestInit | undefined,
): FetchRequest | Promise<FetchRequest> {
  const plain = input instanceof Request ? undefined : plainRequest(input, init)
  return plain === undefined ? fullRequest(input, init).then(withCacheHeaders) : withCacheHeaders(plain)
}

/**
 * The cache mode as headers, for caches on the network. The caller's own `cache-control` takes precedence, as
 * in `fetch`, where the mode adds one only if there is none.
 */
function withCacheHeaders(request: FetchRequest): FetchRequest {
  const { cache, headers } = request
  if (cache !== 'no-store' && cache !== 'reload' && cache !== 'no-cache') return request
  if (headers['cache-control'] !== undefined) return { ...request, cache: 'default' }
  return cache === 'no-cache'
    ? { ...request, headers: { ...headers, 'cache-control': 'max-age=0' } }
    : { ...request, headers: { pragma: 'no-cache', ...headers, 'cache-control': 'no-cache' } }
}

/** A request whose members need no interpretation; undefined for every other one. */
function plainRequest(input: string | URL, init: RequestInit = {}): FetchRequest | undefined {
  for (const name in init) if (!plainMembers.has(name)) return undefined
  const { method = 'GET', headers, body, signal, redirect = 'follow', cache = 'default' } = init
  if (typeof method !== 'string' || !/^[A-Za-z-]+$/.test(method)) return undefined
  if (/^(?:connect|trace|track)$/i.test(method) || !redirects.has(redirect) || !cacheModes.has(cache))
    return undefined
  if (headers !== undefined && !isPlainRecord(headers)) return undefined
  const hasBody = body !== undefined && body !== null
  if (
    hasBody &&
    ((typeof body !== 'string' && !(body instanceof Uint8Array)) || /^(?:get|head)$/i.test(method))
  )
    return undefined
  if (signal !== undefined && signal !== null && !(signal instanceof AbortSignal)) return undefined
  return {
    method: normalised.test(method) ? method.toUpperCase() : method,
    target: targetOf(String(input)),
    headers: headersOf(headers, hasBody && typeof body === 'string'),
    body: hasBody ? (typeof body === 'string' ? body.toWellFormed() : new Uint8Array(body)) : undefined,
    signal: signal ?? undefined,
    redirect,
    cache,
    integrity: '',
  }
}

function isPlainRecord(headers: NonNullable<RequestInit['headers']>): headers is Record<string, string> {
  if (Array.isArray(headers) || Object.getPrototypeOf(headers) !== Object.prototype) return false
  return Object.values(headers).every((value) => typeof value === 'string')
}

function headersOf(
  headers: Record<string, string> | undefined,
  isText: boolean,
): Readonly<Record<string, string>> {
  if (headers === undefined && !isText) return anything
  const own: Record<string, string> = { accept: '*/*' }
  if (isText) own['content-type'] = 'text/plain;charset=UTF-8'
  for (const name in headers) own[name.toLowerCase()] = headers[name]?.trim() ?? ''
  return own
}

async function fullRequest(
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<FetchRequest> {
  const path = typeof input === 'string' && isPath(input) ? input : undefined
  const request = new Request(path === undefined ? input : new URL(path, 'https://path.invalid'), init)
  const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined) ?? undefined
  if (signal?.aborted === true) await request.body?.cancel(signal.reason).catch(() => undefined)
  signal?.throwIfAborted()
  return {
    method: request.method,
    target: path ?? targetOf(request.url),
    headers: { accept: '*/*', ...Object.fromEntries(request.headers) },
    body: await bodyOf(request, input, init),
    signal,
    redirect: request.redirect,
    cache: request.cache,
    integrity: request.integrity,
  }
}

async function bodyOf(
  request: Request,
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<FetchRequest['body']> {
  if (request.body === null) return undefined
  if (init?.body instanceof ReadableStream) return request.body
  const isOwn = init?.body !== undefined && init.body !== null
  if (isOwn || !(input instanceof Request)) return new Uint8Array(await request.arrayBuffer())
  return bodyOfRequest(request.body)
}

/** More than this is sent as it is read. */
const wholeBytesMax = 1024 ** 2

/**
 * The body of a `Request` is a stream whatever it was made from. One that ends at once is sent with its
 * length, which some servers insist on.
 */
async function bodyOfRequest(stream: ReadableStream<Uint8Array>): Promise<FetchRequest['body']> {
  const reader = stream.getReader()
  const parts: Uint8Array[] = []
  let bytes = 0
  for (;;) {
    const reading = reader.read()
    const read = await Promise.race([
      reading,
      new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined))),
    ])
    if (read?.done === true) return new Uint8Array(Buffer.concat(parts))
    if (read === undefined || bytes > wholeBytesMax) return rest(parts, reading, reader)
    parts.push(read.value)
    bytes += read.value.byteLength
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

/** What was read of a stream, and then what is still to come. */
async function* rest(
  parts: readonly Uint8Array[],
  reading: ReturnType<Reader['read']>,
  reader: Reader,
): AsyncGenerator<Uint8Array> {
  try {
    yield* parts
    for (let read = await reading; !read.done; read = await reader.read()) yield read.value
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** @throws TypeError for a text that is not an address, or an address with credentials */
function targetOf(text: string): string {
  if (isPath(text)) return text.split('#', 1)[0] ?? ''
  const url = URL.parse(text)
  if (url === null) throw fetchFailure(new UsageError('HTTP_REQUEST_INVALID', "The address can't be parsed."))
  if (url.username !== '' || url.password !== '')
    throw fetchFailure(
      new UsageError('HTTP_REQUEST_INVALID', 'The address contains a user name or password.'),
    )
  url.hash = ''
  return url.href
}

function isPath(text: string): boolean {
  return text.startsWith('/') && !text.startsWith('//')
}
