/** Writes and opens recovery kits for the commands that need them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '../model/errors.ts'
import { decryptKit, encryptKit, newPassphrase } from '../runtime/backup/recovery-kit.ts'
import type { CliContext } from './context.ts'

/** `--passphrase-file`. */
export interface PassphraseOption {
  readonly passphraseFile?: string
}

/** A kit that was written. */
export interface WrittenKit {
  readonly recoveryKit: string
  /** Only a generated one. */
  readonly passphrase?: string
  /** What people have to know about it. */
  readonly lines: readonly string[]
}

/** Encrypts a master key into a new file. @throws UsageError CLI_USAGE if the file exists or the passphrase is short */
export async function writeKit(
  { directory }: CliContext,
  { name, key, passphraseFile }: { readonly name: string; readonly key: Uint8Array } & PassphraseOption,
): Promise<WrittenKit> {
  const recoveryKit = resolve(directory, name)
  const generated = passphraseFile === undefined ? newPassphrase() : undefined
  const passphrase = generated ?? readPassphrase(directory, passphraseFile ?? '')
  const kit = await encryptKit(key, passphrase)
  try {
    writeFileSync(recoveryKit, `${kit}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    throw new UsageError(
      'CLI_USAGE',
      exists ? `${recoveryKit} exists already: choose another name` : `${recoveryKit} can't be written`,
      { cause: error },
    )
  }
  return {
    recoveryKit,
    ...(generated === undefined ? {} : { passphrase: generated }),
    lines: [
      `wrote the recovery kit ${recoveryKit}`,
      ...(generated === undefined ? [] : ['', `passphrase: ${generated}`, '']),
      'Keep the kit and its passphrase in different places, both apart from the backups: together with a backup they open all of its data.',
    ],
  }
}

/** Returns the master key of a kit. @throws UsageError CLI_USAGE · IsthmusError STORE_KEY_WRONG */
export async function openKit(
  { directory }: CliContext,
  name: string,
  { passphraseFile }: PassphraseOption,
): Promise<Uint8Array> {
  if (passphraseFile === undefined)
    throw new UsageError(
      'CLI_USAGE',
      'the recovery kit needs its passphrase: --passphrase-file FILE, or "-" for standard input',
    )
  return decryptKit(readText(directory, name), readPassphrase(directory, passphraseFile))
}

function readPassphrase(directory: string, name: string): string {
  return readText(directory, name).trim()
}

function readText(directory: string, name: string): string {
  try {
    return readFileSync(name === '-' ? 0 : resolve(directory, name), 'utf8')
  } catch (error) {
    const what = name === '-' ? 'standard input' : resolve(directory, name)
    throw new UsageError('CLI_USAGE', `${what} can't be read`, { cause: error })
  }
}
