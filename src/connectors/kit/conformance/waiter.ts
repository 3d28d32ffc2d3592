/**
 * Bounds the waits of a probe. The declared time may be an hour, too long for a user to wait without output:
 * a wait beyond the bound skips the probe, and a long wait is reported.
 */
import { skip } from './verdict.ts'

/** Bounds and listener of waits. */
export interface WaiterOptions {
  /** Longest declared time that is waited for, in milliseconds. @default no bound */
  readonly waitMaxMs?: number
  /** Called for a wait of more than 3 s, with its reason and its maximum duration. */
  readonly onWait?: (what: string, ms: number) => void
}

/** Longest wait beyond the declared time, in milliseconds. */
export const graceMs = 2_000
/** Waits longer than this are reported, in milliseconds. */
export const reportAfterMs = 3_000
const pollMs = 20
const pollMaxMs = 2_000

/** A condition that is checked repeatedly. */
export interface Condition<T> {
  /** Description of the awaited condition: `a new record in the search`. */
  readonly what: string
  /** The declared time, milliseconds. */
  readonly lagMs: number
  /** Makes one observation. */
  readonly observe: () => Promise<T>
  /** Whether the observation satisfies the condition. */
  readonly holds: (seen: T) => boolean
}

/** See the top of the file. */
export class Waiter {
  readonly #waitMaxMs: number
  readonly #onWait: (what: string, ms: number) => void

  constructor({ waitMaxMs = Number.POSITIVE_INFINITY, onWait = () => {} }: WaiterOptions) {
    this.#waitMaxMs = waitMaxMs
    this.#onWait = onWait
  }

  /** Longest wait, in milliseconds. */
  get maxMs(): number {
    return this.#waitMaxMs
  }

  /** Waits for a declared time. @throws IsthmusError CONNECTOR_PROBE_SKIPPED at once when it is too long */
  async pass(what: string, ms: number): Promise<void> {
    if (ms > this.#waitMaxMs) tooLong(what, ms, 'was not waited for')
    if (ms > reportAfterMs) this.#onWait(what, ms)
    await sleep(ms)
  }

  /**
   * Observes until the condition holds or the declared time plus a grace period is over; returns the last
   * observation.
   *
   * @throws IsthmusError CONNECTOR_PROBE_SKIPPED when it does not hold yet and the declared time is too long
   *   to wait for
   */
  async until<T>({ what, lagMs, observe, holds }: Condition<T>): Promise<T> {
    const allowedMs = Math.min(lagMs, this.#waitMaxMs) + graceMs
    const startedAt = performance.now()
    let isReported = false
    for (let pause = pollMs; ; pause = Math.min(pollMaxMs, pause * 1.3)) {
      const seen = await observe()
      if (holds(seen)) return seen
      const waitedMs = performance.now() - startedAt
      if (waitedMs > allowedMs) {
        if (lagMs > this.#waitMaxMs) tooLong(what, lagMs, `did not show within ${inWords(this.#waitMaxMs)}`)
        return seen
      }
      if (!isReported && waitedMs > reportAfterMs) {
        isReported = true
        this.#onWait(what, allowedMs)
      }
      await sleep(Math.min(pause, Math.max(1, allowedMs - waitedMs)))
    }
  }
}

function tooLong(what: string, ms: number, came: string): never {
  skip(
    `${what} ${came}: it may take ${inWords(ms)} as declared, which --max-wait ${Math.ceil(ms / 60_000)}m allows`,
  )
}

function inWords(ms: number): string {
  if (ms < 60_000) return `${Math.ceil(ms / 1_000)} s`
  return ms < 3_600_000 ? `${Math.ceil(ms / 60_000)} min` : `${Math.round(ms / 360_000) / 10} h`
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
