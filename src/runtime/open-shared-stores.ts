/**
 * Stores tokens and rate limits of standalone API clients in PostgreSQL, so that several processes of an
 * application can share them without a sync.
 */
import type { BucketStore } from '../model/bucket-store.ts'
import type { TokenStore } from '../model/token-store.ts'
import { createClearCodec } from '../store/clear-codec.ts'
import { PostgresStore } from '../store/postgres/postgres-store.ts'

/** Options of the stores. */
export interface SharedStoresOptions {
  /**
   * Connection string. Must connect to the server directly, because renewing a token holds a session lock.
   */
  readonly connection: string
  /**
   * Schema, which is created and upgraded; letters, digits and underscores, at most 40. @default
   * 'isthmus_client'
   */
  readonly schema?: string
  /**
   * Connections for statements; each renewal of a token uses an additional one while it lasts. 1 to 100.
   * @default 4
   */
  readonly poolSize?: number
}

/** Stores for the options of an API client: `tokens`, and `limits.shared.store`. */
export interface SharedStores {
  /** Tokens shared between processes. */
  readonly tokens: TokenStore
  /** Rate limits shared between processes. */
  readonly buckets: BucketStore
  /** Closes the connections. Close the clients first. */
  close(): Promise<void>
}

/**
 * Opens the stores. Tokens are stored unencrypted: anyone with read access to the schema may use them.
 *
 * @throws STORE_UNAVAILABLE and other codes of the store
 */
export async function openSharedStores({
  connection,
  schema = 'isthmus_client',
  poolSize = 4,
}: SharedStoresOptions): Promise<SharedStores> {
  // No hashes are stored here, so the key of the hashes has no effect; it still has to be the same in every
  // process.
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
