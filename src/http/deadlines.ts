/**
 * Deadlines of all calls of a client on one timer.
 *
 * A timer for each call is more expensive than most policies, and it is nearly always cancelled before it
 * fires. Here one timer is set for the earliest deadline and stays set when that call ends; when it fires too
 * early it is set again for the earliest of the remaining ones. After a call that began at rest it does not
 * stay: in an idle process it would only wake it up.
 */

/** Without a call for this long, a client is at rest. */
const restMs = 1_000

/** The deadline of one call. */
export interface Deadline {
  /** `performance.now()` at which it passes. */
  readonly at: number
  readonly onPassed: () => void
}

/** Notifies each call when its time is over. */
export class Deadlines {
  readonly #running = new Set<Deadline>()
  #timer: NodeJS.Timeout | undefined
  #firesAt = Number.POSITIVE_INFINITY
  #lastAt = Number.NEGATIVE_INFINITY
  #beganAtRest = false

  /** Calls back after `ms`, unless it is removed before. */
  add(ms: number, onPassed: () => void): Deadline {
    const now = performance.now()
    const deadline = { at: now + ms, onPassed }
    if (this.#running.size === 0) this.#beganAtRest = now - this.#lastAt > restMs
    this.#lastAt = now
    this.#running.add(deadline)
    if (deadline.at < this.#firesAt) this.#setTimer(deadline.at)
    else if (this.#running.size === 1) this.#timer?.ref()
    return deadline
  }

  /** Removes a deadline. The remaining timer does not keep the process alive. */
  remove(deadline: Deadline): void {
    if (!this.#running.delete(deadline) || this.#running.size > 0) return
    if (this.#beganAtRest) this.#clearTimer()
    else this.#timer?.unref()
  }

  #clearTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#firesAt = Number.POSITIVE_INFINITY
  }

  #setTimer(at: number): void {
    clearTimeout(this.#timer)
    this.#firesAt = at
    this.#timer = setTimeout(() => this.#fire(), Math.max(1, Math.ceil(at - performance.now())))
  }

  #fire(): void {
    this.#timer = undefined
    this.#firesAt = Number.POSITIVE_INFINITY
    const now = performance.now()
    let next = Number.POSITIVE_INFINITY
    for (const deadline of [...this.#running]) {
      if (deadline.at > now) next = Math.min(next, deadline.at)
      else if (this.#running.delete(deadline)) deadline.onPassed()
    }
    // A call that ended may have started another one, with its own timer.
    if (this.#running.size > 0 && next < this.#firesAt) this.#setTimer(next)
  }
}
