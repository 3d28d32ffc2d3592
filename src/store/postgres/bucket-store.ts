/**
 * Rate limits shared by all processes of an integration, in the integration's schema and on the database's
 * clock.
 */
import type { Bucket, BucketGrant, BucketStore } from '../../model/bucket-store.ts'
import type { PostgresContext } from './context.ts'
import { addBuckets, pauseBuckets, takeBuckets } from './sql/take-buckets.ts'

const nothing: BucketGrant = { taken: 0, waitMs: 0 }

/** Shared limits of the API client, as rows of `rate_bucket`. */
export class PostgresBucketStore implements BucketStore {
  readonly #context: PostgresContext

  constructor(context: PostgresContext) {
    this.#context = context
  }

  async take(buckets: readonly Bucket[], wanted: number): Promise<BucketGrant> {
    const session = this.#context.database.session('taking from rate limits')
    const grant = await takeBuckets(session, buckets, wanted)
    if (grant !== undefined) return grant
    const keys = buckets.map(({ key }) => key)
    await addBuckets(session, keys)
    return (await takeBuckets(session, buckets, wanted)) ?? nothing
  }

  async pause(keys: readonly string[], ms: number): Promise<void> {
    await pauseBuckets(this.#context.database.session('pausing rate limits'), keys, ms)
  }
}
