/**
 * What a cassette may keep of an exchange, as allow-lists: what is not known to be harmless does not get out. Logs need none: they are made of
 * typed facts (`http/call-log.ts`, `model/events.ts`) that hold neither headers, bodies nor record values.
 */

/** Stands for anything that was taken out. */
export const redacted = '[redacted]'

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
