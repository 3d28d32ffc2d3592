/** `isthmus db`: ends the upgrade of the database, backs it up and restores it. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { IsthmusError } from '../../model/errors.ts'
import { counted } from '../../model/health/words.ts'
import { writeBackup } from '../../runtime/backup/write-backup.ts'
import type { BackupDescription } from '../../store/backup-contract.ts'
import type { FormatAdmin } from '../../store/format-contract.ts'
import type { Run } from '../command.ts'
import { type CliContext, definitionOf, withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { openKit, type PassphraseOption, writeKit } from '../recovery-kit.ts'

/** Records that are rewritten in one transaction: workers that need one of them wait no longer than that. */
const batch = 200

async function contract(context: CliContext): Promise<number> {
  return await withIntegration(context, async ({ store }) => {
    const contracted = await store.admin.contract(context.actor)
    // Workers of older packages notice it at their next claim.
    store.wake()
    const converted = await convert(context, store.admin)
    const format = await store.admin.documentFormat()
    context.output.result({ contracted, converted, format }, () => describe(contracted, converted))
    return exitCodes.fine
  })
}

async function convert({ output }: CliContext, admin: FormatAdmin): Promise<number> {
  let converted = 0
  for (;;) {
    const rewritten = await admin.convertDocuments(batch)
    converted += rewritten
    output.progress(`converting documents: ${counted(converted, 'record')} so far`)
    if (rewritten === batch) continue
    output.progressDone()
    return converted
  }
}

function describe(contracted: boolean, converted: number): string {
  if (!contracted && converted === 0) return 'nothing to do: the database requires this version already'
  const records = counted(converted, 'record')
  return contracted
    ? `older packages can't use the database any more; the documents of ${records} are converted`
    : `the documents of ${records} are converted`
}

interface BackupOptions extends PassphraseOption {
  readonly recoveryKit?: string
}

async function backUp(context: CliContext, name: string, options: BackupOptions): Promise<number> {
  const { output, directory } = context
  const file = resolve(directory, name)
  return await withIntegration(context, async ({ backup, hashKey, exportMasterKey }) => {
    if (backup === undefined) throw new IsthmusError('BACKUP_FAILED', 'this store has no backups')
    const onProgress = (bytes: number) => output.progress(`backing up: ${sizeOf(bytes)} so far`)
    const { description, bytes } = await writeBackup({ backup, file, hashKey, onProgress })
    output.progressDone()
    const isSealed = description.masterKeys.length > 0
    const kit =
      options.recoveryKit === undefined || !isSealed
        ? undefined
        : await writeKit(context, { name: options.recoveryKit, key: exportMasterKey(), ...options })
    output.result({ file, bytes, takenAt: description.takenAt, sealed: isSealed, ...kit }, () =>
      [`wrote ${file}, ${sizeOf(bytes)}`, ...(kit?.lines ?? [keyAdvice(isSealed)])].join('\n'),
    )
    return exitCodes.fine
  })
}

function keyAdvice(isSealed: boolean): string {
  return isSealed
    ? 'The master key is not in it. If you have no copy of the key elsewhere, write a recovery kit: isthmus keys kit FILE'
    : 'Its values are not encrypted: everybody can read them who can read the file.'
}

async function restore(context: CliContext, name: string, options: BackupOptions): Promise<number> {
  const { output, directory } = context
  const { restoreIntegration } = await import('../../runtime/restore-integration.ts')
  const masterKey =
    options.recoveryKit === undefined ? undefined : await openKit(context, options.recoveryKit, options)
  const { description, keyFile } = await restoreIntegration({
    where: definitionOf(context),
    file: resolve(directory, name),
    masterKey,
    onProgress: (bytes) => output.progress(`restoring: ${sizeOf(bytes)} so far`),
  })
  output.progressDone()
  output.result({ takenAt: description.takenAt, ...(keyFile === undefined ? {} : { keyFile }) }, () =>
    restoredText(description, keyFile),
  )
  return exitCodes.fine
}

function restoredText({ takenAt }: BackupDescription, keyFile: string | undefined): string {
  return [
    `restored the database of ${new Date(takenAt).toISOString()}`,
    ...(keyFile === undefined ? [] : [`its master key is in ${keyFile}`]),
    'The next start lists all systems again. Before it, read docs/operations/database.md on what a restored database does not know.',
  ].join('\n')
}

function sizeOf(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** Adds `isthmus db` with its subcommands. */
export function addDbCommands(program: Command, run: Run): void {
  const db = program.command('db').description('the database')
  db.command('contract')
    .description(
      'end an upgrade: older packages can no longer use the database, and documents are converted to the newest format while the work goes on',
    )
    .action(run(contract))
  db.command('backup <file>')
    .description('copy the whole database into a file while the service runs; the master key is not in it')
    .option('--recovery-kit <file>', 'also write the master key into this file, encrypted with a passphrase')
    .option(
      '--passphrase-file <file>',
      'the passphrase of the recovery kit ("-": standard input); default: a new one, which is printed',
    )
    .action(run(backUp))
  db.command('restore <file>')
    .description('restore a backup into an empty database')
    .option('--recovery-kit <file>', 'take the master key of the embedded database from this file')
    .option('--passphrase-file <file>', 'the passphrase of the recovery kit ("-": standard input)')
    .action(run(restore))
}
