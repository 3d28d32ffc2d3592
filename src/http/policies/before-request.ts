/** Lets a hook of the user's look at a call, and change it, before anything else does. */
import type { Call, Method, Policy } from '../call.ts'
import { lowerNames } from '../header-names.ts'
import { wellFormedUri } from '../well-formed-uri.ts'

/** A call as a hook sees it: before its credential is put on. */
export interface RequestSeen {
  /** HTTP method, upper case. */
  readonly method: Method
  /** Full address. */
  readonly url: string
  /** Path template: `/users/{id}`. */
  readonly route: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Undefined for a stream as well, which can be read only once. */
  readonly body: string | Uint8Array | undefined
}

/** What a hook changes; what it does not name stays. */
export interface RequestChanges {
  /** Added, or put in place of those of the same name; `undefined` takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Added to the query. */
  readonly query?: Readonly<Record<string, string>>
  /** In place of the body. @default unchanged */
  readonly body?: string | Uint8Array
}

/** Looks at a request, and may change it. */
export type BeforeRequest = (
  request: RequestSeen,
) => RequestChanges | undefined | Promise<RequestChanges | undefined>

/** The hook runs once for each call, whatever becomes of it. */
export function beforeRequestPolicy(hook: BeforeRequest): Policy {
  return {
    name: 'before-request',
    async run(call, next) {
      const { method, origin, path, route, headers, body } = call
      const seen = typeof body === 'string' || body instanceof Uint8Array ? body : undefined
      const changes = await hook({ method, url: origin + path, route, headers: { ...headers }, body: seen })
      if (call.stop.reason !== undefined) throw call.stop.reason
      return next(changes === undefined ? call : changed(call, changes))
    },
  }
}

/** @throws UsageError HTTP_REQUEST_INVALID for a name or value that HTTP refuses */
function changed(call: Call, { headers: given = {}, query = {}, body }: RequestChanges): Call {
  const headers: Record<string, string> = { ...call.headers }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) delete headers[name.toLowerCase()]
    else Object.assign(headers, lowerNames({ [name]: value }))
  }
  if (body !== undefined) delete headers['content-length']
  let { path } = call
  for (const [name, value] of Object.entries(query)) {
    path += `${path.includes('?') ? '&' : '?'}${wellFormedUri(name)}=${wellFormedUri(value)}`
  }
  return { ...call, headers, path, ...(body === undefined ? {} : { body }) }
}
