/** The client in the shape of `fetch`, for SDKs and suites that take a fetch of one's own. */
import type { Method } from './call.ts'
import type { ApiClient } from './client.ts'
import { RequestError } from './errors.ts'
import { headerPairs } from './header-names.ts'

/** What SDKs take as their `fetch`. */
export type FetchLike = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'])
/** `Response` refuses a body for these. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304])

/**
 * Makes a `fetch` of a client: its limits, retries, credentials, cache and guards hold, and addresses outside its base URL are refused.
 * Every status is a `Response`; what `fetch` would reject with a `TypeError` is one here too, with the client's error as `cause`. A path
 * that starts with a slash is taken relative to the base URL. Bodies are read whole before they are sent and handed out.
 */
export function createFetch(client: ApiClient): FetchLike {
  return async (input, init) => {
    const isPath = typeof input === 'string' && input.startsWith('/') && !input.startsWith('//')
    const request = new Request(isPath ? new URL(input, 'https://path.invalid') : input, init)
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined) ?? undefined
    signal?.throwIfAborted()
    try {
      const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer())
      const answer = await client.exchange(
        methodOf(request),
        isPath ? input : (request.url.split('#', 1)[0] ?? ''),
        {
          headers: Object.fromEntries(request.headers),
          ...(body === undefined ? {} : { body }),
          ...(signal === undefined ? {} : { signal }),
        },
      )
      const content =
        bodiless.has(answer.status) || answer.data.byteLength === 0 ? null : Buffer.from(answer.data)
      const response = new Response(content, { status: answer.status, headers: headerPairs(answer.headers) })
      if (!isPath) Object.defineProperty(response, 'url', { value: request.url })
      return response
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      throw new TypeError('fetch failed', { cause: error })
    }
  }
}

function methodOf({ method }: Request): Method {
  if (isMethod(method)) return method
  throw new RequestError('HTTP_REQUEST_INVALID', `The method ${method} is not supported.`)
}

function isMethod(method: string): method is Method {
  return methods.has(method)
}
