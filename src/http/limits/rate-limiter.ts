/**
 * Lets requests start within all limits of a system, the most urgent first.
 *
 * A waiter is *waiting* in its lane's queue until it is *granted* (all limits allow it), *stopped* (its call
 * ended) or *refused* on arrival (the queue is full, or its turn can't come before its deadline). A grant is
 * released when the attempt is over.
 *
 * The limiter is *ignorant* of the system at first: one request is sent ahead, and the others wait at most a
 * second for its response, which may report limits. After that it is *informed*. A request that is sent ahead
 * and gets no response leaves it ignorant.
 */

import type { Priority } from '../call.ts'
import { type Stop, sleepUntilStopped } from '../stop.ts'
import { Gcra, type RateLimit } from './gcra.ts'
import { LearntLimits, type LimitSource, type LimitUsage } from './learnt-limits.ts'
import {
  type LimitReport,
  limitsFromHeaders,
  type ParseLimits,
  type ResponseHeaders,
} from './limit-headers.ts'
import { ScopedPauses } from './scoped-pauses.ts'
import type { SharedLimits } from './shared-buckets.ts'
import { SharedBuckets } from './shared-buckets.ts'

/** Limits of one system. */
export interface LimitOptions {
  /** Rate limits, all of which apply: per second, per day, … @default none */
  readonly rates?: readonly RateLimit[]
  /** Maximum number of concurrent requests. @default limited only by the number of sockets */
  readonly concurrency?: number
  /**
   * Share of each rate's burst, and of each quota that the API reports, reserved for calls with the priority
   * `hand`. 0 to 0.9. @default 0
   */
  readonly reserve?: number
  /** Maximum number of waiting calls; further ones are refused. 1 to 100,000. @default 1000 */
  readonly maxWaiting?: number
  /** Adopts limits that response headers report. @default true */
  readonly learn?: boolean
  /** Reads limits from headers whose format is not built in. @default none */
  readonly parse?: ParseLimits
  /**
   * Shares `rates` with other processes. While the store is unavailable, each process observes them on its
   * own. @default none
   */
  readonly shared?: SharedLimits
}

/** Why a call does not get to wait. `waitMs` is the minimum time that it would wait. */
export interface LimiterRefusal {
  readonly refused: 'queue-full' | 'too-late'
  readonly waitMs: number
}

/** A slot that has to be released, or a refusal. */
export type Grant = { readonly release: () => void } | LimiterRefusal

/** A request for a slot, and until when the slot is useful. */
export interface AcquireRequest {
  readonly lane: Priority
  readonly stop: Stop
  /** Monotonic ms. */
  readonly deadlineAt: number
  /** Part of the API that fails or is limited as a unit. @default the whole */
  readonly scope?: string
}

/** Current usage of the limits. */
export interface LimiterUsage {
  /** Calls in progress. */
  readonly running: number
  /** Calls in the queue. */
  readonly waiting: number
  /** Monotonic ms until which the system asked for no requests; 0 = not. */
  readonly pausedUntil: number
  /** Limits reported by the responses so far. */
  readonly limits: readonly LimitUsage[]
}

interface Waiter {
  readonly lane: Priority
  readonly scope: string | undefined
  readonly grant: () => void
  stopped: boolean
}

/** A timer set for longer fires immediately; waking up early only checks again. */
const timerMax = 2_147_483_647
/** Longest time that calls wait for the response of the request that was sent ahead. */
const aheadMs = 1_000

const lanes = ['hand', 'webhook', 'batch'] as const satisfies readonly Priority[]

/** The limits of one system and the calls that wait for them. */
export class RateLimiter {
  readonly #rates: readonly Gcra[]
  readonly #shared: SharedBuckets | undefined
  readonly #learnt = new LearntLimits()
  readonly #learns: boolean
  readonly #parse: ParseLimits | undefined
  readonly #concurrency: number
  readonly #reserve: number
  readonly #maxWaiting: number
  readonly #monotonic: () => number
  readonly #queues: Readonly<Record<Priority, Waiter[]>> = { hand: [], webhook: [], batch: [] }
  readonly #waitingIn: Record<Priority, number> = { hand: 0, webhook: 0, batch: 0 }
  readonly #pauses = new ScopedPauses()
  #running = 0
  #waiting = 0
  /** Calls that wait for the end of the pause of their part of the API. */
  #parked = 0
  #ignorant: boolean
  /** Until when the request that was sent ahead is waited for; 0 = none is in progress. */
  #aheadUntil = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: LimitOptions, monotonic: () => number) {
    this.#rates = (options.rates ?? []).map((rate) => new Gcra(rate))
    this.#concurrency = options.concurrency ?? Number.POSITIVE_INFINITY
    this.#reserve = options.reserve ?? 0
    this.#maxWaiting = options.maxWaiting ?? 1_000
    this.#learns = options.learn ?? true
    this.#ignorant = this.#learns
    this.#parse = options.parse
    this.#monotonic = monotonic
    this.#shared =
      options.shared === undefined || this.#rates.length === 0
        ? undefined
        : new SharedBuckets(options.shared, this.#rates, monotonic)
  }

  get usage(): LimiterUsage {
    return {
      running: this.#running,
      waiting: this.#waiting + this.#parked,
      pausedUntil: this.#pauses.lastUntil,
      limits: this.#learnt.usage(this.#monotonic()),
    }
  }

  /**
   * Resolves when a request may start, or immediately when it can't in time. Rejects with the stop's reason.
   */
  acquire(request: AcquireRequest): Grant | Promise<Grant> {
    const { lane, scope, deadlineAt } = request
    const now = this.#monotonic()
    const pausedMs = this.#pauses.waitOf(scope, now)
    const waitMs = Math.max(pausedMs, this.#waitMs(lane, scope, now))
    const isFree = waitMs === 0 && this.#waiting === 0 && !this.#isBlocked(lane, scope, now)
    if (isFree && !this.#asksOthers(now)) return this.#grant(now, scope)
    const atBestMs = Math.max(waitMs, this.#queuedMs(lane, scope, now))
    if (now + atBestMs > deadlineAt) return { refused: 'too-late', waitMs: atBestMs }
    if (this.#waiting + this.#parked >= this.#maxWaiting) return { refused: 'queue-full', waitMs }
    return pausedMs > 0 ? this.#park(request, pausedMs) : this.#enqueue(request)
  }

  /**
   * Records that the system asked for no requests: nothing of the scope starts for `ms`, and nothing at all
   * where limits are shared.
   */
  pause(ms: number, scope?: string): void {
    const now = this.#monotonic()
    this.#pauses.pause(now + ms, this.#shared === undefined ? scope : undefined, now)
    this.#shared?.pause(ms)
  }

  /** Waits for the end of a pause, then queues like every other call. */
  async #park(request: AcquireRequest, ms: number): Promise<Grant> {
    this.#parked += 1
    try {
      await sleepUntilStopped(ms, request.stop)
    } finally {
      this.#parked -= 1
    }
    return this.acquire(request)
  }

  /** Records the limits that a response reports. `now` is epoch ms. */
  learn(headers: ResponseHeaders, now: number, source?: LimitSource): void {
    if (!this.#learns) return
    const reports = limitsFromHeaders(headers, now)
    const own = this.#parse?.(headers) ?? []
    if (own.length > 0) this.#learnt.learn(own, this.#monotonic())
    if (reports.length > 0 || !this.#learnt.isEmpty) this.#learnt.learn(reports, this.#monotonic(), source)
    if (!this.#ignorant) return
    this.#ignorant = false
    this.#admit()
  }

  /** Records limits from a source other than headers. */
  learnReports(reports: readonly LimitReport[]): void {
    if (!this.#learns) return
    this.#learnt.learn(reports, this.#monotonic())
    this.#admit()
  }

  #enqueue(request: AcquireRequest): Promise<Grant> {
    return new Promise((resolve, reject) => {
      if (request.stop.reason !== undefined) {
        reject(request.stop.reason)
        return
      }
      const onStop = (reason: Error): void => {
        waiter.stopped = true
        leave()
        // With a quota that is used up, the timer may be set for hours, and would keep a process alive that
        // waits for nothing any more.
        if (this.#waiting === 0) this.#stopTimer()
        reject(reason)
      }
      const leave = (): void => {
        this.#waiting -= 1
        this.#waitingIn[request.lane] -= 1
      }
      const waiter: Waiter = {
        lane: request.lane,
        scope: request.scope,
        stopped: false,
        grant: () => {
          request.stop.forget(onStop)
          leave()
          resolve(this.#grant(this.#monotonic(), request.scope))
        },
      }
      request.stop.onStop(onStop)
      this.#waiting += 1
      this.#waitingIn[request.lane] += 1
      this.#queues[request.lane].push(waiter)
      this.#admit()
    })
  }

  #grant(now: number, scope: string | undefined): { readonly release: () => void } {
    for (const rate of this.#rates) rate.take(now)
    this.#learnt.take(now, scope)
    const isAhead = this.#ignorant && this.#aheadUntil === 0
    if (isAhead) this.#aheadUntil = now + aheadMs
    this.#running += 1
    let released = false
    return {
      release: () => {
        if (released) return
        released = true
        this.#running -= 1
        if (isAhead) this.#aheadUntil = 0
        this.#admit()
      },
    }
  }

  /** Returns the milliseconds until the limits allow a request of the lane. */
  #waitMs(lane: Priority, scope: string | undefined, now: number): number {
    const reserve = lane === 'hand' ? 0 : this.#reserve
    let waitMs = Math.max(this.#pauses.waitMs(now), this.#learnt.waitMs(now, reserve, scope))
    if (this.#asksOthers(now)) return Math.max(waitMs, this.#shared?.waitMs(now) ?? 0)
    for (const rate of this.#rates) waitMs = Math.max(waitMs, rate.waitMs(now, reserve))
    return waitMs
  }

  /** The same for a call that queues behind all calls of its own and of more urgent lanes: a lower bound. */
  #queuedMs(lane: Priority, scope: string | undefined, now: number): number {
    let ahead = 0
    for (const other of lanes.slice(0, lanes.indexOf(lane) + 1)) ahead += this.#waitingIn[other]
    if (ahead === 0) return 0
    const reserve = lane === 'hand' ? 0 : this.#reserve
    // Those ahead may belong to other parts of the API, so they count towards this part's limits only where
    // all limits apply to the whole API.
    let waitMs = this.#learnt.isScoped ? 0 : this.#learnt.waitMs(now, reserve, scope, ahead)
    for (const rate of this.#rates) waitMs = Math.max(waitMs, rate.waitMs(now, reserve, ahead))
    return waitMs
  }

  /** True while a request in flight has to end first. */
  #isBlocked(lane: Priority, scope: string | undefined, now: number): boolean {
    if (this.#running >= this.#concurrency) return true
    if (this.#ignorant && now < this.#aheadUntil) return true
    return this.#learnt.isSpoken(this.#running, lane === 'hand' ? 0 : this.#reserve, scope)
  }

  #asksOthers(now: number): boolean {
    return this.#shared?.isUp(now) === true
  }

  /**
   * Grants as many waiters as the limits allow now, the most urgent lane first, and runs again when the next
   * one may start.
   */
  #admit(): void {
    if (this.#waiting === 0) return
    while (true) {
      const now = this.#monotonic()
      const head = this.#head(now)
      if (head === undefined || !this.#mayGo(head, now)) break
      if (this.#asksOthers(now)) {
        this.#askOthers(head.lane)
        return
      }
      this.#letGo(head)
    }
    this.#schedule()
  }

  /**
   * Asks the shared buckets for as many requests as could start now; those granted go to the waiters that are
   * most urgent by then.
   */
  #askOthers(lane: Priority): void {
    const shared = this.#shared
    if (shared === undefined || shared.isAsking) return
    const room = Math.min(this.#concurrency - this.#running, this.#queues[lane].length)
    void shared.take(room, lane === 'hand' ? 0 : this.#reserve).then((taken) => {
      for (let left = taken; left > 0; left -= 1) {
        const head = this.#head(this.#monotonic())
        if (head === undefined) break
        this.#letGo(head)
      }
      this.#admit()
    })
  }

  #mayGo({ lane, scope }: Waiter, now: number): boolean {
    return !this.#isBlocked(lane, scope, now) && this.#waitMs(lane, scope, now) === 0
  }

  #letGo(waiter: Waiter): void {
    const queue = this.#queues[waiter.lane]
    if (queue[0] === waiter) queue.shift()
    else queue.splice(queue.indexOf(waiter), 1)
    waiter.grant()
  }

  /**
   * Returns the most urgent waiter. Where limits differ between parts of the API, a waiter that may start
   * passes those that may not.
   */
  #head(now: number): Waiter | undefined {
    let first: Waiter | undefined
    const isScoped = this.#learnt.isScoped
    for (const lane of lanes) {
      const queue = this.#queues[lane]
      while (queue[0]?.stopped === true) queue.shift()
      first ??= queue[0]
      if (first !== undefined && !isScoped) return first
      const seen = new Set<string | undefined>()
      for (const waiter of queue) {
        if (waiter.stopped || seen.has(waiter.scope)) continue
        if (this.#mayGo(waiter, now)) return waiter
        seen.add(waiter.scope)
      }
    }
    return first
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #schedule(): void {
    this.#stopTimer()
    const now = this.#monotonic()
    const head = this.#head(now)
    if (head === undefined) return
    // Without a free slot the next release runs this again; only the wait for the request that was sent ahead
    // also ends by time.
    const isAhead = this.#ignorant && this.#aheadUntil > 0
    if (this.#isBlocked(head.lane, head.scope, now) && !isAhead) return
    const waitMs = isAhead ? this.#aheadUntil - now : this.#waitMs(head.lane, head.scope, now)
    this.#timer = setTimeout(() => this.#admit(), Math.min(timerMax, Math.max(1, Math.ceil(waitMs))))
  }
}
