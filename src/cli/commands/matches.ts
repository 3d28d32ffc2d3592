/** `isthmus matches list|decide`: are two records the same thing? */
import type { Command } from 'commander'
import { UsageError } from '../../model/errors.ts'
import { parseLimit, type Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { ago, table } from '../output.ts'
import { readPages } from '../pages.ts'

async function list(context: CliContext, options: { readonly limit: number }): Promise<number> {
  return await withIntegration(context, async (open) => {
    const { rows, cut } = await readPages(options.limit, (page) => open.store.admin.reviews(page))
    const now = await open.now()
    context.output.result({ matches: rows, more: cut }, () =>
      table(
        rows.flatMap((row) => row.candidates.map((candidate) => ({ row, candidate }))),
        [
          { title: 'record', value: ({ row }) => row.recordId },
          { title: 'entity', value: ({ row }) => row.entity },
          { title: 'seen in', value: ({ row }) => `${row.system} ${row.rid}` },
          { title: 'may be', value: ({ candidate }) => candidate.recordId },
          { title: 'score', value: ({ candidate }) => (candidate.score / 1000).toFixed(3), align: 'right' },
          { title: 'because', value: ({ candidate }) => candidate.why, widthMax: 60 },
          { title: 'since', value: ({ row }) => ago(row.at, now) },
        ],
        'nothing to decide',
      ),
    )
    return rows.length > 0 ? exitCodes.needsDecision : exitCodes.fine
  })
}

async function decide(
  context: CliContext,
  recordId: string,
  options: { readonly same?: string; readonly apart?: boolean },
): Promise<number> {
  if ((options.same === undefined) === (options.apart !== true))
    throw new UsageError('CLI_USAGE', 'say what it is: --same <record id>, or --apart')
  return await withIntegration(context, async (open) => {
    const decision = options.same === undefined ? ({ apart: true } as const) : { same: options.same }
    const result = await open.store.admin.decideReview(recordId, decision, context.actor)
    if (result === 'unknown')
      throw new UsageError('CLI_NOT_FOUND', `no match to decide for record ${recordId}`)
    if (result === 'refused')
      throw new UsageError(
        'CLI_REFUSED',
        `record ${options.same ?? ''} has a counterpart there already, or is gone; list the matches again`,
      )
    open.store.wake()
    context.output.result({ recordId, result }, () => 'decided; it is on its way')
    return exitCodes.fine
  })
}

export function addMatchesCommands(program: Command, run: Run): void {
  const matches = program.command('matches').description('records that may be the same thing')
  matches
    .command('list')
    .description('list them with their possible counterparts')
    .option('--limit <n>', 'rows at most', parseLimit, 100)
    .action(run(list))
  matches
    .command('decide <record>')
    .description('say whether they are the same')
    .option('--same <id>', 'it is this record')
    .option('--apart', 'it is a thing of its own; this is remembered')
    .action(run(decide))
}
