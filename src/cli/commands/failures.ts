/** `isthmus failures list|retry`. */
import type { Command } from 'commander'
import { UsageError } from '../../model/errors.ts'
import { parseLimit, type Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { ago, table } from '../output.ts'
import { readPages } from '../pages.ts'

interface ListOptions {
  readonly system?: string
  readonly signature?: string
  readonly limit: number
}

async function list(context: CliContext, options: ListOptions): Promise<number> {
  return await withIntegration(context, async (open) => {
    const filter = {
      ...(options.system === undefined ? {} : { system: options.system }),
      ...(options.signature === undefined ? {} : { signature: options.signature }),
    }
    const { rows, cut } = await readPages(options.limit, (page) =>
      open.store.admin.failures({ ...page, ...filter }),
    )
    const now = await open.now()
    context.output.result({ failures: rows, more: cut }, () =>
      table(
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
      ),
    )
    return rows.length > 0 ? exitCodes.needsDecision : exitCodes.fine
  })
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
    context.output.result({ retried }, () => `${retried} failure(s) scheduled for retry`)
    return exitCodes.fine
  })
}

export function addFailuresCommands(program: Command, run: Run): void {
  const failures = program.command('failures').description('operations that need a person')
  failures
    .command('list')
    .description('list them, newest first')
    .option('--system <name>', 'only this system')
    .option('--signature <text>', 'only this group of equal failures')
    .option('--limit <n>', 'rows at most', parseLimit, 100)
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
