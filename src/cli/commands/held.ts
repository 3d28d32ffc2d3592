/** `isthmus held list|release`: changes that wait for a person's decision while everything else continues. */
import type { Command } from 'commander'
import { UsageError } from '../../model/errors.ts'
import { counted } from '../../model/health/words.ts'
import type { HoldRow, PageRequest } from '../../store/admin-contract.ts'
import { parseLimit, type Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { countOf, examplesOf, groupHolds, type HoldGroup, readForGroups } from '../groups.ts'
import { ago, table } from '../output.ts'
import { readPages } from '../pages.ts'

interface ListOptions {
  readonly limit: number
  readonly each?: boolean
}

async function list(context: CliContext, options: ListOptions): Promise<number> {
  return await withIntegration(context, async (open) => {
    const read = (page: PageRequest) => open.store.admin.holds(page)
    const now = await open.now()
    if (options.each === true) {
      const { rows, cut } = await readPages(options.limit, read)
      context.output.result({ held: rows, more: cut }, () => drawEach(rows, now))
      return exitOf(rows)
    }
    const { all, some, cut } = await readForGroups(options.limit, read)
    const groups = groupHolds(all)
    const more = cut || all.length > some.length
    context.output.result({ groups, held: some, more }, () => drawGroups(groups, { now, cut }))
    return exitOf(all)
  })
}

function exitOf(rows: readonly unknown[]): number {
  return rows.length > 0 ? exitCodes.needsDecision : exitCodes.fine
}

const none = 'nothing is held'

function drawEach(rows: readonly HoldRow[], now: number): string {
  return table(
    rows,
    [
      { title: 'id', value: (row) => row.id },
      { title: 'kind', value: (row) => row.kind },
      { title: 'entity', value: (row) => row.entity },
      { title: 'system', value: (row) => row.system ?? '' },
      { title: 'field', value: (row) => row.field ?? '' },
      { title: 'record', value: (row) => row.recordId },
      { title: 'since', value: (row) => ago(row.at, now) },
      { title: 'why', value: (row) => row.reason, widthMax: 100 },
    ],
    none,
  )
}

function drawGroups(
  groups: readonly HoldGroup[],
  { now, cut }: { readonly now: number; readonly cut: boolean },
): string {
  const drawn = table(
    groups,
    [
      { title: 'kind', value: (group) => group.kind },
      { title: 'entity', value: (group) => group.entity },
      { title: 'system', value: (group) => group.system ?? '' },
      { title: 'field', value: (group) => group.field ?? '' },
      { title: 'records', value: (group) => countOf(group, cut), align: 'right' },
      { title: 'since', value: (group) => ago(group.firstAt, now) },
      { title: 'why', value: (group) => group.reason, widthMax: 100 },
      { title: 'such as', value: examplesOf, widthMax: 130 },
    ],
    none,
  )
  return groups.length === 0 ? drawn : `${drawn}\n\none by one, with their ids: isthmus held list --each`
}

interface ReleaseOptions {
  readonly kind?: string
  readonly system?: string
  readonly all?: boolean
  readonly reject?: boolean
}

async function release(
  context: CliContext,
  id: string | undefined,
  options: ReleaseOptions,
): Promise<number> {
  if (id === undefined && options.kind === undefined && options.system === undefined && options.all !== true)
    throw new UsageError('CLI_USAGE', 'specify the held changes: an id, --kind, --system or --all')
  return await withIntegration(context, async (open) => {
    const filter = {
      ...(id === undefined ? {} : { id }),
      ...(options.kind === undefined ? {} : { kind: options.kind }),
      ...(options.system === undefined ? {} : { system: options.system }),
    }
    const decision = options.reject === true ? 'reject' : 'release'
    const released = await open.store.admin.releaseHolds(filter, decision, context.actor)
    if (released === 0 && id !== undefined) throw new UsageError('CLI_NOT_FOUND', `nothing held under ${id}`)
    open.store.wake()
    context.output.result(
      { [decision === 'reject' ? 'rejected' : 'released']: released },
      () => `${counted(released, 'held change')} ${decision === 'reject' ? 'rejected' : 'released'}`,
    )
    return exitCodes.fine
  })
}

/** Adds `isthmus held` with its subcommands. */
export function addHeldCommands(program: Command, run: Run): void {
  const held = program.command('held').description('changes waiting for a decision')
  held
    .command('list')
    .description('list them, grouped by cause')
    .option('--each', 'one by one with their ids, newest first')
    .option('--limit <n>', 'maximum number of rows with --each', parseLimit, 100)
    .action(run(list))
  held
    .command('release [id]')
    .description('apply held changes, or discard them with --reject')
    .option('--kind <kind>', 'guard, rule, oscillation, update-delete, delete-guard or delete-waits')
    .option('--system <name>', 'only this system')
    .option('--all', 'everything held')
    .option('--reject', 'discard the change: a held deletion is not applied and the record is kept')
    .action(run(release))
}
