/**
 * The gate of one system: limits the number of concurrent calls, and lets none through while the whole system
 * is down.
 *
 * States:
 * - **open**: calls go, up to the system's concurrency; others wait in order. Left for *closed* after three
 *   system-wide failures in a row (unreachable, invalid credential), or at once when the system names a retry
 *   time.
 * - **closed**: no call goes until a jittered back-off has elapsed. Left for *probing* by the first call
 *   after that time.
 * - **probing**: that one call is in flight, all others get `shut`. Left for *open* when the system responds,
 *   otherwise for *closed* with a longer back-off.
 *
 * A closed gate delays nothing else: passes continue with the other systems and retry after {@link
 * SystemGate.closedUntil}. The first call after that time is the probe; `outage-watch.ts` makes one where
 * there is no other work.
 */
import type { CallFailure } from '../../connectors/kit/contract.ts'
import type { EmitEvent } from '../../model/events.ts'
import type { Clock, Random, SystemGate, Timeouts } from '../ports.ts'
import { backoffMs } from './backoff.ts'

/**
 * System-wide failures in a row that close an open gate: one or two may be a problem of a single connection.
 */
const failuresToClose = 3

/**
 * Pause after a system can't be reached: from a second to between 5 and 10 seconds, since a probe costs one
 * read.
 */
const unreachablePause = { baseMs: 1_000, doublings: 3, leastMs: 5_000, spreadMs: 5_000 }

/** Pause after any other system-wide failure: from a second to a minute. */
const pause = { baseMs: 1_000, maxMs: 60_000 }

/** Longest time for which a system's own retry time is honoured without a probe. */
const retryAfterMaxMs = 3_600_000

/** What one gate needs; `concurrency` is the number of calls at a time. */
export interface GateOptions {
  readonly system: string
  readonly concurrency: number
  readonly clock: Pick<Clock, 'now' | 'monotonic'>
  readonly random: Random
  readonly emit: EmitEvent
  readonly timeouts: Timeouts
  /** Called when the gate closes, or stays closed after a probe. */
  readonly onClosed?: (failure: CallFailure, until: number) => void
  /** Called when the gate opens again. */
  readonly onOpened?: () => void
}

/** Waiting for capacity ends by its time limit alone. */
const never = new AbortController().signal

/** Makes the gate of one system; it starts open. */
export function createGate(options: GateOptions): SystemGate {
  const state = new GateState(options)
  return {
    system: options.system,
    get isOpen() {
      return state.isOpen
    },
    closedUntil: () => state.closedUntil(),
    expectedWaitMs: () => state.expectedWaitMs(),
    async run(call, { waitMs, failure }) {
      if (!(await state.enter(waitMs))) return 'shut'
      const startedAt = options.clock.monotonic()
      try {
        const result = await call()
        state.leave(failure(result), options.clock.monotonic() - startedAt)
        return result
      } catch (error) {
        // A thrown error is a defect or an aborted call, and says nothing about the system.
        state.leave('no-news', options.clock.monotonic() - startedAt)
        throw error
      }
    },
  }
}

class GateState {
  readonly #options: GateOptions
  readonly #line: (() => void)[] = []
  #running = 0
  #failures = 0
  #pauses = 0
  #until: number | undefined
  #probing = false
  /** Moving average of a call's duration. */
  #latencyMs = 0

  constructor(options: GateOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#until === undefined
  }

  closedUntil(): number | undefined {
    if (this.#until === undefined) return undefined
    const now = this.#options.clock.now()
    if (this.#until > now) return this.#until
    // Time for a probe; while one is in flight the others wait a little longer.
    return this.#probing ? now + pause.baseMs : undefined
  }

  expectedWaitMs(): number {
    return (this.#line.length * this.#latencyMs) / this.#options.concurrency
  }

  async enter(waitMs: number): Promise<boolean> {
    if (this.closedUntil() !== undefined) return false
    if (this.#until !== undefined) this.#probing = true
    if (this.#running < this.#options.concurrency) {
      this.#running += 1
      return true
    }
    return this.#waitInLine(waitMs)
  }

  async #waitInLine(waitMs: number): Promise<boolean> {
    let admit = (): void => {}
    const admitted = new Promise<boolean>((resolve) => {
      admit = () => resolve(true)
    })
    this.#line.push(admit)
    const inTime = await this.#options.timeouts.bound(
      waitMs,
      never,
      () => admitted,
      () => false,
    )
    if (!inTime) {
      const place = this.#line.indexOf(admit)
      if (place >= 0) {
        this.#line.splice(place, 1)
        return false
      }
    }
    // The slot was handed over by the call that left. The gate may have closed meanwhile.
    if (this.closedUntil() === undefined) return true
    this.#release()
    return false
  }

  leave(failure: CallFailure | 'no-news' | undefined, durationMs: number): void {
    this.#latencyMs += (durationMs - this.#latencyMs) / 16
    if (failure !== 'no-news' && failure?.scope === 'system') this.#failed(failure)
    else if (failure !== 'no-news') this.#answered()
    else this.#probing = false
    this.#release()
  }

  #release(): void {
    const next = this.#line.shift()
    if (next === undefined) this.#running -= 1
    else next()
  }

  #answered(): void {
    this.#failures = 0
    this.#pauses = 0
    this.#probing = false
    if (this.#until === undefined) return
    this.#until = undefined
    this.#options.emit({ type: 'SystemResumed', system: this.#options.system })
    this.#options.onOpened?.()
  }

  #failed(failure: CallFailure): void {
    const { clock, emit, system } = this.#options
    this.#failures += 1
    const decided = failure.retryAfterMs !== undefined || this.#probing
    if (!decided && this.#failures < failuresToClose) return
    if (this.#until !== undefined && !this.#probing) return
    this.#probing = false
    this.#pauses += 1
    const waitMs = Math.max(this.#pauseMs(failure), Math.min(failure.retryAfterMs ?? 0, retryAfterMaxMs))
    this.#until = clock.now() + waitMs
    emit({ type: 'SystemPaused', system, reason: failure.code, untilMs: this.#until })
    this.#options.onClosed?.(failure, this.#until)
  }

  #pauseMs({ kind }: CallFailure): number {
    const { random } = this.#options
    if (kind === 'credential') return backoffMs(random, this.#pauses, pause)
    const { baseMs, doublings, leastMs, spreadMs } = unreachablePause
    if (this.#pauses > doublings) return leastMs + Math.ceil(spreadMs * random.next())
    return backoffMs(random, this.#pauses, { baseMs, maxMs: leastMs })
  }
}
