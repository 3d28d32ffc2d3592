/** The client with the signature of `fetch`, for SDKs and suites that accept a custom fetch. */

import { UsageError } from '../model/errors.ts'
import type { ApiClient, StreamedExchange } from './client.ts'
import { fetchFailure, readFailure } from './fetch-failure.ts'
import { type FetchRequest, fetchRequestOf } from './fetch-request.ts'
import { fetchedResponse, type ResponseParts } from './fetched-response.ts'
import { withIntegrity } from './integrity.ts'

/** The type that SDKs accept as their `fetch`. */
export type FetchLike = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** Statuses whose responses have no body by definition. */
const bodiless: ReadonlySet<number> = new Set([101, 103, 204, 205, 304])
/** The maximum of the Fetch standard. */
const redirectsMax = 20

/**
 * Creates a `fetch` from a client: its limits, retries, credentials, cache and guards apply, and addresses
 * outside its base URL are refused.
 *
 * Every status is a `Response`; where `fetch` rejects with a `TypeError`, this does too, with the reason as
 * `cause`: its `code` is the system's own (`ECONNREFUSED`) if there is one, otherwise the client's. A path
 * that starts with a slash is relative to the base URL. `init.redirect` and `init.cache` work as in `fetch`;
 * nothing is cached unless the client has a cache. Bodies of successes are streamed, except from a client
 * with a cache, which reads them whole; those of refusals are read whole.
 */
export function createFetch(client: ApiClient): FetchLike {
  // With the name and the length of the platform's.
  return async function fetch(input, init = undefined) {
    const request = fetchRequestOf(input, init)
    const prepared = request instanceof Promise ? await request : request
    const { signal } = prepared
    signal?.throwIfAborted()
    try {
      const response = await client.exchangeStream(prepared.method, prepared.target, {
        headers: prepared.headers,
        redirects: prepared.redirect === 'follow' ? redirectsMax : 0,
        cacheMode: prepared.cache,
        ...(prepared.body === undefined ? {} : { body: prepared.body }),
        ...(signal === undefined ? {} : { signal }),
      })
      assertUsable(prepared, response)
      const data = bodyOf(prepared, response)
      if (prepared.integrity === '') return fetchedResponse({ ...response, data })
      return fetchedResponse({ ...response, data: await withIntegrity(prepared.integrity, data) })
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      throw fetchFailure(error)
    }
  }
}

function assertUsable(
  { redirect, cache, method }: FetchRequest,
  { status, headers, isCacheMiss }: StreamedExchange,
): void {
  const isRedirect = [301, 302, 303, 307, 308].includes(status) && headers.location !== undefined
  if (redirect === 'error' && isRedirect)
    throw new UsageError(
      'HTTP_REQUEST_INVALID',
      `The response to ${method} is a redirect (${status}), which "redirect" forbids.`,
    )
  if (redirect === 'follow' && isRedirect)
    throw new UsageError(
      'HTTP_REQUEST_INVALID',
      `The response to ${method} is a redirect (${status}) that can't be followed.`,
    )
  if (cache === 'only-if-cached' && isCacheMiss)
    throw new UsageError(
      'HTTP_REQUEST_INVALID',
      'The cache has no response, and "only-if-cached" permits no request.',
    )
}

function bodyOf({ method, signal }: FetchRequest, { status, data }: StreamedExchange): ResponseParts['data'] {
  if (method === 'HEAD' || bodiless.has(status)) return null
  if (data instanceof Uint8Array) return data
  return { whole: () => wholeOf(data, signal), stream: () => streamOf(data, signal) }
}

/** A reader of the whole body needs no stream. */
async function wholeOf(
  data: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of data) chunks.push(chunk)
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : readFailure(error)
  }
  return (chunks.length === 1 ? chunks[0] : undefined) ?? Buffer.concat(chunks)
}

/** Read failures are converted as in `fetch`: to the signal's reason, or a `TypeError`. */
function streamOf(
  data: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  const chunks = data[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await chunks.next()
          if (done === true) controller.close()
          // A copy: the reader may transfer its memory.
          else controller.enqueue(new Uint8Array(value))
        } catch (error) {
          controller.error(signal?.aborted === true ? signal.reason : readFailure(error))
        }
      },
      async cancel() {
        await chunks.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
