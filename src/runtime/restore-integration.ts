/** Restores a backup into the empty database that the settings name, for the definition in a folder. */
import { IsthmusError, UsageError } from '../model/errors.ts'
import type { BackupDescription } from '../store/backup-contract.ts'
import { localMasterKey } from '../store/sealing/master-key.ts'
import { type BackupHead, readBackupHead, restoreBackup } from './backup/restore-backup.ts'
import type { Settings } from './config.ts'
import { type LoadOptions, loadDefinition } from './load-definition.ts'
import { createOwnKey } from './master-key/own-key.ts'
import { settingsBeside } from './open-integration.ts'
import { keepHashKey, openStore } from './open-store.ts'
import { retryWhileUnavailable } from './wait-for-database.ts'

/** Options of {@link restoreIntegration}. */
export interface RestoreOptions {
  /** Where the definition is. */
  readonly where: Pick<LoadOptions, 'directory' | 'file'>
  readonly file: string
  /** The master key of a recovery kit, for an embedded database. @default the configured one */
  readonly masterKey?: Uint8Array | undefined
  readonly onProgress?: (bytes: number) => void
}

/** What was restored. */
export interface Restored {
  readonly description: BackupDescription
  /** The file in which the master key of the recovery kit is now. */
  readonly keyFile?: string
}

/** @throws IsthmusError BACKUP_INVALID · STORE_*, and errors of the definition and the settings */
export async function restoreIntegration({
  where,
  file,
  masterKey,
  onProgress,
}: RestoreOptions): Promise<Restored> {
  const { integration, source } = await loadDefinition({ ...where, secrets: 'keep' })
  const settings = settingsBeside(source)
  const head = await readBackupHead(file)
  refuseOther(head, integration.id)
  const keyFile = masterKey === undefined ? undefined : keepMasterKey(settings, head, masterKey)
  if (head.hashKey !== undefined) takeHashKey(settings, head.hashKey)
  const open = await openStore(settings, integration.id)
  try {
    const { backup, store } = open
    if (backup === undefined) throw new IsthmusError('STORE_CLOSED', 'this store can not be restored')
    await retryWhileUnavailable(
      () => restoreBackup({ backup, file, ...(onProgress === undefined ? {} : { onProgress }) }),
      open,
    )
    // Migrations that are newer than the backup; a sealed store shows here that its key opens it.
    await store.migrate()
  } finally {
    await open.close()
  }
  return { description: head.description, ...(keyFile === undefined ? {} : { keyFile }) }
}

function refuseOther({ description: { integration } }: BackupHead, id: string): void {
  if (integration === undefined || integration === id) return
  throw new IsthmusError(
    'STORE_OTHER_INTEGRATION',
    `the backup is of integration ${integration}, the definition here is of ${id}`,
  )
}

/** Becomes the key of the embedded database. */
function keepMasterKey(settings: Settings, { description }: BackupHead, key: Uint8Array): string {
  if (
    settings.databaseUrl !== undefined ||
    settings.masterKey !== undefined ||
    settings.vault !== undefined
  ) {
    throw new UsageError(
      'CLI_USAGE',
      'a recovery kit is only used for an embedded database without a configured master key: write its key to a file with "isthmus keys recover" and set ISTHMUS_KEY_FILE',
    )
  }
  const { id } = localMasterKey(key, 'the recovery kit')
  if (!description.masterKeys.includes(id)) {
    const needed = description.masterKeys.join(', ')
    throw new IsthmusError(
      'STORE_KEY_WRONG',
      needed === ''
        ? 'the backup is not sealed: restore it without the recovery kit'
        : `the recovery kit holds master key ${id}, the backup needs ${needed}`,
    )
  }
  const own = createOwnKey(settings, key)
  if (Buffer.from(own.key).equals(key)) return own.file
  throw new IsthmusError(
    'STORE_NOT_EMPTY',
    `${settings.dataDir} belongs to a database with another master key: choose another data directory`,
  )
}

/** Where the keyed hashes come from in a database that is not sealed. */
function takeHashKey(settings: Settings, hashKey: string): void {
  const { databaseUrl, macKey, dataDir } = settings
  if (macKey !== undefined && Buffer.from(macKey).toString('hex') === hashKey) return
  if (databaseUrl === undefined && macKey === undefined) {
    keepHashKey(dataDir, hashKey)
    return
  }
  throw new IsthmusError(
    'CONFIG_INVALID',
    'the backup was made with another ISTHMUS_MAC_KEY: extract the file mac.key from the backup, which is a compressed tar archive, and set ISTHMUS_MAC_KEY_FILE to it',
  )
}
