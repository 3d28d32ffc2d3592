/**
 * When the API allows the next request: `Retry-After` (RFC 9110, 10.2.3) in every format that servers send,
 * proprietary fields and, when no header specifies it, the body of a refusal.
 *
 * Of several values the longest applies: retrying too late takes time, retrying too early may lose the
 * access.
 */
import { parseHttpDate } from './http-date.ts'

/** A month; more is a mistake of the server, and exceeds what a timer can hold. */
const longestMs = 30 * 86_400_000

/** Numbers in these fields are seconds. */
const secondsFields = [
  'retry-after',
  'x-retry-after',
  'ratelimit-retry-after',
  'x-ratelimit-retry-after',
  'x-rate-limit-retry-after',
  'x-rate-limit-retry-after-seconds',
]
/** Used by Azure, OpenAI and others. */
const millisecondsFields = ['retry-after-ms', 'x-retry-after-ms', 'x-ms-retry-after-ms']

/** Milliseconds per unit that may follow a number. */
const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const amount =
  /^\+?(\d+(?:\.\d*)?|\.\d+)\s*(?:(ms|millis(?:econds?)?)|(s|secs?|seconds?)|(m|mins?|minutes?)|(h|hours?))?$/i

/** The parts of a response that {@link waitAskedFor} reads. */
export interface RefusalSeen {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Decoded. */
  readonly body: unknown
}

/**
 * Returns the milliseconds that a response asks the client to wait, never negative and at most 30 days;
 * undefined when it does not.
 */
export function waitAskedFor({ headers, body }: RefusalSeen, now: number): number | undefined {
  const waits = [
    ...secondsFields.map((name) => retryAfterMs(headers[name], now, headers.date)),
    ...millisecondsFields.map((name) => retryAfterMs(headers[name], now, headers.date, 'ms')),
  ].filter((ms) => ms !== undefined)
  return waits.length > 0 ? Math.max(...waits) : waitInBody(body)
}

/**
 * Returns the milliseconds to wait according to one field, never negative and at most 30 days; undefined when
 * it is missing or not usable. The value may be a list, which is also the result of joining repeated fields.
 *
 * @param now epoch ms
 * @param date the response's `Date` field: dates are in the server's clock, so they are compared with it
 * @param unit of a number without one
 */
export function retryAfterMs(
  value: string | undefined,
  now: number,
  date?: string,
  unit: 's' | 'ms' = 's',
): number | undefined {
  if (value === undefined) return undefined
  let longest: number | undefined
  for (const member of membersOf(value)) {
    const ms = durationMs(member, unit) ?? untilMs(member, now, date)
    if (ms !== undefined) longest = Math.max(longest ?? 0, ms)
  }
  return longest === undefined ? undefined : Math.min(longestMs, longest)
}

/** The server's time according to its `Date` field; the local time when it has none. */
export function serverNow(date: string | undefined, now: number): number {
  return (date === undefined ? undefined : parseHttpDate(date.trim(), now)) ?? now
}

/** Commas also occur within dates, after the name of the day. */
function membersOf(value: string): readonly string[] {
  const members: string[] = []
  for (const piece of value.split(',').map((text) => text.trim().replace(/^"(.*)"$/, '$1'))) {
    const day = members.at(-1)
    if (day !== undefined && /^[a-z]+$/i.test(day)) members[members.length - 1] = `${day}, ${piece}`
    else if (piece !== '') members.push(piece)
  }
  return members
}

/** Fractions and units are not part of the RFC, but widely understood. */
function durationMs(text: string, unit: 's' | 'ms'): number | undefined {
  const parts = amount.exec(text)
  if (parts === null) return undefined
  const [, number, ms, s, m, h] = parts
  const named = ms ? 'ms' : s ? 's' : m ? 'm' : h ? 'h' : unit
  return Math.ceil(Number(number) * (units[named] ?? 1))
}

function untilMs(text: string, now: number, date: string | undefined): number | undefined {
  const at = parseHttpDate(text, now)
  return at === undefined ? undefined : Math.max(0, at - serverNow(date, now))
}

/** Where bodies contain the delay; numbers are seconds (Discord, Telegram, many others) or milliseconds. */
const bodyPlaces: readonly (readonly [readonly string[], 's' | 'ms'])[] = [
  [['retry_after'], 's'],
  [['retryAfter'], 's'],
  [['retry_after_seconds'], 's'],
  [['retryAfterSeconds'], 's'],
  [['error', 'retry_after'], 's'],
  [['error', 'retryAfter'], 's'],
  [['parameters', 'retry_after'], 's'],
  [['retry_after_ms'], 'ms'],
  [['retryAfterMs'], 'ms'],
  [['error', 'retry_after_ms'], 'ms'],
]

function waitInBody(body: unknown): number | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  for (const [path, unit] of bodyPlaces) {
    const found = numberOrText(path.reduce(memberOf, body))
    const ms = found === undefined ? undefined : durationMs(found, unit)
    if (ms !== undefined) return Math.min(longestMs, ms)
  }
  // Google: `error.details` has a RetryInfo with `retryDelay: "34.5s"`.
  const details = memberOf(memberOf(body, 'error'), 'details')
  for (const detail of Array.isArray(details) ? details.slice(0, 16) : []) {
    const delay = memberOf(detail, 'retryDelay')
    const ms = typeof delay === 'string' ? durationMs(delay, 's') : undefined
    if (ms !== undefined) return Math.min(longestMs, ms)
  }
  return undefined
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined
}

function numberOrText(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
