/** Where the master key comes from: Vault, a variable or a file, else a key of the embedded database's own. */
import { IsthmusError } from '../../model/errors.ts'
import type { FindMasterKey } from '../../store/postgres/sealing.ts'
import { localMasterKey, type MasterKey } from '../../store/sealing/master-key.ts'
import { readKeyFile } from './key-file.ts'
import { createOwnKey, type OwnKeyPlace, ownKeyFile, readOwnKey } from './own-key.ts'
import { type VaultKeyOptions, vaultMasterKey } from './vault-key.ts'

/** The settings of a process that concern the master key; see `Settings`. */
export interface MasterKeySettings extends OwnKeyPlace {
  readonly masterKey?: Uint8Array
  readonly vault?: VaultKeyOptions
  readonly sealing: 'on' | 'off'
}

/** Options of {@link masterKeyFinder}. */
export interface MasterKeyOptions {
  readonly settings: MasterKeySettings
  /** The database is the embedded one. */
  readonly isPrivate: boolean
  /** A key was created in this file; people have to know, since the data can't be read without it. */
  readonly onCreated?: ((file: string) => void) | undefined
}

/** @throws IsthmusError, when called: STORE_KEY_MISSING · STORE_KEY_NOT_KEPT · STORE_KEY_WRONG */
export function masterKeyFinder({ settings, isPrivate, onCreated }: MasterKeyOptions): FindMasterKey {
  return async (need) => {
    if (need === 'new' && settings.sealing === 'off') return undefined
    const configured = configuredMasterKey(settings)
    if (configured !== undefined) return configured
    if (isPrivate) return need === 'existing' ? existingOwnKey(settings) : newOwnKey(settings, onCreated)
    if (need === 'existing') return undefined
    throw new IsthmusError(
      'STORE_KEY_MISSING',
      'a new schema is sealed, and no master key is configured: create one with "isthmus keys create FILE" and set ISTHMUS_KEY_FILE to it, or set ISTHMUS_SEALING=off to store values readable to everyone who can read the database',
    )
  }
}

/** The key of Vault, of `ISTHMUS_KEY` or of `ISTHMUS_KEY_FILE`. */
export function configuredMasterKey({ vault, masterKey }: MasterKeySettings): MasterKey | undefined {
  if (vault !== undefined) return vaultMasterKey(vault)
  return masterKey === undefined ? undefined : localMasterKey(masterKey, 'ISTHMUS_KEY or ISTHMUS_KEY_FILE')
}

/** The master key in a file; undefined if the file does not exist. @throws IsthmusError STORE_KEY_WRONG */
export function masterKeyInFile(file: string): MasterKey | undefined {
  const key = readKeyFile(file)
  return key === undefined ? undefined : localMasterKey(key, file)
}

/** Where the master key is, for people: a variable, a key in Vault or a file. Undefined where there is none yet. */
export function masterKeyPlace({ settings, isPrivate }: MasterKeyOptions): string | undefined {
  return configuredMasterKey(settings)?.source ?? (isPrivate ? ownKeyFile(settings) : undefined)
}

/**
 * The bytes of the master key, for a recovery kit.
 *
 * @throws IsthmusError STORE_KEY_MISSING · STORE_KEY_WRONG
 */
export function masterKeyBytes({ settings, isPrivate }: MasterKeyOptions): Uint8Array {
  if (settings.vault !== undefined) {
    throw new IsthmusError(
      'STORE_KEY_UNAVAILABLE',
      'the master key is in Vault and never leaves it: back it up there',
    )
  }
  if (settings.masterKey !== undefined) return settings.masterKey
  if (isPrivate) return readOwnKey(settings).key
  throw new IsthmusError('STORE_KEY_MISSING', 'no master key is configured: set ISTHMUS_KEY_FILE')
}

function existingOwnKey(settings: MasterKeySettings): MasterKey {
  const { file, key } = readOwnKey(settings)
  return localMasterKey(key, file)
}

function newOwnKey(settings: MasterKeySettings, onCreated: MasterKeyOptions['onCreated']): MasterKey {
  const { file, key, isNew } = createOwnKey(settings)
  if (isNew) onCreated?.(file)
  return localMasterKey(key, file)
}
