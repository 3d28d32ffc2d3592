/** `isthmus matches decide|undo`: decides whether two records are the same, and undoes such a decision. */
import type { Command } from 'commander'
import { UsageError } from '../../model/errors.ts'
import type { DuplicateResponse, DuplicateRow, RemovalOfOthers } from '../../store/duplicates-contract.ts'
import type { Run } from '../command.ts'
import { type CliContext, type OpenIntegration, withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { readPages } from '../pages.ts'

/** Maximum number of open duplicates that are searched for those of one record. */
const searchedMax = 10_000
const removals: readonly RemovalOfOthers[] = ['archive', 'delete', 'keep']

interface DecideOptions {
  /** True if the option has no id. */
  readonly same?: string | true
  readonly apart?: boolean
  readonly survivor?: readonly string[]
  readonly others?: string
}

async function decide(context: CliContext, id: string, options: DecideOptions): Promise<number> {
  const { same, apart, survivor = [], others } = options
  if ((same === undefined) === (apart !== true))
    throw new UsageError('CLI_USAGE', 'specify the decision: --same <record id> or --apart')
  if (apart === true && (survivor.length > 0 || others !== undefined))
    throw new UsageError('CLI_USAGE', '--survivor and --others require --same')
  return await withIntegration(context, async (open) => {
    const undo =
      apart === true
        ? await decideApart(open, id, context.actor)
        : await decideSame(open, id, options, context.actor)
    open.store.wake()
    context.output.result(
      { recordId: id, result: 'ok', ...(undo.length > 0 ? { duplicates: undo } : {}) },
      () =>
        [
          'decided; the change is being applied',
          ...undo.map((one) => `to undo it: isthmus matches undo ${one}`),
        ].join('\n'),
    )
    return exitCodes.fine
  })
}

/** Returns the duplicates that it decides, for undo. */
async function decideSame(
  open: OpenIntegration,
  id: string,
  options: DecideOptions,
  actor: string,
): Promise<readonly string[]> {
  const { admin } = open.store
  const survivors = survivorsOf(options.survivor ?? [])
  const others = removalOf(options.others)
  const pair = await pairOf(open, id, options.same === true ? undefined : options.same)
  const plain = options.survivor === undefined && options.others === undefined
  // A candidate in a system where the record has no counterpart becomes that counterpart; no other native
  // record is affected.
  if (plain && pair.duplicate === undefined) {
    const result = await admin.decideReview(pair.drop, { same: pair.keep }, actor)
    if (result === 'ok') return []
  }
  await refuseForbiddenRemoval(open, pair, others)
  const { keep, drop } = pair
  const response = await admin.mergeRecords({ keep, drop, survivors, others }, actor)
  return [idOf(response, `no match to decide for record ${id}: see isthmus matches list`)]
}

async function decideApart(open: OpenIntegration, id: string, actor: string): Promise<readonly string[]> {
  const { admin } = open.store
  const duplicate = await admin.duplicate(id)
  const rows = duplicate === undefined ? await duplicatesOf(open, id) : [duplicate]
  const decided: string[] = []
  for (const { sides } of rows) {
    const [one, other] = sides
    decided.push(
      idOf(
        await admin.keepApart(one.recordId, other.recordId, actor),
        'one of the two records no longer exists',
      ),
    )
  }
  if (duplicate !== undefined) return decided
  const review = await admin.decideReview(id, { apart: true }, actor)
  if (review === 'unknown' && decided.length === 0)
    throw new UsageError('CLI_NOT_FOUND', `no match to decide for record ${id}: see isthmus matches list`)
  return decided
}

interface Pair {
  readonly keep: string
  readonly drop: string
  readonly duplicate?: DuplicateRow
}

/** Determines which record stays and which is merged into it. */
async function pairOf(open: OpenIntegration, id: string, same: string | undefined): Promise<Pair> {
  const duplicate = await open.store.admin.duplicate(id)
  if (duplicate !== undefined) return pairOfRow(duplicate, same)
  const rows = await duplicatesOf(open, id)
  const meant = same === undefined ? rows : rows.filter((row) => partnersOf(row).includes(same))
  const [only, ...more] = meant
  if (only !== undefined && more.length === 0) return pairOfRow(only, same)
  if (same !== undefined) return inOrder(open, id, same)
  const known = rows.flatMap(partnersOf).filter((one) => one !== id)
  throw new UsageError(
    'CLI_USAGE',
    known.length === 0
      ? `record ${id} has no open duplicate: name the other record, --same <record id>`
      : `record ${id} has several possible counterparts: choose one, --same ${known.join(' or --same ')}`,
  )
}

function pairOfRow(row: DuplicateRow, same: string | undefined): Pair {
  const [kept, dropped] = partnersOf(row)
  if (same !== undefined && same !== kept && same !== dropped)
    throw new UsageError('CLI_USAGE', `${same} is neither of the two records of duplicate ${row.id}`)
  return { keep: kept, drop: dropped, duplicate: row }
}

function partnersOf({ sides: [one, other] }: DuplicateRow): readonly [string, string] {
  return [one.recordId, other.recordId]
}

/** The record that was named last stays, unless it is a candidate and the other one is not. */
async function inOrder(open: OpenIntegration, id: string, same: string): Promise<Pair> {
  const { admin } = open.store
  const [one, other] = await Promise.all([admin.record({ recordId: id }), admin.record({ recordId: same })])
  const missing = one === undefined ? id : other === undefined ? same : undefined
  if (missing !== undefined) throw new UsageError('CLI_NOT_FOUND', `there is no record ${missing}`)
  const swapped = one?.record.state === 'active' && other?.record.state !== 'active'
  return swapped ? { keep: id, drop: same } : { keep: same, drop: id }
}

async function duplicatesOf(open: OpenIntegration, recordId: string): Promise<readonly DuplicateRow[]> {
  const { rows } = await readPages(searchedMax, (page) => open.store.admin.duplicates(page))
  return rows.filter((row) => partnersOf(row).includes(recordId))
}

function survivorsOf(named: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    named.map((one): [string, string] => {
      const at = one.indexOf(':')
      if (at < 1 || at === one.length - 1)
        throw new UsageError('CLI_USAGE', `--survivor takes <system>:<native id>, not ${JSON.stringify(one)}`)
      return [one.slice(0, at), one.slice(at + 1)]
    }),
  )
}

function removalOf(others: string | undefined): RemovalOfOthers {
  const removal = others === undefined ? 'keep' : removals.find((one) => one === others)
  if (removal === undefined)
    throw new UsageError('CLI_USAGE', `--others takes ${removals.join(', ')}, not ${JSON.stringify(others)}`)
  return removal
}

/** Refuses the option if the definition does not allow the removal, because the native record would stay. */
async function refuseForbiddenRemoval(
  { store, integration }: OpenIntegration,
  { keep, drop }: Pair,
  others: RemovalOfOthers,
): Promise<void> {
  if (others === 'keep') return
  const details = await Promise.all([keep, drop].map((recordId) => store.admin.record({ recordId })))
  const [kept, dropped] = details
  const parts = integration.entities.get(kept?.record.entity ?? '')?.systems
  for (const { system, nativeId, state } of dropped?.members ?? []) {
    const both = kept?.members.some((member) => member.system === system && member.state === 'linked')
    const isLive = nativeId !== undefined && (state === 'linked' || state === 'unread')
    if (!both || !isLive || parts?.get(system)?.operations.delete !== false) continue
    throw new UsageError(
      'CLI_REFUSED',
      `the definition does not allow deletions in ${system}: use --others keep and delete the surplus record there by hand`,
    )
  }
}

function idOf(response: DuplicateResponse, unknown: string): string {
  if (response.kind === 'unknown') throw new UsageError('CLI_NOT_FOUND', unknown)
  if (response.kind === 'refused') throw new UsageError('CLI_REFUSED', response.reason)
  return response.id
}

async function undo(context: CliContext, id: string): Promise<number> {
  return await withIntegration(context, async (open) => {
    const response = await open.store.admin.undoDuplicate(id, context.actor)
    idOf(response, `no decided duplicate ${id}: see isthmus matches list --decided`)
    open.store.wake()
    context.output.result(
      { duplicate: id, result: 'ok' },
      () => 'undone; the two records need a decision again',
    )
    return exitCodes.fine
  })
}

export function addDecideCommands(matches: Command, run: Run): void {
  matches
    .command('decide <id>')
    .description('decide whether two records are the same; <id> is a record id or a duplicate id')
    .option('--same [record]', 'they are the same; the record id may be omitted if only one is possible')
    .option('--apart', 'they are different; the decision is remembered')
    .option(
      '--survivor <system:id...>',
      'if both have a record in a system, the one to keep (default: the one suggested by the list)',
    )
    .option(
      '--others <what>',
      'what happens to the other one: archive, delete, or keep without syncing it (default: keep)',
    )
    .action(run(decide))
  matches.command('undo <duplicate>').description('undo a decision about a duplicate').action(run(undo))
}
