/**
 * Opens the store from the settings: the PostgreSQL of `DATABASE_URL`, or else a private one in the data
 * directory.
 */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BucketStore } from '../model/bucket-store.ts'
import { IsthmusError } from '../model/errors.ts'
import type { Integration } from '../model/integration.ts'
import type { TokenStore } from '../model/token-store.ts'
import type { AdminStore } from '../store/admin-contract.ts'
import type { BackupAdmin } from '../store/backup-contract.ts'
import { createClearCodec } from '../store/clear-codec.ts'
import type { Store } from '../store/contract.ts'
import { PostgresStore } from '../store/postgres/postgres-store.ts'
import type { SealingAdmin } from '../store/sealing-contract.ts'
import type { Settings } from './config.ts'
import {
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './embedded-postgres/start-embedded-postgres.ts'
import { hideSecrets } from './hidden-secrets.ts'
import { masterKeyFinder } from './master-key/find-master-key.ts'

/** A store and the resources that have to be closed with it. */
export interface OpenStore {
  readonly store: Store
  /** The keys of the store; absent for one that the caller brought. */
  readonly sealing?: SealingAdmin
  /** Backup and restoration; absent for a store that the caller brought. */
  readonly backup?: BackupAdmin
  /** The key of the keyed hashes, as text, where it is kept in the data directory. */
  readonly hashKey?: string
  /** Where the systems' OAuth tokens are shared between processes; in memory when there is none. */
  readonly tokens?: TokenStore
  /**
   * Where the systems' rate limits are shared; absent for a private database, which only one process uses.
   */
  readonly buckets?: BucketStore
  /** Only processes on this machine can reach it, and one of them stops it. */
  readonly isPrivate: boolean
  /** Aborts with the reason when the database is permanently lost. */
  readonly lost: AbortSignal
  close(): Promise<void>
}

/** What the opening of a store tells. */
export interface OpenStoreOptions {
  readonly onProblem?: EmbeddedPostgresOptions['onProblem'] | undefined
  /** A master key was created in this file: the first start of an embedded database. */
  readonly onKeyCreated?: ((file: string) => void) | undefined
  /** Its secret fields are hidden from people. @default nothing is hidden */
  readonly hiding?: Integration | undefined
}

const KEY_BYTES = 32
const KEY_FILE = 'mac.key'

/**
 * Opens the store. It is neither migrated nor bound yet.
 *
 * @param integration id of the integration: hashes in a shared database are keyed with it unless a key is
 *   configured
 * @throws EMBEDDED_* · STORE_*
 */
export async function openStore(
  settings: Settings,
  integration: string,
  { onProblem, onKeyCreated, hiding }: OpenStoreOptions = {},
): Promise<OpenStore> {
  const { databaseUrl, databaseSchema: schema } = settings
  const wrapAdmin = (admin: AdminStore) => (hiding === undefined ? admin : hideSecrets(admin, hiding))
  if (databaseUrl !== undefined) {
    const codec = createClearCodec(settings.macKey ?? sharedKey(integration))
    const findMasterKey = masterKeyFinder({ settings, isPrivate: false })
    const store = new PostgresStore({ connection: databaseUrl, schema, codec, findMasterKey, wrapAdmin })
    return {
      store,
      sealing: store.sealing,
      backup: store.backup,
      tokens: store.tokens,
      buckets: store.buckets,
      isPrivate: false,
      lost: new AbortController().signal,
      close: () => store.close(),
    }
  }
  const lost = new AbortController()
  const embedded = await startEmbeddedPostgres({
    dataDir: settings.dataDir,
    onProblem: (problem) => {
      onProblem?.(problem)
      lost.abort(problem)
    },
  })
  try {
    const hashKey = settings.macKey ?? ownHashKey(settings.dataDir)
    const codec = createClearCodec(hashKey)
    const findMasterKey = masterKeyFinder({ settings, isPrivate: true, onCreated: onKeyCreated })
    const store = new PostgresStore({
      connection: embedded.connection,
      schema,
      codec,
      findMasterKey,
      wrapAdmin,
    })
    return {
      store,
      sealing: store.sealing,
      backup: store.backup,
      tokens: store.tokens,
      ...(settings.macKey === undefined ? { hashKey: Buffer.from(hashKey).toString('hex') } : {}),
      isPrivate: true,
      lost: lost.signal,
      close: async () => {
        await store.close()
        await embedded.stop()
      },
    }
  } catch (error) {
    await embedded.stop()
    throw error
  }
}

/**
 * All processes of a shared database must use the same key without communicating. A key that is derived from
 * the integration's name separates equal values of different integrations, but is not a secret;
 * `ISTHMUS_MAC_KEY` is.
 */
function sharedKey(integration: string): Uint8Array {
  return createHash('sha256').update(`isthmus keyed hashes of ${integration}`).digest()
}

/**
 * Keeps the key of the keyed hashes of a backup for the database that it is restored into.
 *
 * @throws IsthmusError STORE_NOT_EMPTY if the directory belongs to another database
 */
export function keepHashKey(dataDir: string, text: string): void {
  const file = join(dataDir, KEY_FILE)
  mkdirSync(dataDir, { recursive: true })
  if (!existsSync(file)) writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  if (readFileSync(file, 'utf8').trim() === text) return
  throw new IsthmusError(
    'STORE_NOT_EMPTY',
    `${dataDir} belongs to another database: choose another data directory`,
  )
}

/** A private database has a private key, which is generated once and stored with it. */
function ownHashKey(dataDir: string): Uint8Array {
  const file = join(dataDir, KEY_FILE)
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true })
    try {
      writeFileSync(file, randomBytes(KEY_BYTES).toString('hex'), { mode: 0o600, flag: 'wx' })
    } catch (error) {
      // A second runtime on the same directory was faster, so its key is used.
      if (!existsSync(file)) {
        throw new IsthmusError('CONFIG_INVALID', `${file} could not be written`, { cause: error })
      }
    }
  }
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'hex')
  if (key.length === KEY_BYTES) return key
  throw new IsthmusError('CONFIG_INVALID', `${file} does not contain a key of ${KEY_BYTES} bytes in hex`)
}
