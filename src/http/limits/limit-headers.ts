/**
 * Reads rate limits from response headers, in every format in use:
 *
 * - `RateLimit` and `RateLimit-Policy` as lists of named limits (draft 8 to 11): `"burst";r=19;t=2`,
 *   `"burst";q=20;w=2`
 * - `RateLimit` as a dictionary (draft 7): `limit=20, remaining=19, reset=2` with the policy `20;w=2`
 * - `RateLimit-Limit`, `-Remaining`, `-Reset` (up to draft 6)
 * - `X-RateLimit-*` and `X-Rate-Limit-*`: the reset is a number of seconds, or a time as epoch seconds,
 *   milliseconds or ISO text
 * - `Sforce-Limit-Info: api-usage=18/5000`
 *
 * Unreadable fields are ignored: a broken field must not stop the calls that it should only pace.
 */
import { type BareItem, isInnerList, type Parameters, parseDictionary, parseList } from 'structured-headers'
import { serverNow } from '../backoff/retry-after.ts'

/** One limit as reported by one response. */
export interface LimitReport {
  /** Distinguishes several limits of one system. */
  readonly name: string
  /** Requests allowed per window. */
  readonly quota?: number | undefined
  /** Requests left in this window. */
  readonly remaining?: number | undefined
  /** Milliseconds until the window ends. */
  readonly resetMs?: number | undefined
  /** Length of the window in milliseconds. */
  readonly windowMs?: number | undefined
}

/** Header fields of a response, names in lower case. */
export type ResponseHeaders = Readonly<Record<string, string>>

/**
 * A connector's own reader, for a system with its own format. Its reports are added to those of the known
 * formats.
 */
export type ParseLimits = (headers: ResponseHeaders) => readonly LimitReport[]

interface Item {
  readonly value: BareItem
  readonly parameters: Parameters
}

const namesMax = 16
const none: readonly LimitReport[] = Object.freeze([])

/** Most responses report nothing, so that has to be detected without reading any field. */
function reportsLimits(headers: ResponseHeaders): boolean {
  for (const name in headers) {
    if (name.includes('rate') ? /rate-?limit/.test(name) : name === 'sforce-limit-info') return true
  }
  return false
}

/** Returns all limits that a response reports. `now` is epoch milliseconds, for resets given as a time. */
export function limitsFromHeaders(headers: ResponseHeaders, now: number): readonly LimitReport[] {
  if (!reportsLimits(headers)) return none
  const reports = [
    ...standardLimits(headers, now),
    ...prefixedLimits(headers, 'x-ratelimit', now),
    ...prefixedLimits(headers, 'x-rate-limit', now),
    ...salesforceLimits(headers['sforce-limit-info']),
  ]
  return reports.slice(0, namesMax)
}

const prefixes = ['ratelimit', 'x-ratelimit', 'x-rate-limit']

/**
 * Returns the ends of all windows that a response reports, in milliseconds from now, whether or not it
 * reports what is left of them.
 */
export function resetsFromHeaders(headers: ResponseHeaders, now: number): readonly number[] {
  if (!reportsLimits(headers)) return []
  const named = limitsFromHeaders(headers, now).map(({ resetMs }) => resetMs)
  const bare = prefixes.flatMap((prefix) => [
    resetOf(headers[`${prefix}-reset`], headers, now),
    ms(numberOf(headers[`${prefix}-reset-after`])),
  ])
  return [...named, ...bare].filter((resetMs) => resetMs !== undefined)
}

function standardLimits(headers: ResponseHeaders, now: number): readonly LimitReport[] {
  const policies = itemsOf(headers['ratelimit-policy'])
  const field = headers.ratelimit
  if (field === undefined) return prefixedLimits(headers, 'ratelimit', now, policies)
  const dictionary = dictionaryOf(field)
  if (dictionary !== undefined) {
    const quota = dictionary.get('limit')
    const reset = dictionary.get('reset')
    return [
      withPolicy(
        { name: 'default', quota, remaining: dictionary.get('remaining'), resetMs: ms(reset) },
        policies,
      ),
    ]
  }
  return itemsOf(field).flatMap(({ value, parameters }) => {
    const name = nameOf(value)
    const policy = policies.find((candidate) => nameOf(candidate.value) === name)?.parameters
    const unit = policy?.get('qu')
    // Limits of bytes and of concurrent requests are not rate limits.
    if (name === undefined || (unit !== undefined && unit !== 'requests')) return []
    return [
      {
        name,
        quota: countOf(policy?.get('q')),
        windowMs: ms(countOf(policy?.get('w'))),
        remaining: countOf(parameters.get('r')),
        resetMs: ms(countOf(parameters.get('t'))),
      },
    ]
  })
}

/**
 * `<prefix>-limit`, `-remaining` and `-reset`. The limit may contain its own policies: `10, 10;w=1, 50;w=60`.
 */
function prefixedLimits(
  headers: ResponseHeaders,
  prefix: string,
  now: number,
  policies: readonly Item[] = [],
): readonly LimitReport[] {
  const limits = itemsOf(headers[`${prefix}-limit`])
  const quota = countOf(limits[0]?.value)
  const remaining = numberOf(headers[`${prefix}-remaining`])
  if (remaining === undefined && quota === undefined) return []
  const resetMs = resetOf(headers[`${prefix}-reset`], headers, now)
  return [withPolicy({ name: prefix, quota, remaining, resetMs }, [...policies, ...limits])]
}

/** The policy of the same quota defines the window. */
function withPolicy(report: LimitReport, policies: readonly Item[]): LimitReport {
  const windowed = policies.filter(({ parameters }) => countOf(parameters.get('w')) !== undefined)
  const policy = windowed.find(({ value }) => countOf(value) === report.quota)
  return { ...report, windowMs: ms(countOf(policy?.parameters.get('w'))) }
}

/**
 * Requests of a sliding window become available continuously, so a report of it is valid no longer than this.
 */
const slidingResetMs = 60_000

/** `api-usage=18/5000, per-app-api-usage=17/250(appName=sample)`: each over a sliding window of 24 hours. */
function salesforceLimits(field: string | undefined): readonly LimitReport[] {
  const found = [...(field ?? '').matchAll(/([\w-]+)=(\d{1,12})\/(\d{1,12})/g)]
  return found.map(([, name = '', used, quota]) => ({
    name,
    quota: Number(quota),
    remaining: Math.max(0, Number(quota) - Number(used)),
    windowMs: 86_400_000,
    resetMs: slidingResetMs,
  }))
}

/** Remaining seconds, or a point in time. */
function resetOf(field: string | undefined, headers: ResponseHeaders, now: number): number | undefined {
  const text = field?.trim() ?? ''
  const number = numberOf(text)
  const here = serverNow(headers.date, now)
  if (number === undefined) {
    // Without a zone it is UTC: `Date.parse` would interpret it in the local zone.
    const hasZone = /(?:z|[+-]\d\d:?\d\d)$/i.test(text)
    const at = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(hasZone ? text : `${text}Z`) : Number.NaN
    return Number.isNaN(at) ? undefined : Math.max(0, at - here)
  }
  if (number > 100_000_000_000) return Math.max(0, number - here)
  if (number > 1_000_000_000) return Math.max(0, number * 1_000 - here)
  return number * 1_000
}

function itemsOf(field: string | undefined): readonly Item[] {
  if (field === undefined) return []
  try {
    return parseList(field).flatMap((member) =>
      isInnerList(member) ? [] : [{ value: member[0], parameters: member[1] }],
    )
  } catch {
    return []
  }
}

function dictionaryOf(field: string): ReadonlyMap<string, number | undefined> | undefined {
  if (!/^\s*[a-z]+\s*=/.test(field)) return undefined
  try {
    const members = [...parseDictionary(field)]
    return new Map(
      members.map(([name, member]) => [name, countOf(Array.isArray(member[0]) ? undefined : member[0])]),
    )
  } catch {
    return undefined
  }
}

function nameOf(value: BareItem): string | undefined {
  return typeof value === 'string' && value.length <= 128 ? value : undefined
}

function countOf(value: BareItem | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

function numberOf(text: string | undefined): number | undefined {
  return /^\d{1,15}(\.\d{1,6})?$/.test(text?.trim() ?? '') ? Number(text) : undefined
}

function ms(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000
}
