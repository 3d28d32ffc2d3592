/**
 * Lets requests start within all limits of a system, the most urgent first.
 *
 * A waiter is *waiting* in its lane's queue until it is *granted* (all limits allow it), *stopped* (its call ended) or *refused* at the
 * door (the queue is full, or its turn can't come before its deadline). A grant is given back when the attempt is over.
 *
 * Of the system the limiter is *ignorant* at first: one request goes ahead, and for a second at most the others wait for its answer, which
 * may name limits. After that it is *informed*. A request that goes ahead and brings no answer leaves it ignorant.
 */
import type { BucketStore } from '../../model/bucket-store.ts'
import type { Priority } from '../call.ts'
import type { Stop } from '../stop.ts'
import { Gcra, type RateLimit } from './gcra.ts'
import { LearntLimits, type LimitUsage } from './learnt-limits.ts'
import { type AnswerHeaders, type LimitReport, limitsFromHeaders, type ParseLimits } from './limit-headers.ts'
import { SharedBuckets } from './shared-buckets.ts'

/** Limits of one system. */
export interface LimitOptions {
  /** All of them hold at once: per second, per day, … @default none */
  readonly rates?: readonly RateLimit[]
  /** Requests on the wire at the same time. @default unlimited (the number of sockets bounds it) */
  readonly concurrency?: number
  /** Share of each rate's burst, and of each quota that the system tells, kept for the lane `hand`. 0 to 0.9. @default 0 */
  readonly reserve?: number
  /** Waiting calls after which new ones are refused. 1 to 100,000. @default 1000 */
  readonly maxWaiting?: number
  /** Learn limits from the answers' headers. @default true */
  readonly learn?: boolean
  /** Reads limits from a form that is not built in. @default none */
  readonly parse?: ParseLimits
  /** Keeps `rates` together with other processes. While the store fails, each process keeps them by itself. @default none */
  readonly shared?: SharedLimits
}

/** Where and under which name limits are shared. */
export interface SharedLimits {
  readonly store: BucketStore
  /** Names the system: the same in every process. */
  readonly key: string
}

/** Why a call does not get to wait. `waitMs` is how long it would take at least. */
export interface LimiterRefusal {
  readonly refused: 'queue-full' | 'too-late'
  readonly waitMs: number
}

/** A slot that has to be given back, or a refusal. */
export type Grant = { readonly release: () => void } | LimiterRefusal

/** Who wants a slot, and until when it is of use. */
export interface AcquireRequest {
  readonly lane: Priority
  readonly stop: Stop
  /** Monotonic ms. */
  readonly deadlineAt: number
}

/** How much of the limits is in use. */
export interface LimiterUsage {
  readonly running: number
  readonly waiting: number
  /** Monotonic ms until which the other side asked for silence; 0 = not. */
  readonly pausedUntil: number
  /** What the answers told so far. */
  readonly limits: readonly LimitUsage[]
}

interface Waiter {
  readonly lane: Priority
  readonly grant: () => void
  stopped: boolean
}

/** A timer set for longer fires at once; waking up early only looks again. */
const timerMax = 2_147_483_647
/** Longest time that calls wait for the answer of the one that went ahead. */
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
  #running = 0
  #waiting = 0
  #pausedUntil = 0
  #ignorant: boolean
  /** Until when the one that went ahead is waited for; 0 = none is under way. */
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
      waiting: this.#waiting,
      pausedUntil: this.#pausedUntil,
      limits: this.#learnt.usage(this.#monotonic()),
    }
  }

  /** Resolves when a request may start, or at once when it can't in time. Rejects with the stop's reason. */
  acquire(request: AcquireRequest): Grant | Promise<Grant> {
    const now = this.#monotonic()
    const waitMs = this.#waitMs(request.lane, now)
    const isFree = waitMs === 0 && this.#waiting === 0 && !this.#isBlocked(request.lane, now)
    if (isFree && !this.#asksOthers(now)) return this.#grant(now)
    if (now + waitMs > request.deadlineAt) return { refused: 'too-late', waitMs }
    if (this.#waiting >= this.#maxWaiting) return { refused: 'queue-full', waitMs }
    return this.#enqueue(request)
  }

  /** The other side asked for silence: nothing starts for `ms`. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#monotonic() + ms)
    this.#shared?.pause(ms)
  }

  /** Takes in what an answer says about limits. `now` is epoch ms. */
  learn(headers: AnswerHeaders, now: number): void {
    if (!this.#learns) return
    const reports = limitsFromHeaders(headers, now)
    const own = this.#parse?.(headers) ?? []
    if (reports.length + own.length > 0) this.#learnt.learn([...reports, ...own], this.#monotonic())
    if (!this.#ignorant) return
    this.#ignorant = false
    this.#admit()
  }

  /** Takes in limits that no header told. */
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
        this.#waiting -= 1
        reject(reason)
      }
      const waiter: Waiter = {
        lane: request.lane,
        stopped: false,
        grant: () => {
          request.stop.forget(onStop)
          this.#waiting -= 1
          resolve(this.#grant(this.#monotonic()))
        },
      }
      request.stop.onStop(onStop)
      this.#waiting += 1
      this.#queues[request.lane].push(waiter)
      this.#admit()
    })
  }

  #grant(now: number): { readonly release: () => void } {
    for (const rate of this.#rates) rate.take(now)
    this.#learnt.take(now)
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

  /** Milliseconds until the limits allow a request of the lane. */
  #waitMs(lane: Priority, now: number): number {
    const reserve = lane === 'hand' ? 0 : this.#reserve
    let waitMs = Math.max(0, this.#pausedUntil - now, this.#learnt.waitMs(now, reserve))
    if (this.#asksOthers(now)) return Math.max(waitMs, this.#shared?.waitMs(now) ?? 0)
    for (const rate of this.#rates) waitMs = Math.max(waitMs, rate.waitMs(now, reserve))
    return waitMs
  }

  /** True while something on the way has to end first. */
  #isBlocked(lane: Priority, now: number): boolean {
    if (this.#running >= this.#concurrency) return true
    if (this.#ignorant && now < this.#aheadUntil) return true
    return this.#learnt.isSpoken(this.#running, lane === 'hand' ? 0 : this.#reserve)
  }

  #asksOthers(now: number): boolean {
    return this.#shared?.isUp(now) === true
  }

  /** Grants as many waiters as the limits allow now, the most urgent lane first, and comes back when the next one may go. */
  #admit(): void {
    if (this.#waiting === 0) return
    while (true) {
      const head = this.#head()
      const now = this.#monotonic()
      if (head === undefined || this.#isBlocked(head.lane, now) || this.#waitMs(head.lane, now) > 0) break
      if (this.#asksOthers(now)) {
        this.#askOthers(head.lane)
        return
      }
      this.#queues[head.lane].shift()
      head.grant()
    }
    this.#schedule()
  }

  /** Asks the shared buckets for as many requests as could start now; what comes back goes to whoever is most urgent by then. */
  #askOthers(lane: Priority): void {
    const shared = this.#shared
    if (shared === undefined || shared.isAsking) return
    const room = Math.min(this.#concurrency - this.#running, this.#queues[lane].length)
    void shared.take(room, lane === 'hand' ? 0 : this.#reserve).then((taken) => {
      for (let left = taken; left > 0; left -= 1) {
        const head = this.#head()
        if (head === undefined) break
        this.#queues[head.lane].shift()
        head.grant()
      }
      this.#admit()
    })
  }

  #head(): Waiter | undefined {
    for (const lane of lanes) {
      const queue = this.#queues[lane]
      while (queue[0]?.stopped === true) queue.shift()
      if (queue[0] !== undefined) return queue[0]
    }
    return undefined
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const head = this.#head()
    if (head === undefined) return
    // Without a free slot the next release comes back here by itself; only the wait for the one ahead ends by time as well.
    const isAhead = this.#ignorant && this.#aheadUntil > 0
    const now = this.#monotonic()
    if (this.#isBlocked(head.lane, now) && !isAhead) return
    const waitMs = isAhead ? this.#aheadUntil - now : this.#waitMs(head.lane, now)
    this.#timer = setTimeout(() => this.#admit(), Math.min(timerMax, Math.max(1, Math.ceil(waitMs))))
  }
}
