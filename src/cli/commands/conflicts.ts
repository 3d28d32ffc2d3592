/** `isthmus conflicts list|resolve`. */
import type { Command } from 'commander'
import { UsageError } from '../../model/errors.ts'
import type { CanonicalValue } from '../../model/values.ts'
import { parseLimit, type Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { type OpenIntegration, withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { readGivenValue } from '../given-value.ts'
import { ago, table } from '../output.ts'
import { readPages } from '../pages.ts'
import { show } from '../values.ts'

async function list(
  context: CliContext,
  options: { readonly all?: boolean; readonly limit: number },
): Promise<number> {
  return await withIntegration(context, async (open) => {
    const state = options.all === true ? {} : ({ state: 'open' } as const)
    const { rows, cut } = await readPages(options.limit, (page) =>
      open.store.admin.conflicts({ ...page, ...state }),
    )
    const now = await open.now()
    context.output.result({ conflicts: rows, more: cut }, () =>
      table(
        rows,
        [
          { title: 'id', value: (row) => row.id },
          { title: 'entity', value: (row) => row.entity },
          { title: 'field', value: (row) => row.field },
          {
            title: 'values',
            value: (row) =>
              row.unreadable ?? row.candidates.map((one) => `${one.system}: ${show(one.value)}`).join(' | '),
            widthMax: 80,
          },
          { title: 'policy', value: (row) => row.policy },
          {
            title: 'state',
            value: (row) =>
              row.state === 'open' ? 'open' : `${row.winner ?? '?'} by ${row.decidedBy ?? 'policy'}`,
          },
          { title: 'when', value: (row) => ago(row.at, now) },
        ],
        options.all === true ? 'no conflicts' : 'no open conflicts',
      ),
    )
    return rows.some((row) => row.state === 'open') ? exitCodes.needsDecision : exitCodes.fine
  })
}

interface ResolveOptions {
  readonly take?: string
  readonly value?: string
}

async function valueFor(open: OpenIntegration, id: string, text: string): Promise<CanonicalValue> {
  const conflict = await open.store.admin.conflict(id)
  if (conflict === undefined) throw new UsageError('CLI_NOT_FOUND', `no conflict ${id}`)
  const field = open.integration.entities.get(conflict.entity)?.fields.get(conflict.field)
  if (field === undefined)
    throw new UsageError(
      'CLI_NOT_FOUND',
      `the definition has no field ${conflict.entity}.${conflict.field} any more`,
    )
  const given = readGivenValue(field, text)
  if (given.ok) return given.value
  throw new UsageError('CLI_USAGE', `--value does not fit ${conflict.field}: ${given.reason}`)
}

async function resolve(context: CliContext, id: string, options: ResolveOptions): Promise<number> {
  const { take, value } = options
  if ((take === undefined) === (value === undefined))
    throw new UsageError('CLI_USAGE', 'specify the value to keep: --take <system> or --value <value>')
  return await withIntegration(context, async (open) => {
    const choice = take === undefined ? { value: await valueFor(open, id, value ?? '') } : { system: take }
    const result = await open.store.admin.resolveConflict(id, choice, context.actor)
    if (result === 'unknown')
      throw new UsageError('CLI_NOT_FOUND', `no conflict ${id}, or it has no value of '${take ?? ''}'`)
    open.store.wake()
    context.output.result({ id, result }, () =>
      result === 'ok' ? 'decided; the change is being applied' : 'already decided',
    )
    return exitCodes.fine
  })
}

/** Adds `isthmus conflicts` with its subcommands. */
export function addConflictsCommands(program: Command, run: Run): void {
  const conflicts = program.command('conflicts').description('conflicting concurrent changes to one field')
  conflicts
    .command('list')
    .description('list them, newest first')
    .option('--all', 'include those decided by a policy or a person')
    .option('--limit <n>', 'maximum number of rows', parseLimit, 100)
    .action(run(list))
  conflicts
    .command('resolve <id>')
    .description('decide which value is kept')
    .option('--take <system>', "keep this system's value")
    .option(
      '--value <value>',
      'keep this value: text, a number or true as it is, JSON for lists and groups, null for no value',
    )
    .action(run(resolve))
}
