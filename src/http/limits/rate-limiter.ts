/**
 * Lets requests start within all limits of a system, the most urgent first.
 *
 * A waiter is *waiting* in its lane's queue until it is *granted* (all limits allow it), *stopped* (its call ended) or *refused* at the
 * door (the queue is full, or its turn can't come before its deadline). A grant is given back when the attempt is over.
 */
import type { Priority } from '../call.ts'
import type { Stop } from '../stop.ts'
import { Gcra, type RateLimit } from './gcra.ts'

/** Limits of one system. */
export interface LimitOptions {
  /** All of them hold at once: per second, per day, … @default none */
  readonly rates?: readonly RateLimit[]
  /** Requests on the wire at the same time. @default unlimited (the number of sockets bounds it) */
  readonly concurrency?: number
  /** Share of each rate's burst kept for the lane `hand`. 0 to 0.9. @default 0 */
  readonly reserve?: number
  /** Waiting calls after which new ones are refused. 1 to 100,000. @default 1000 */
  readonly maxWaiting?: number
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
}

interface Waiter {
  readonly lane: Priority
  readonly grant: () => void
  stopped: boolean
}

/** A timer set for longer fires at once; waking up early only looks again. */
const timerMax = 2_147_483_647

const lanes = ['hand', 'webhook', 'batch'] as const satisfies readonly Priority[]

/** The limits of one system and the calls that wait for them. */
export class RateLimiter {
  readonly #rates: readonly Gcra[]
  readonly #concurrency: number
  readonly #reserve: number
  readonly #maxWaiting: number
  readonly #monotonic: () => number
  readonly #queues: Readonly<Record<Priority, Waiter[]>> = { hand: [], webhook: [], batch: [] }
  #running = 0
  #waiting = 0
  #pausedUntil = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: LimitOptions, monotonic: () => number) {
    this.#rates = (options.rates ?? []).map((rate) => new Gcra(rate))
    this.#concurrency = options.concurrency ?? Number.POSITIVE_INFINITY
    this.#reserve = options.reserve ?? 0
    this.#maxWaiting = options.maxWaiting ?? 1_000
    this.#monotonic = monotonic
  }

  get usage(): LimiterUsage {
    return { running: this.#running, waiting: this.#waiting, pausedUntil: this.#pausedUntil }
  }

  /** Resolves when a request may start, or at once when it can't in time. Rejects with the stop's reason. */
  acquire(request: AcquireRequest): Grant | Promise<Grant> {
    const waitMs = this.#waitMs(request.lane)
    if (waitMs === 0 && this.#waiting === 0 && this.#running < this.#concurrency) return this.#grant()
    if (this.#monotonic() + waitMs > request.deadlineAt) return { refused: 'too-late', waitMs }
    if (this.#waiting >= this.#maxWaiting) return { refused: 'queue-full', waitMs }
    return this.#enqueue(request)
  }

  /** The other side asked for silence: nothing starts for `ms`. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#monotonic() + ms)
  }

  #enqueue(request: AcquireRequest): Promise<Grant> {
    return new Promise((resolve, reject) => {
      const forget = request.stop.onStop((reason) => {
        waiter.stopped = true
        this.#waiting -= 1
        reject(reason)
      })
      const waiter: Waiter = {
        lane: request.lane,
        stopped: false,
        grant: () => {
          forget()
          this.#waiting -= 1
          resolve(this.#grant())
        },
      }
      this.#waiting += 1
      this.#queues[request.lane].push(waiter)
      this.#schedule()
    })
  }

  #grant(): { readonly release: () => void } {
    const now = this.#monotonic()
    for (const rate of this.#rates) rate.take(now)
    this.#running += 1
    let released = false
    return {
      release: () => {
        if (released) return
        released = true
        this.#running -= 1
        this.#admit()
      },
    }
  }

  #waitMs(lane: Priority): number {
    const now = this.#monotonic()
    let waitMs = Math.max(0, this.#pausedUntil - now)
    const reserve = lane === 'hand' ? 0 : this.#reserve
    for (const rate of this.#rates) waitMs = Math.max(waitMs, rate.waitMs(now, reserve))
    return waitMs
  }

  /** Grants as many waiters as the limits allow now, the most urgent lane first, and comes back when the next one may go. */
  #admit(): void {
    while (this.#running < this.#concurrency) {
      const head = this.#head()
      if (head === undefined) return
      if (this.#waitMs(head.lane) > 0) break
      this.#queues[head.lane].shift()
      head.grant()
    }
    this.#schedule()
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
    // Without a free slot the next release comes back here by itself.
    if (head === undefined || this.#running >= this.#concurrency) return
    this.#timer = setTimeout(
      () => this.#admit(),
      Math.min(timerMax, Math.max(1, Math.ceil(this.#waitMs(head.lane)))),
    )
  }
}
