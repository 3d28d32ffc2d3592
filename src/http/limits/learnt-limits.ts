/**
 * Limits learnt from a system's responses, so that the next request does not exceed them.
 *
 * Each limit applies in two ways. *Left*: the remaining requests of the window, less those in flight, until
 * the window ends; the API counts other clients as well, so its number is authoritative. *Pace*: while the
 * window is short, requests are spread over it, which keeps any kind of window (fixed or sliding) without
 * knowing which it is.
 *
 * A window is *known* (a response reported what is left) or *over* (its end has passed): then the quota is
 * assumed to be complete until the next response reports it.
 */
import { Gcra } from './gcra.ts'
import type { LimitReport } from './limit-headers.ts'

/** Longer windows are not paced: ten calls of an hourly quota should not be spread over a minute. */
const pacedWindowMs = 60_000
/** Delay until the next check when a limit is used up and its end is not known. */
const unknownResetMs = 60_000
/** Resets are reported in whole seconds; a reset later than that is a new window. */
const resetRoundingMs = 1_000
const limitsMax = 16
/** Maximum number of API parts that one limit distinguishes. */
const scopesMax = 64

interface Limit {
  /** Parts of the API whose responses reported it; empty when it was learnt from another source. */
  readonly scopes: Set<string>
  /** Parts whose responses did not report it: it does not apply to them. */
  readonly strangers: Set<string>
  /** It was first reported by a refusal, so it may apply only to the part that refused. */
  readonly wasRefusal: boolean
  readonly name: string
  quota: number | undefined
  windowMs: number | undefined
  left: number
  resetAt: number
  /** The window is over; nothing is known of the next one. */
  over: boolean
  pace: Gcra | undefined
}

/** Source of a response that reported limits. */
export interface LimitSource {
  /** Part of the API. */
  readonly scope: string
  /** The response refused the request. */
  readonly isRefusal: boolean
}

/** One limit, for display. */
export interface LimitUsage {
  /** The API's name of the limit. */
  readonly name: string
  /** Calls allowed in the window, if the API reports it. */
  readonly quota?: number
  /** Remaining calls in the window. */
  readonly remaining: number
  /** Milliseconds until the window ends. */
  readonly resetMs: number
  /** Length of the window in milliseconds, if the system reported it. */
  readonly windowMs?: number
}

/** All limits learnt about one system. Times are monotonic milliseconds. */
export class LearntLimits {
  readonly #limits = new Map<string, Limit>()

  get isEmpty(): boolean {
    return this.#limits.size === 0
  }

  /** True once limits differ between parts of the API. */
  get isScoped(): boolean {
    for (const { strangers, wasRefusal } of this.#limits.values()) {
      if (wasRefusal || strangers.size > 0) return true
    }
    return false
  }

  /** Records the limits that a response reported. Without a source they apply to everything. */
  learn(reports: readonly LimitReport[], now: number, source?: LimitSource): void {
    for (const report of reports) {
      const known = this.#limits.get(report.name)
      if (known !== undefined) update(known, report, now)
      else if (this.#limits.size < limitsMax)
        this.#limits.set(report.name, newLimit(report, now, source?.isRefusal ?? false))
      if (source !== undefined) assignScope(this.#limits.get(report.name), source.scope)
    }
    if (source !== undefined && !source.isRefusal) this.#assignScopeToOthers(reports, source.scope)
  }

  #assignScopeToOthers(reports: readonly LimitReport[], scope: string): void {
    for (const { name, scopes, strangers } of this.#limits.values()) {
      if (scopes.size === 0 || scopes.has(scope) || strangers.size >= scopesMax) continue
      if (!reports.some((report) => report.name === name)) strangers.add(scope)
    }
  }

  /**
   * Returns the milliseconds until the limits allow a request, not counting requests in flight. `reserve` is
   * the share that this caller must leave unused, `ahead` the number of requests that start before it.
   */
  waitMs(now: number, reserve: number, scope?: string, ahead = 0): number {
    let waitMs = 0
    for (const limit of this.#limits.values()) {
      if (!concerns(limit, scope)) continue
      endWindow(limit, now)
      const isUsedUp = limit.left - (limit.over ? 0 : ahead) < leastLeft(limit, reserve)
      if (isUsedUp) waitMs = Math.max(waitMs, limit.resetAt - now)
      if (limit.pace !== undefined) waitMs = Math.max(waitMs, limit.pace.waitMs(now, reserve, ahead))
    }
    return waitMs
  }

  /** True while the requests in flight may use up the remaining quota: the next response will report it. */
  isSpoken(running: number, reserve: number, scope?: string): boolean {
    for (const limit of this.#limits.values()) {
      if (!concerns(limit, scope)) continue
      if (limit.left >= leastLeft(limit, reserve) && limit.left - running < leastLeft(limit, reserve))
        return true
    }
    return false
  }

  /** Counts a request that starts now. */
  take(now: number, scope?: string): void {
    for (const limit of this.#limits.values()) if (concerns(limit, scope)) limit.pace?.take(now)
  }

  usage(now: number): readonly LimitUsage[] {
    return [...this.#limits.values()].map((limit) => {
      endWindow(limit, now)
      const { name, quota, left, windowMs } = limit
      const resetMs = limit.over ? 0 : Math.max(0, limit.resetAt - now)
      return {
        name,
        remaining: left,
        resetMs,
        ...(quota === undefined ? {} : { quota }),
        ...(windowMs === undefined ? {} : { windowMs }),
      }
    })
  }
}

/** One must remain to be taken, in addition to the reserve. */
function leastLeft({ quota }: Limit, reserve: number): number {
  return 1 + (quota === undefined ? 0 : Math.floor(quota * reserve))
}

function assignScope(limit: Limit | undefined, scope: string): void {
  if (limit === undefined || limit.scopes.size >= scopesMax) return
  limit.scopes.add(scope)
  limit.strangers.delete(scope)
}

/**
 * A limit reported only by a refusal applies to the part that refused, until another part reports it as well.
 */
function concerns({ scopes, strangers, wasRefusal }: Limit, scope: string | undefined): boolean {
  if (scope === undefined || scopes.has(scope)) return true
  return !strangers.has(scope) && (!wasRefusal || scopes.size !== 1)
}

function newLimit(report: LimitReport, now: number, wasRefusal: boolean): Limit {
  const limit: Limit = {
    scopes: new Set(),
    strangers: new Set(),
    wasRefusal,
    name: report.name,
    quota: undefined,
    windowMs: undefined,
    left: Number.MAX_SAFE_INTEGER,
    resetAt: now + unknownResetMs,
    over: true,
    pace: undefined,
  }
  update(limit, report, now)
  return limit
}

function update(limit: Limit, report: LimitReport, now: number): void {
  endWindow(limit, now)
  repace(limit, report, now)
  if (report.remaining === undefined) return
  const resetAt = now + (report.resetMs ?? limit.windowMs ?? unknownResetMs)
  const isNewWindow =
    limit.over || (report.remaining > limit.left && resetAt > limit.resetAt + resetRoundingMs)
  // Responses overtake each other: within one window the lowest number and the earliest end are the latest.
  limit.left = isNewWindow ? report.remaining : Math.min(limit.left, report.remaining)
  limit.resetAt = isNewWindow ? resetAt : Math.min(limit.resetAt, resetAt)
  limit.over = false
}

function repace(limit: Limit, { quota, windowMs }: LimitReport, now: number): void {
  if (quota === undefined || (quota === limit.quota && windowMs === limit.windowMs)) return
  limit.quota = quota
  limit.windowMs = windowMs
  limit.pace = undefined
  if (windowMs === undefined || windowMs <= 0 || windowMs > pacedWindowMs || quota < 1) return
  limit.pace = new Gcra({ requests: quota, perMs: windowMs })
  // The request that returned the current numbers.
  limit.pace.take(now)
}

function endWindow(limit: Limit, now: number): void {
  if (limit.over || now < limit.resetAt) return
  limit.over = true
  // Without a known quota one request is sent ahead to learn it.
  limit.left = limit.quota ?? 1
  limit.resetAt = now + unknownResetMs
}
