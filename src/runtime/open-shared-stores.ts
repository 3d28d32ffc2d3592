/** Tokens and rate limits in PostgreSQL for API clients alone: what several processes of an application share, without a sync. */
import type { BucketStore } from '../model/bucket-store.ts'
import type { TokenStore } from '../model/token-store.ts'
import { createClearCodec } from '../store/clear-codec.ts'
import { PostgresStore } from '../store/postgres/postgres-store.ts'

/** Where they are kept. */
export interface SharedStoresOptions {
  /** Connection string. Must reach the server itself, since renewing a token holds a lock of its session. */
  readonly connection: string
  /** Schema, which is made and upgraded; letters, digits and underscores, at most 40. @default 'isthmus_client' */
  readonly schema?: string
  /** Connections for statements; each renewal of a token takes one more for as long as it lasts. 1 to 100. @default 4 */
  readonly poolSize?: number
}

/** Stores for the options of an API client: `tokens`, and `limits.shared.store`. */
export interface SharedStores {
  /** Tokens that processes share. */
  readonly tokens: TokenStore
  /** Rate limits that processes share. */
  readonly buckets: BucketStore
  /** Ends the connections. Close the clients first. */
  close(): Promise<void>
}

/**
 * Opens the stores. Tokens are kept as they are: whoever may read the schema may use them.
 *
 * @throws STORE_UNAVAILABLE and other codes of the store
 */
export async function openSharedStores({
  connection,
  schema = 'isthmus_client',
  poolSize = 4,
}: SharedStoresOptions): Promise<SharedStores> {
  // Nothing that is hashed is kept here, so the key of the hashes has no meaning; it has to be the same in every process all the same.
  const codec = createClearCodec(Buffer.from(`isthmus shared stores ${schema}`))
  const store = new PostgresStore({ connection, schema, poolSize, codec })
  try {
    await store.migrate()
  } catch (error) {
    await store.close()
    throw error
  }
  return { tokens: store.tokens, buckets: store.buckets, close: () => store.close() }
}
