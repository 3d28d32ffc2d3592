/** `isthmus keys create|status|rotate|retire|kit|recover`: the keys that stored values are sealed with. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { IsthmusError, UsageError } from '../../model/errors.ts'
import { masterKeyInFile } from '../../runtime/master-key/find-master-key.ts'
import { createKeyFile } from '../../runtime/master-key/key-file.ts'
import type { SealingAdmin, SealingStatus, WrappingKeyRow } from '../../store/sealing-contract.ts'
import type { Run } from '../command.ts'
import { type CliContext, type OpenIntegration, withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { ago, type Column, table } from '../output.ts'
import { openKit, type PassphraseOption, writeKit } from '../recovery-kit.ts'

async function create(context: CliContext, name: string): Promise<number> {
  const file = resolve(context.directory, name)
  if (!createKeyFile(file))
    throw new UsageError('CLI_USAGE', `${file} exists already: choose another name, or keep using that key`)
  context.output.result({ file }, () =>
    [
      `created ${file}`,
      '',
      'Set ISTHMUS_KEY_FILE to it in every process, and keep a copy apart from the backups of the database:',
      'without this key nobody can read the data, and with it everybody can who has a backup.',
    ].join('\n'),
  )
  return exitCodes.fine
}

async function status(context: CliContext): Promise<number> {
  return await withIntegration(context, async (open) => {
    const keys = await sealingOf(open).status()
    const now = await open.now()
    const { masterKey } = open
    context.output.result({ ...keys, ...(masterKey === undefined ? {} : { masterKey }) }, () =>
      keys.sealed ? sealedText(keys, masterKey, now) : unsealedText,
    )
    return exitCodes.fine
  })
}

const unsealedText =
  'Values are not sealed: everybody who can read the database can read them. Only a new schema can be sealed; a first start with a master key does it.'

function sealedText(
  { sealedAt, wrappingKeys, dayKeys }: Extract<SealingStatus, { sealed: true }>,
  masterKey: string | undefined,
  now: number,
): string {
  return [
    `sealed     since ${new Date(sealedAt).toISOString().slice(0, 10)}`,
    `master key ${masterKey ?? 'not configured'}`,
    `deliveries ${dayKeys} daily ${dayKeys === 1 ? 'key' : 'keys'}`,
    '',
    table(wrappingKeys, columns(now), 'there are no wrapping keys'),
  ].join('\n')
}

function columns(now: number): Column<WrappingKeyRow>[] {
  return [
    { title: 'wrapping key', value: ({ id }) => String(id) },
    { title: 'state', value: ({ state }) => state },
    { title: 'created', value: ({ createdAt }) => ago(createdAt, now) },
    {
      title: 'records',
      value: ({ records, isCut }) => (isCut ? `${records} or more` : String(records)),
    },
    { title: 'master key', value: ({ master }) => master },
  ]
}

async function rotate(
  context: CliContext,
  { masterFile }: { readonly masterFile?: string },
): Promise<number> {
  return await withIntegration(context, async (open) => {
    const sealing = sealingOf(open)
    if (masterFile !== undefined) return changeMaster(context, sealing, masterFile)
    const done = await sealing.rotate()
    context.output.result(done, () => {
      const start = done.resumed ? 'continued the interrupted rotation to' : 'created'
      return `${start} wrapping key ${done.active}; it wraps ${done.rewrapped} keys of records more than before. Remove the old one with: isthmus keys retire`
    })
    return exitCodes.fine
  })
}

async function changeMaster(context: CliContext, sealing: SealingAdmin, name: string): Promise<number> {
  const file = resolve(context.directory, name)
  const to = masterKeyInFile(file)
  if (to === undefined)
    throw new UsageError('CLI_USAGE', `${file} does not exist: create it with isthmus keys create`)
  await sealing.changeMaster(to)
  context.output.result({ masterKey: to.id }, () =>
    [
      `the keys of the database are wrapped with ${to.id}.`,
      `Set ISTHMUS_KEY_FILE=${file} before the next start; processes that run now keep working until then.`,
    ].join('\n'),
  )
  return exitCodes.fine
}

async function retire(context: CliContext): Promise<number> {
  return await withIntegration(context, async (open) => {
    const sealing = sealingOf(open)
    const retired = await sealing.retire()
    const keys = await sealing.status()
    const kept = keys.sealed ? keys.wrappingKeys.filter(({ state }) => state === 'retiring') : []
    context.output.result({ retired, kept: kept.map(({ id }) => id) }, () => {
      if (kept.length > 0)
        return `wrapping ${kept.length === 1 ? 'key' : 'keys'} ${kept.map(({ id }) => id).join(', ')} still in use: run isthmus keys rotate to its end first`
      return retired.length === 0
        ? 'there was nothing to retire'
        : `removed wrapping ${retired.length === 1 ? 'key' : 'keys'} ${retired.join(', ')}`
    })
    return kept.length > 0 ? exitCodes.failed : exitCodes.fine
  })
}

async function kit(context: CliContext, name: string, options: PassphraseOption): Promise<number> {
  return await withIntegration(context, async ({ exportMasterKey, ...open }) => {
    const keys = await sealingOf(open).status()
    if (!keys.sealed)
      throw new IsthmusError('STORE_KEY_MISSING', 'the database is not sealed, so it has no master key')
    const { lines, ...written } = await writeKit(context, { name, key: exportMasterKey(), ...options })
    context.output.result(written, () => lines.join('\n'))
    return exitCodes.fine
  })
}

async function recover(
  context: CliContext,
  kitName: string,
  name: string,
  options: PassphraseOption,
): Promise<number> {
  const file = resolve(context.directory, name)
  const key = await openKit(context, kitName, options)
  if (!createKeyFile(file, key))
    throw new UsageError('CLI_USAGE', `${file} exists already: choose another name`)
  context.output.result({ file }, () => `wrote the master key to ${file}: set ISTHMUS_KEY_FILE to it`)
  return exitCodes.fine
}

function sealingOf({ sealing }: Pick<OpenIntegration, 'sealing'>): SealingAdmin {
  if (sealing !== undefined) return sealing
  throw new IsthmusError('STORE_KEY_MISSING', 'this store has no keys')
}

/** Adds `isthmus keys` with its subcommands. */
export function addKeysCommands(program: Command, run: Run): void {
  const keys = program.command('keys').description('the keys that stored values are sealed with')
  keys
    .command('create <file>')
    .description('create a master key in a file that only its owner can read')
    .action(run(create))
  keys.command('status').description('show the keys, and what they wrap').action(run(status))
  keys
    .command('rotate')
    .description('replace the wrapping key while the service runs, or the master key')
    .option('--master-file <file>', 'wrap the keys of the database with the master key in this file')
    .action(run(rotate))
  keys.command('retire').description('remove wrapping keys that wrap nothing any more').action(run(retire))
  keys
    .command('kit <file>')
    .description('write a recovery kit: the master key, encrypted with a passphrase')
    .option(
      '--passphrase-file <file>',
      'the passphrase ("-": standard input); default: a new one, which is printed',
    )
    .action(run(kit))
  keys
    .command('recover <kit> <file>')
    .description('write the master key of a recovery kit to a file')
    .requiredOption('--passphrase-file <file>', 'the passphrase of the recovery kit ("-": standard input)')
    .action(run(recover))
}
