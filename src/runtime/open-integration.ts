/**
 * Opens the integration's store without an engine, for commands that read and decide but run no pass. Needs
 * no credentials of systems.
 */
import { dirname } from 'node:path'
import type { Integration } from '../model/integration.ts'
import type { BackupAdmin } from '../store/backup-contract.ts'
import type { Store } from '../store/contract.ts'
import type { SealingAdmin } from '../store/sealing-contract.ts'
import { bindDefinition, readOwnBinding } from './bind-definition.ts'
import { loadEnvironment, readSettings, type Settings } from './config.ts'
import { type LoadOptions, loadDefinition } from './load-definition.ts'
import { masterKeyBytes, masterKeyPlace } from './master-key/find-master-key.ts'
import { type OpenStoreOptions, openStore } from './open-store.ts'
import { retryWhileUnavailable } from './wait-for-database.ts'

/** The store of an integration, opened for a command. */
export interface OpenedIntegration {
  readonly integration: Integration
  readonly store: Store
  /** The keys of the store. */
  readonly sealing?: SealingAdmin
  /** Where the master key is configured. */
  readonly masterKey?: string
  readonly backup?: BackupAdmin
  /** The key of the keyed hashes, as text, where it is kept in the data directory. */
  readonly hashKey?: string
  /** Returns the bytes of the master key. @throws IsthmusError STORE_KEY_* */
  exportMasterKey(): Uint8Array
  /** Where anchors of the journal and the audit trail are stored. */
  readonly anchorFile?: string
  /** On the database's clock. */
  now(): Promise<number>
  close(): Promise<void>
}

/**
 * Reads the settings of the process for the definition in this folder: from its environment, completed from
 * the folder's `.env`.
 */
export function settingsBeside(source: string): Settings {
  const home = dirname(source)
  return readSettings(loadEnvironment(home), home)
}

/**
 * Loads the definition, opens its store and upgrades the schema. An empty store is bound; otherwise the bound
 * definition stays the same.
 *
 * @throws errors from loading the definition, reading the settings or opening the store; everything is closed
 *   in that case
 */
export async function openIntegration(
  where: Pick<LoadOptions, 'directory' | 'file'>,
  events: Pick<OpenStoreOptions, 'onKeyCreated'> = {},
): Promise<OpenedIntegration> {
  const { definition, integration, source } = await loadDefinition({ ...where, secrets: 'keep' })
  const settings = settingsBeside(source)
  const open = await openStore(settings, integration.id, { ...events, hiding: integration })
  const { store, close } = open
  try {
    await retryWhileUnavailable(() => store.migrate(), open)
    // Reading and deciding does not change the bound definition: a command with an edited file must not stop
    // the service.
    const bound = await readOwnBinding(store, integration.id)
    if (bound === undefined) await bindDefinition(store, { integration, definition })
  } catch (error) {
    await close()
    throw error
  }
  const { sealing, backup, hashKey, isPrivate } = open
  const masterKey = masterKeyPlace({ settings, isPrivate })
  return {
    integration,
    store,
    close,
    now: () => store.now(),
    ...(settings.anchorFile === undefined ? {} : { anchorFile: settings.anchorFile }),
    exportMasterKey: () => masterKeyBytes({ settings, isPrivate }),
    ...(backup === undefined ? {} : { backup }),
    ...(hashKey === undefined ? {} : { hashKey }),
    ...(sealing === undefined ? {} : { sealing }),
    ...(masterKey === undefined ? {} : { masterKey }),
  }
}
