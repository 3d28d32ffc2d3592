/**
 * Computes how long a load takes within the limits of a system, from calls and quotas only, without
 * assumptions about its response time. The result is a lower bound for planning.
 */
import type { RemoteCapabilities } from '../../connectors/kit/capabilities.ts'
import type { SystemUsage } from '../../connectors/kit/description.ts'

/** A steady rate that the definition allows. */
export interface AllowedRate {
  readonly name: string
  readonly requests: number
  readonly perMs: number
}

/** The allowance of one system. */
export interface Allowance {
  /** From the definition. @default none */
  readonly rates?: readonly AllowedRate[]
  /** As reported by the system. @default none */
  readonly quotas?: readonly SystemUsage[]
  /** Share reserved for people and other applications, 0..0.9. @default 0 */
  readonly reserve?: number
}

/** The duration, and the limit that determines it. */
export interface Forecast {
  readonly calls: number
  readonly durationMs: number
  /** The determining quota or rate; undefined if there is none. */
  readonly bound?: string
}

/** Default windows of quotas without a declared length, as most vendors define them. */
const usualWindowMs = 86_400_000

/**
 * Computes the calls of an initial load: the list, a read of each record, and a write to each, in batches if
 * the system supports them. This is an upper bound, because records that already agree need no write.
 */
export function callsOfLoad(
  records: number,
  { list, read, writeBatch }: Pick<RemoteCapabilities, 'list' | 'read' | 'writeBatch'>,
): number {
  const pages = list.paging === 'none' ? 0 : Math.ceil(records / Math.max(1, list.pageSize))
  return (
    pages + Math.ceil(records / Math.max(1, read.batch)) + Math.ceil(records / Math.max(1, writeBatch ?? 1))
  )
}

/** Returns when this many calls are done if only the allowance limits them. `now` is epoch ms. */
export function forecastCalls(calls: number, allowance: Allowance, now: number): Forecast {
  const bounds = [
    ...(allowance.rates ?? []).map((rate) => ({ bound: rate.name, durationMs: timeAtRate(calls, rate) })),
    ...(allowance.quotas ?? []).map((quota) => ({
      bound: quota.name,
      durationMs: timeAtQuota(calls, quota, { reserve: allowance.reserve ?? 0, now }),
    })),
  ]
  const slowest = bounds.reduce<{ bound?: string; durationMs: number }>(
    (worst, one) => (one.durationMs > worst.durationMs ? one : worst),
    { durationMs: 0 },
  )
  return { calls, ...slowest }
}

function timeAtRate(calls: number, { requests, perMs }: AllowedRate): number {
  return Math.ceil((calls / requests) * perMs)
}

function timeAtQuota(
  calls: number,
  { limit, remaining, windowMs = usualWindowMs, resetsAt }: SystemUsage,
  { reserve, now }: { readonly reserve: number; readonly now: number },
): number {
  const kept = Math.floor(limit * reserve)
  const usable = Math.max(0, remaining - kept)
  if (calls <= usable) return 0
  const perWindow = Math.max(1, limit - kept)
  const windows = Math.ceil((calls - usable) / perWindow)
  const untilReset = resetsAt === undefined ? windowMs : Math.max(0, resetsAt - now)
  return untilReset + (windows - 1) * windowMs
}

/** Formats a duration with its two largest units. */
export function durationText(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const
  const first = units.findIndex(([, size]) => ms >= size)
  if (first < 0) return 'less than a second'
  const [name, size] = units[first] ?? units[3]
  const next = units[first + 1]
  const rest = next === undefined ? 0 : Math.floor((ms % size) / next[1])
  return `${Math.floor(ms / size)} ${name}${rest > 0 && next !== undefined ? ` ${rest} ${next[0]}` : ''}`
}
