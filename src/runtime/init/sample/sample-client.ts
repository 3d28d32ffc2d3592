/**
 * Reads an unknown API for `isthmus init`: only GET and OPTIONS, with a bounded number of requests and a
 * bounded duration.
 */

import type { AuthOptions } from '../../../http/auth/options.ts'
import { ApiClient } from '../../../http/client.ts'
import { HttpStatusError } from '../../../http/errors.ts'
import { parseJson } from '../../../http/json.ts'
import { isIsthmusError } from '../../../model/errors.ts'
import { isLoopbackAddress } from '../fetch-description.ts'

/** The response of a URL. */
export interface SampleResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Undefined if it is not JSON. */
  readonly body: unknown
}

/** One sampled API. */
export interface SampleClient {
  /** Returns undefined if there was no response, or if the limit of requests is reached. */
  get(path: string, query?: Query): Promise<SampleResponse | undefined>
  options(path: string): Promise<SampleResponse | undefined>
  /** Why the last request had no response; contains no credential. */
  readonly problem: string | undefined
  close(): Promise<void>
}

/** Query parameters of a request. */
export type Query = Readonly<Record<string, string | number | boolean>>

const timeoutMs = 10_000
const bytesMax = 10 * 1024 * 1024
const requestsMax = 60

/** @param base URL that paths are appended to */
export function createSampleClient(
  base: string,
  { auth, signal }: { readonly auth: AuthOptions | undefined; readonly signal: AbortSignal },
): SampleClient {
  const client = new ApiClient({
    baseUrl: base,
    allowHttp: isLoopbackAddress(base),
    allowAddresses: ['private'],
    timeouts: { totalMs: timeoutMs },
    response: { maxBytes: bytesMax },
    breaker: false,
    ...(auth === undefined ? {} : { auth }),
  })
  let requests = 0
  let problem: string | undefined
  const send = async (
    method: 'GET' | 'OPTIONS',
    path: string,
    query: Query = {},
  ): Promise<SampleResponse | undefined> => {
    requests += 1
    if (requests > requestsMax) return undefined
    try {
      const headers = { accept: 'application/json, application/vnd.api+json;q=0.9, */*;q=0.1' }
      const {
        status,
        data,
        headers: received,
      } = await client.exchange(method, path, { query, headers, signal })
      const parsed = parseJson(Buffer.from(data).toString('utf8'), { maxDepth: 64, numbers: 'lossless' })
      return { status, headers: received, body: parsed.ok ? parsed.value : undefined }
    } catch (error) {
      if (!isIsthmusError(error) || error instanceof HttpStatusError || signal.aborted) throw error
      problem = error.message
      return undefined
    }
  }
  return {
    get: (path, query) => send('GET', path, query),
    options: (path) => send('OPTIONS', path),
    get problem() {
      return problem
    },
    close: () => client.close(),
  }
}
