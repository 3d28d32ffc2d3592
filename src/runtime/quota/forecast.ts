/**
 * How long a load takes at what a system allows: arithmetic on calls and quotas, without a guess about how fast the system answers. So the
 * result is a lower bound that a person can plan with: it will not be faster than that.
 */
import type { RemoteCapabilities } from '../../connectors/kit/capabilities.ts'
import type { SystemUsage } from '../../connectors/kit/description.ts'

/** A steady rate that the definition allows. */
export interface AllowedRate {
  readonly name: string
  readonly requests: number
  readonly perMs: number
}

/** What one system allows. */
export interface Allowance {
  /** From the definition. @default none */
  readonly rates?: readonly AllowedRate[]
  /** As the system told. @default none */
  readonly quotas?: readonly SystemUsage[]
  /** Share left to people and other applications, 0..0.9. @default 0 */
  readonly reserve?: number
}

/** How long it takes, and what holds it up. */
export interface Forecast {
  readonly calls: number
  readonly durationMs: number
  /** The quota or rate that decides; undefined when nothing bounds it. */
  readonly bound?: string
}

/** Windows of quotas that don't say how long they are: as most vendors count. */
const usualWindowMs = 86_400_000

/**
 * Calls of a first load: the list, a look at each record, and a write to each, in batches where the system takes them. The most there can
 * be: records that agree already need no write.
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

/** When so many calls are done, if nothing but the allowance holds them up. `now` is epoch ms. */
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

/** A length of time for people: the two largest units. */
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
