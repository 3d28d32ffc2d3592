/** `isthmus failures list|retry`. */
import type { Command } from 'commander'
import { UsageError } from '../../model/errors.ts'
import { counted } from '../../model/health/words.ts'
import type { FailureRow, PageRequest } from '../../store/admin-contract.ts'
import { parseLimit, type Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { countOf, examplesOf, type FailureGroup, groupFailures, readForGroups } from '../groups.ts'
import { ago, table } from '../output.ts'
import { readPages } from '../pages.ts'

interface ListOptions {
  readonly system?: string
  readonly signature?: string
  readonly limit: number
  readonly each?: boolean
}

async function list(context: CliContext, options: ListOptions): Promise<number> {
  return await withIntegration(context, async (open) => {
    const filter = {
      ...(options.system === undefined ? {} : { system: options.system }),
      ...(options.signature === undefined ? {} : { signature: options.signature }),
    }
    const read = (page: PageRequest) => open.store.admin.failures({ ...page, ...filter })
    const now = await open.now()
    if (options.each === true) {
      const { rows, cut } = await readPages(options.limit, read)
      context.output.result({ failures: rows, more: cut }, () => drawEach(rows, now))
      return exitOf(rows)
    }
    const { all, some, cut } = await readForGroups(options.limit, read)
    const groups = groupFailures(all)
    const more = cut || all.length > some.length
    context.output.result({ groups, failures: some, more }, () => drawGroups(groups, { now, cut }))
    return exitOf(all)
  })
}

function exitOf(rows: readonly unknown[]): number {
  return rows.length > 0 ? exitCodes.needsDecision : exitCodes.fine
}

function drawEach(rows: readonly FailureRow[], now: number): string {
  return table(
    rows,
    [
      { title: 'signature', value: (row) => row.signature, widthMax: 44 },
      { title: 'system', value: (row) => row.system },
      { title: 'operation', value: (row) => row.operation },
      { title: 'times', value: (row) => String(row.count), align: 'right' },
      { title: 'last', value: (row) => ago(row.lastAt, now) },
      { title: 'replay', value: (row) => row.replay },
      { title: 'record', value: (row) => row.recordId },
      { title: 'what', value: (row) => row.message, widthMax: 100 },
    ],
    'no failures',
  )
}

function drawGroups(
  groups: readonly FailureGroup[],
  { now, cut }: { readonly now: number; readonly cut: boolean },
): string {
  const drawn = table(
    groups,
    [
      { title: 'signature', value: (group) => group.signature, widthMax: 80 },
      { title: 'records', value: (group) => countOf(group, cut), align: 'right' },
      { title: 'times', value: (group) => String(group.times), align: 'right' },
      { title: 'last', value: (group) => ago(group.lastAt, now) },
      { title: 'replay', value: (group) => group.replay },
      { title: 'what', value: (group) => group.message, widthMax: 160 },
      { title: 'such as', value: examplesOf, widthMax: 130 },
    ],
    'no failures',
  )
  return groups.some(({ records }) => records > 1)
    ? `${drawn}\n\none by one: isthmus failures list --each`
    : drawn
}

interface RetryOptions {
  readonly record?: string
  readonly system?: string
  readonly signature?: string
  readonly all?: boolean
}

async function retry(context: CliContext, options: RetryOptions): Promise<number> {
  if (
    options.record === undefined &&
    options.system === undefined &&
    options.signature === undefined &&
    options.all !== true
  )
    throw new UsageError('CLI_USAGE', 'specify the failures: --record, --system, --signature or --all')
  return await withIntegration(context, async (open) => {
    const filter = {
      ...(options.record === undefined ? {} : { recordId: options.record }),
      ...(options.system === undefined ? {} : { system: options.system }),
      ...(options.signature === undefined ? {} : { signature: options.signature }),
    }
    const retried = await open.store.admin.retryFailures(filter, context.actor)
    open.store.wake()
    context.output.result({ retried }, () => `${counted(retried, 'failure')} scheduled for retry`)
    return exitCodes.fine
  })
}

/** Adds `isthmus failures` with its subcommands. */
export function addFailuresCommands(program: Command, run: Run): void {
  const failures = program.command('failures').description('operations that need a person')
  failures
    .command('list')
    .description('list them, grouped by cause')
    .option('--each', 'one by one, newest first')
    .option('--system <name>', 'only this system')
    .option('--signature <text>', 'only this group of equal failures')
    .option('--limit <n>', 'maximum number of rows with --each', parseLimit, 100)
    .action(run(list))
  failures
    .command('retry')
    .description('retry the failed writes')
    .option('--record <id>', 'only this record')
    .option('--system <name>', 'only this system')
    .option('--signature <text>', 'only this group of equal failures')
    .option('--all', 'every failure')
    .action(run(retry))
}
