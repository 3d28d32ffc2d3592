/**
 * What a system's responses taught about its limits, kept so that the next request is not the one too many.
 *
 * Each limit holds in two ways. *Left*: the remaining requests of the window, less those on the way, until the window ends; the other side
 * counts other clients as well, so its number is the truth. *Pace*: while the window is short, requests are spread over it, which keeps any
 * kind of window (fixed or sliding) without a guess about which it is.
 *
 * A window is *known* (a response told what is left) or *over* (its end has passed): then the quota is assumed to be whole, and the next
 * answer's word counts again.
 */
import { Gcra } from './gcra.ts'
import type { LimitReport } from './limit-headers.ts'

/** Longer windows are not paced: nobody wants ten calls of an hourly quota spread over a minute. */
const pacedWindowMs = 60_000
/** When to look again, if a limit is used up and nobody says until when. */
const unknownResetMs = 60_000
/** Resets come in whole seconds; a later one than that is a new window. */
const resetRoundingMs = 1_000
const limitsMax = 16
/** Parts of an API that are told apart for one limit. */
const scopesMax = 64

interface Limit {
  /** Parts of the API whose responses told of it; empty when it was learnt in another way. */
  readonly scopes: Set<string>
  /** Parts whose responses did not: it is not about them. */
  readonly strangers: Set<string>
  /** A refusal told of it first, so it may be about the part that refused alone. */
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

/** Whose response told of limits. */
export interface LimitSource {
  /** Part of the API. */
  readonly scope: string
  /** The response refused the request. */
  readonly isRefusal: boolean
}

/** One limit, for people who want to see it. */
export interface LimitUsage {
  /** What the API calls the limit. */
  readonly name: string
  /** Calls that are allowed in the window, where the API says so. */
  readonly quota?: number
  /** Calls that are left in it. */
  readonly remaining: number
  /** Milliseconds until the window ends. */
  readonly resetMs: number
  /** Length of the window in milliseconds, if the system told. */
  readonly windowMs?: number
}

/** All limits learnt of one system. Times are monotonic milliseconds. */
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

  /** Takes in what a response said. Without a source it is about everything. */
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
   * Milliseconds until the limits allow a request, requests on the way aside. `reserve` is the share that this caller must leave, `ahead`
   * the number of requests that start before it.
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

  /** True while the requests on the way may use up what is left: the next response tells. */
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

/** One must be left to be taken, beside the reserve. */
function leastLeft({ quota }: Limit, reserve: number): number {
  return 1 + (quota === undefined ? 0 : Math.floor(quota * reserve))
}

function assignScope(limit: Limit | undefined, scope: string): void {
  if (limit === undefined || limit.scopes.size >= scopesMax) return
  limit.scopes.add(scope)
  limit.strangers.delete(scope)
}

/** A limit that only a refusal told of is about the part that refused, until another part tells of it as well. */
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
  // Answers overtake each other: within one window the lowest number and the earliest end are the latest news.
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
  // The request that brought the news.
  limit.pace.take(now)
}

function endWindow(limit: Limit, now: number): void {
  if (limit.over || now < limit.resetAt) return
  limit.over = true
  // Without a known quota one request goes ahead and brings the news.
  limit.left = limit.quota ?? 1
  limit.resetAt = now + unknownResetMs
}
