/**
 * The starts of the last requests, as many as one window of a limit allows: no window ever contains more,
 * wherever it begins.
 */
export class WindowLog {
  readonly #starts: Float64Array
  readonly #windowMs: number
  #count = 0

  constructor(requests: number, windowMs: number) {
    this.#starts = new Float64Array(Math.max(1, Math.floor(requests)))
    this.#windowMs = windowMs
  }

  /**
   * Returns the milliseconds until the window has room; `reserve` is the share that this caller must leave
   * unused, `ahead` the number of requests that start before it.
   */
  waitMs(now: number, reserve: number, ahead: number): number {
    const allowed = Math.max(1, Math.floor(this.#starts.length * (1 - reserve)))
    const place = this.#count + ahead - allowed
    if (place < 0) return 0
    // Each whole window of requests ahead that have not started themselves adds one window to the wait.
    const queued = place < this.#count ? 0 : Math.floor((place - this.#count) / allowed) + 1
    const base = place - queued * allowed
    if (base < 0) return queued * this.#windowMs
    const start = this.#starts[base % this.#starts.length] ?? now
    return Math.max(0, start + (queued + 1) * this.#windowMs - now)
  }

  take(now: number): void {
    this.#starts[this.#count % this.#starts.length] = now
    this.#count += 1
  }
}
