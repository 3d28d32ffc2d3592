/** Buckets shared by the clients of one process: the implementation for tests, and the model for others. */
import {
  type Bucket,
  type BucketGrant,
  type BucketState,
  type BucketStore,
  takeFromBuckets,
  unusedBucket,
} from '../../model/bucket-store.ts'

/** Keeps buckets in memory. */
export class MemoryBucketStore implements BucketStore {
  readonly #states = new Map<string, BucketState>()
  readonly #now: () => number

  /** @param now milliseconds that never go backwards @default performance.now */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  async take(buckets: readonly Bucket[], wanted: number): Promise<BucketGrant> {
    const pairs = buckets.map((bucket) => [bucket, this.#states.get(bucket.key) ?? unusedBucket] as const)
    const { grant, after } = takeFromBuckets(pairs, wanted, this.#now())
    for (const [index, { key }] of buckets.entries()) this.#states.set(key, after[index] ?? unusedBucket)
    return grant
  }

  async pause(keys: readonly string[], ms: number): Promise<void> {
    for (const key of keys) {
      const state = this.#states.get(key) ?? unusedBucket
      this.#states.set(key, { ...state, pausedUntil: Math.max(state.pausedUntil, this.#now() + ms) })
    }
  }
}
