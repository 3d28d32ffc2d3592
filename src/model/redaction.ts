/**
 * Redaction by allow-list, for logs, errors and call logs: what is not known to be harmless does not get out.
 *
 * A list of forbidden names would miss the next token that somebody names in a new way; a list of allowed ones fails safe.
 */

/** Stands for anything that was taken out. */
export const redacted = '[redacted]'

/** Longest text that is let through; a longer one is data, not a name. */
const textMax = 200
const depthMax = 6
const itemsMax = 50

/** Property names whose values are facts about the machinery: ids, counts, names of the definition, codes. */
export const loggableNames: ReadonlySet<string> = new Set([
  'afterMs',
  'attempt',
  'attempts',
  'code',
  'column',
  'connector',
  'count',
  'direction',
  'entity',
  'expected',
  'field',
  'fields',
  'intentId',
  'kind',
  'latencyMs',
  'level',
  'limit',
  'line',
  'method',
  'operation',
  'outcome',
  'path',
  'position',
  'reason',
  'recordId',
  'resource',
  'retry',
  'rev',
  'rule',
  'runId',
  'scope',
  'seen',
  'state',
  'status',
  'system',
  'systems',
  'timeoutMs',
  'type',
  'untilMs',
  'version',
  'workerId',
])

/** Headers that say how a call went and never who made it. Lower case. */
export const loggableHeaders: ReadonlySet<string> = new Set([
  'accept',
  'content-length',
  'content-type',
  'date',
  'etag',
  'idempotency-replayed',
  'if-match',
  'last-modified',
  'ratelimit',
  'ratelimit-limit',
  'ratelimit-policy',
  'ratelimit-remaining',
  'ratelimit-reset',
  'retry-after',
  'user-agent',
  'x-request-id',
])

/** Query parameters that steer a listing and name no record. Lower case. */
export const loggableQuery: ReadonlySet<string> = new Set([
  '_limit',
  '_page',
  'limit',
  'offset',
  'order',
  'page',
  'page_size',
  'pagesize',
  'per_page',
  'sort',
])

/**
 * A copy with everything taken out but the allowed properties. Bounded in depth, width and length of texts; cycles end at the depth.
 *
 * @param allowed names whose values may be seen, at any depth. @default loggableNames
 */
export function redact(value: unknown, allowed: ReadonlySet<string> = loggableNames): unknown {
  return redactAt(value, allowed, 0)
}

function redactAt(value: unknown, allowed: ReadonlySet<string>, depth: number): unknown {
  if (value === undefined || value === null || typeof value === 'boolean' || typeof value === 'number') {
    return value
  }
  if (typeof value === 'string') return value.length > textMax ? redacted : value
  if (typeof value !== 'object' || depth >= depthMax) return redacted
  if (Array.isArray(value)) {
    const kept = value.slice(0, itemsMax).map((item) => redactAt(item, allowed, depth + 1))
    return value.length > itemsMax ? [...kept, `[${value.length - itemsMax} more]`] : kept
  }
  const entries = Object.entries(value)
  const kept = entries.slice(0, itemsMax).map(([name, part]): [string, unknown] => {
    if (part === undefined || allowed.has(name)) return [name, redactAt(part, allowed, depth + 1)]
    return [name, redacted]
  })
  // Without a prototype, so that a property called `__proto__` stays one.
  return Object.assign(Object.create(null), Object.fromEntries(kept))
}

/** Headers for a log: allowed ones as they are, of the others only the names. */
export function redactHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  allowed: ReadonlySet<string> = loggableHeaders,
): Record<string, string | readonly string[]> {
  const kept: Record<string, string | readonly string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) kept[name] = allowed.has(name.toLowerCase()) ? value : redacted
  }
  return kept
}

/**
 * An address for a log: no user name, no password, no fragment, and of the query only what steers a listing.
 *
 * Paths are kept: they hold native ids, which are needed to find the record. A text that is no address is taken out whole.
 */
export function redactUrl(address: string, allowed: ReadonlySet<string> = loggableQuery): string {
  const match = /^(https?:\/\/)(?:[^/?#]*@)?([^/?#@]+)([^?#]*)(?:\?([^#]*))?(?:#.*)?$/i.exec(address)
  if (match === null) return redacted
  const [, scheme = '', host = '', path = '', query] = match
  if (query === undefined || query === '') return `${scheme}${host}${path}`
  const kept = query.split('&').map((pair) => {
    const [name = ''] = pair.split('=', 1)
    return allowed.has(name.toLowerCase()) ? pair : `${name}=${redacted}`
  })
  return `${scheme}${host}${path}?${kept.join('&')}`
}
