/**
 * The parts of an exchange that a cassette may keep, as allow-lists: everything not known to be harmless is
 * removed. Logs need none: they are made of typed facts (`http/call-log.ts`, `model/events.ts`) that contain
 * neither headers, bodies nor record values.
 */

/** Replaces every removed value. */
export const redacted = '[redacted]'

/** Headers that describe the call and never identify the caller. Lower case. */
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

/** Query parameters that control a listing and name no record. Lower case. */
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
