/**
 * Rate limits that several processes share.
 *
 * A *bucket* is the state of one rate limit as one number (generic cell rate algorithm): the time at which
 * the next request is due if all requests were evenly spaced. A request may be `toleranceMs` early. An
 * adapter stores that number where all processes can see it and changes it atomically; only its clock counts.
 */

/** One limit, as `take` needs it. */
export interface Bucket {
  /** Names the limit: the same in every process. */
  readonly key: string
  /** Milliseconds between two requests in the long run. */
  readonly intervalMs: number
  /** Milliseconds that a request may be early, which allows a burst. */
  readonly toleranceMs: number
}

/** The result of `take`. */
export interface BucketGrant {
  /** Requests that may start now; 0 to the number wanted. */
  readonly taken: number
  /** Milliseconds until the next attempt can succeed; 0 when everything wanted was taken. */
  readonly waitMs: number
}

/** Keeps buckets for all processes of a system. */
export interface BucketStore {
  /**
   * Takes up to `wanted` requests from all buckets at once, the same number from each, in one atomic step.
   */
  take(buckets: readonly Bucket[], wanted: number): Promise<BucketGrant>
  /** Blocks the buckets for `ms`: the system asked for a pause. */
  pause(keys: readonly string[], ms: number): Promise<void>
}

/** State of a bucket. Times in milliseconds on the adapter's clock. */
export interface BucketState {
  readonly dueAt: number
  readonly pausedUntil: number
}

/** The state of a bucket that was never used. */
export const unusedBucket: BucketState = Object.freeze({ dueAt: 0, pausedUntil: 0 })

/**
 * The algorithm of `take`, for adapters that can't implement it in a database. Returns the grant and the
 * resulting states, in order.
 */
export function takeFromBuckets(
  buckets: readonly (readonly [Bucket, BucketState])[],
  wanted: number,
  now: number,
): { readonly grant: BucketGrant; readonly after: readonly BucketState[] } {
  let taken = wanted
  for (const [bucket, state] of buckets) taken = Math.min(taken, roomIn(bucket, state, now))
  const after = buckets.map(([bucket, state]) =>
    taken === 0 ? state : { ...state, dueAt: Math.max(state.dueAt, now) + taken * bucket.intervalMs },
  )
  let waitMs = 0
  if (taken < wanted) {
    for (const [index, [bucket]] of buckets.entries()) {
      const state = after[index] ?? unusedBucket
      waitMs = Math.max(waitMs, state.dueAt - bucket.toleranceMs - now, state.pausedUntil - now)
    }
  }
  return { grant: { taken, waitMs }, after }
}

function roomIn(bucket: Bucket, state: BucketState, now: number): number {
  if (state.pausedUntil > now) return 0
  const ahead = Math.max(state.dueAt, now) - now
  return ahead > bucket.toleranceMs ? 0 : Math.floor((bucket.toleranceMs - ahead) / bucket.intervalMs) + 1
}
