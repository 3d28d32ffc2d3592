/**
 * This process's side of rates that are shared with other processes.
 *
 * The store is *up* until it fails; then it is *down* for a second, during which the process observes the
 * rates by itself: an unavailable database must neither allow unlimited requests nor stop them.
 */
import type { Bucket, BucketStore } from '../../model/bucket-store.ts'
import type { Gcra } from './gcra.ts'

const downMs = 1_000

/** The shared rates of one system. Times are monotonic milliseconds. */
export class SharedBuckets {
  readonly #limits: SharedLimits
  readonly #rates: readonly Gcra[]
  readonly #keys: readonly string[]
  readonly #monotonic: () => number
  #asking = false
  #waitUntil = 0
  #downUntil = 0

  constructor(limits: SharedLimits, rates: readonly Gcra[], monotonic: () => number) {
    this.#limits = limits
    this.#rates = rates
    this.#keys = rates.map(({ name }) => `${limits.key} ${name}`)
    this.#monotonic = monotonic
  }

  /** A request to the store is in progress. */
  get isAsking(): boolean {
    return this.#asking
  }

  isUp(now: number): boolean {
    return now >= this.#downUntil
  }

  waitMs(now: number): number {
    return Math.max(0, this.#waitUntil - now)
  }

  /** Takes up to `wanted` requests; never fails. `reserve` is the share of each burst that has to remain. */
  async take(wanted: number, reserve: number): Promise<number> {
    this.#asking = true
    try {
      const { taken, waitMs } = await this.#limits.store.take(this.#buckets(reserve), wanted)
      this.#waitUntil = this.#monotonic() + waitMs
      return taken
    } catch {
      // The store's owner reports its failures; here a failure only means to continue alone for a while.
      this.#downUntil = this.#monotonic() + downMs
      return 0
    } finally {
      this.#asking = false
    }
  }

  /** Reports to the other processes that the system asked for no requests. */
  pause(ms: number): void {
    this.#limits.store.pause(this.#keys, ms).catch(() => {
      this.#downUntil = this.#monotonic() + downMs
    })
  }

  #buckets(reserve: number): readonly Bucket[] {
    return this.#rates.map(({ intervalMs, toleranceMs }, index) => ({
      key: this.#keys[index] ?? this.#limits.key,
      intervalMs,
      toleranceMs: toleranceMs * (1 - reserve),
    }))
  }
}

/** Where and under which name limits are shared. */
export interface SharedLimits {
  /** Store of the buckets. */
  readonly store: BucketStore
  /** Identifies the system: the same in every process. */
  readonly key: string
}
