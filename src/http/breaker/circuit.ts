/**
 * One circuit: decides by the outcome of the latest calls whether a part of an API is called at all.
 *
 * - *closed*: calls pass. Left to *open* when, of the calls that ended within the window, at least `failures`
 *   failed and they are at least half.
 * - *open*: calls are refused. Left to *half-open* when `openMs` have passed; each time in a row doubles it,
 *   up to eight times.
 * - *half-open*: one probe passes, the others are refused. Left to *closed* by its success, to *open* by its
 *   failure; an abandoned probe proves nothing, so the next call is the probe.
 */

/** When calls to a part of an API are refused. */
export interface BreakerOptions {
  /**
   * Failed calls within the window that open the circuit, if they are at least half of all. 1 to 1,000.
   * @default 10
   */
  readonly failures: number
  /** Milliseconds for which a call counts. 100 to 3,600,000. @default 10000 */
  readonly windowMs: number
  /** Milliseconds until the first probe. 10 to 3,600,000. @default 5000 */
  readonly openMs: number
}

/**
 * How a call ended: `neither` is for calls that say nothing about the API (abandoned, or refused by the
 * client itself).
 */
export type CallEnd = 'success' | 'failure' | 'neither'

/** A call that may proceed and has to be settled, or the time to wait. */
export type Admission = { readonly era: number } | { readonly waitMs: number }

const slices = 10
const longestDoubling = 8

interface Slice {
  readonly from: number
  good: number
  bad: number
}

/** The circuit of one part of an API. Times are monotonic milliseconds. */
export class Circuit {
  readonly #options: BreakerOptions
  #state: 'closed' | 'open' | 'half-open' = 'closed'
  #slices: Slice[] = []
  #openUntil = 0
  #opened = 0
  /** Calls that were admitted before the last change of state say nothing about it. */
  #era = 0
  #probing = false

  constructor(options: BreakerOptions) {
    this.#options = options
  }

  get state(): 'closed' | 'open' | 'half-open' {
    return this.#state
  }

  /** Requests permission for a call. */
  admit(now: number): Admission {
    if (this.#state === 'open' && now >= this.#openUntil) this.#change('half-open')
    if (this.#state === 'open') return { waitMs: this.#openUntil - now }
    if (this.#state === 'half-open') {
      if (this.#probing) return { waitMs: Math.min(1_000, this.#options.openMs) }
      this.#probing = true
    }
    return { era: this.#era }
  }

  /** Records how an admitted call ended. */
  settle(era: number, how: CallEnd, now: number): void {
    if (era !== this.#era) return
    if (this.#state === 'half-open') {
      this.#probing = false
      if (how === 'success') {
        this.#opened = 0
        this.#change('closed')
      } else if (how === 'failure') this.#open(now)
      return
    }
    if (how !== 'neither') this.#count(how, now)
  }

  #count(how: 'success' | 'failure', now: number): void {
    const { windowMs, failures } = this.#options
    let slice = this.#slices.at(-1)
    if (slice === undefined || now >= slice.from + windowMs / slices) {
      slice = { from: now, good: 0, bad: 0 }
      this.#slices = this.#slices.filter(({ from }) => from > now - windowMs)
      this.#slices.push(slice)
    }
    if (how === 'success') {
      slice.good += 1
      return
    }
    slice.bad += 1
    let good = 0
    let bad = 0
    for (const one of this.#slices) {
      if (one.from <= now - windowMs) continue
      good += one.good
      bad += one.bad
    }
    if (bad >= failures && bad >= good) this.#open(now)
  }

  #open(now: number): void {
    this.#openUntil = now + this.#options.openMs * 2 ** Math.min(this.#opened, Math.log2(longestDoubling))
    this.#opened += 1
    this.#change('open')
  }

  #change(state: 'closed' | 'open' | 'half-open'): void {
    this.#state = state
    this.#era += 1
    this.#probing = false
    this.#slices = []
  }
}
