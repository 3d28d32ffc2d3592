/** Lets a user's hook inspect and change a call before any other step. */
import type { Call, Policy } from '../call.ts'
import { lowerNames } from '../header-names.ts'
import type { BeforeRequest, RequestChanges } from '../request-hook.ts'
import { wellFormedUri } from '../well-formed-uri.ts'

/** The hook runs once for each call, regardless of the call's outcome. */
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

/** @throws UsageError HTTP_REQUEST_INVALID for a name or value that is not valid in HTTP */
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
