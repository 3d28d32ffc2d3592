/** `isthmus drift list|accept`: schema changes of the systems. */

import type { Command } from 'commander'
import { UsageError } from '../../model/errors.ts'
import { counted } from '../../model/health/words.ts'
import { type DriftReport, reportDrift } from '../../runtime/drift/drift-report.ts'
import type { Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { table } from '../output.ts'

async function list(context: CliContext): Promise<number> {
  return await withIntegration(context, async ({ integration, store }) => {
    const drift = reportDrift(integration, await store.admin.schemas())
    context.output.result({ drift }, () => draw(drift))
    const needsSomebody = drift.some(({ items }) =>
      items.some((item) => item.harmful && item.fields.length > 0),
    )
    return needsSomebody ? exitCodes.needsDecision : exitCodes.fine
  })
}

function draw(drift: readonly DriftReport[]): string {
  const rows = drift.flatMap(({ system, resource, items }) =>
    items.map((item) => ({ system, resource, ...item })),
  )
  return table(
    rows,
    [
      { title: 'system', value: (row) => row.system },
      { title: 'resource', value: (row) => row.resource },
      { title: 'field', value: (row) => row.path },
      { title: 'what', value: (row) => row.message },
      { title: 'reaches', value: (row) => row.fields.join(', ') },
      { title: 'what to do', value: (row) => row.proposal, widthMax: 100 },
    ],
    'the schema of every system is the accepted one',
  )
}

async function accept(
  context: CliContext,
  system: string,
  options: { readonly resource?: string },
): Promise<number> {
  return await withIntegration(context, async ({ integration, store }) => {
    if (!integration.systems.has(system))
      throw new UsageError('CLI_NOT_FOUND', `the definition has no system "${system}"`)
    const filter = { system, ...(options.resource === undefined ? {} : { resource: options.resource }) }
    const accepted = await store.admin.acceptSchemas(filter, context.actor)
    context.output.result({ accepted }, () =>
      accepted === 0
        ? 'nothing had changed'
        : `accepted the new schema of ${counted(accepted, 'resource')}; paused fields resume within 30 seconds`,
    )
    return exitCodes.fine
  })
}

/** Adds `isthmus drift` with its subcommands. */
export function addDriftCommands(program: Command, run: Run): void {
  const drift = program.command('drift').description('schema changes of the systems')
  drift
    .command('list')
    .description('list every difference from the accepted schema, and what to do')
    .action(run(list))
  drift
    .command('accept <system>')
    .description('accept the schema seen last; paused fields resume')
    .option('--resource <name>', 'only this resource')
    .action(run(accept))
}
