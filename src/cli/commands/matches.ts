/** `isthmus matches list|decide|undo`: records that may be the same. */
import type { Command } from 'commander'
import type { ReviewRow } from '../../store/admin-contract.ts'
import type { CrowdedKey, DuplicateRow } from '../../store/duplicates-contract.ts'
import { parseLimit, type Run } from '../command.ts'
import { type CliContext, withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { ago, table } from '../output.ts'
import { readPages } from '../pages.ts'
import { addDecideCommands } from './decide-match.ts'

/** A key that this many records share is a problem of the definition; a few examples are enough. */
const crowdedMax = 20

async function list(
  context: CliContext,
  options: { readonly limit: number; readonly decided?: boolean },
): Promise<number> {
  return await withIntegration(context, async (open) => {
    const { admin } = open.store
    const now = await open.now()
    if (options.decided === true) {
      const { rows, cut } = await readPages(options.limit, (page) =>
        admin.duplicates({ ...page, state: 'decided' }),
      )
      context.output.result({ duplicates: rows, more: cut }, () => drawDecided(rows, now))
      return exitCodes.fine
    }
    const reviews = await readPages(options.limit, (page) => admin.reviews(page))
    const duplicates = await readPages(options.limit, (page) => admin.duplicates(page))
    const crowded = await admin.crowdedKeys(crowdedMax)
    const more = reviews.cut || duplicates.cut
    context.output.result(
      { matches: reviews.rows, duplicates: duplicates.rows, notUnique: crowded, more },
      () => draw({ reviews: reviews.rows, duplicates: duplicates.rows, crowded, now }),
    )
    return reviews.rows.length + duplicates.rows.length > 0 ? exitCodes.needsDecision : exitCodes.fine
  })
}

interface Drawn {
  readonly reviews: readonly ReviewRow[]
  readonly duplicates: readonly DuplicateRow[]
  readonly crowded: readonly CrowdedKey[]
  readonly now: number
}

function draw({ reviews, duplicates, crowded, now }: Drawn): string {
  const paired = new Set(
    duplicates.flatMap(({ sides: [one, other] }) => [
      `${one.recordId} ${other.recordId}`,
      `${other.recordId} ${one.recordId}`,
    ]),
  )
  const questions = reviews.flatMap((row) =>
    row.candidates
      .filter((candidate) => !paired.has(`${row.recordId} ${candidate.recordId}`))
      .map((candidate) => ({ row, candidate })),
  )
  const parts = [
    ...(questions.length > 0 || duplicates.length === 0 ? [drawReviews(questions, now)] : []),
    ...(duplicates.length > 0 ? [drawDuplicates(duplicates, now)] : []),
    ...reviews.flatMap(({ recordId, unreadable }) =>
      unreadable === undefined ? [] : [`what record ${recordId} may be can't be shown: ${unreadable}`],
    ),
    ...crowded.map(
      ({ entity, rule, holders, examples }) =>
        `${holders} ${entity} records share one key of match rule ${rule + 1} (${examples.join(', ')}, …): it identifies none of them, so it causes no duplicates. Match by a unique field.`,
    ),
  ]
  return parts.join('\n\n')
}

function drawReviews(
  rows: readonly { readonly row: ReviewRow; readonly candidate: ReviewRow['candidates'][number] }[],
  now: number,
): string {
  return table(
    rows,
    [
      { title: 'record', value: ({ row }) => row.recordId },
      { title: 'entity', value: ({ row }) => row.entity },
      { title: 'seen in', value: ({ row }) => `${row.system} ${row.nativeId}` },
      { title: 'may be', value: ({ candidate }) => candidate.recordId },
      { title: 'score', value: ({ candidate }) => (candidate.score / 1000).toFixed(3), align: 'right' },
      { title: 'because', value: ({ candidate }) => candidate.why, widthMax: 60 },
      { title: 'since', value: ({ row }) => ago(row.at, now) },
    ],
    'nothing to decide',
  )
}

function drawDuplicates(rows: readonly DuplicateRow[], now: number): string {
  return table(
    rows,
    [
      { title: 'duplicate', value: (row) => row.id },
      { title: 'entity', value: (row) => row.entity },
      { title: 'record', value: ({ sides: [kept] }) => `${kept.recordId} (${nativesOf(kept)})` },
      { title: 'may be', value: ({ sides: [, other] }) => `${other.recordId} (${nativesOf(other)})` },
      { title: 'because', value: causeOf },
      { title: 'linked now', value: linkedOf, widthMax: 120 },
      {
        title: 'suggested to stay',
        value: ({ overlaps }) => overlaps.map((one) => `${one.system}:${one.suggested}`).join(', '),
      },
      { title: 'held', value: heldOf },
      { title: 'since', value: (row) => ago(row.at, now) },
    ],
    'no duplicates',
  )
}

function drawDecided(rows: readonly DuplicateRow[], now: number): string {
  return table(
    rows,
    [
      { title: 'duplicate', value: (row) => row.id },
      { title: 'entity', value: (row) => row.entity },
      { title: 'record', value: ({ sides: [kept] }) => kept.recordId },
      { title: 'other', value: ({ sides: [, other] }) => other.recordId },
      { title: 'decided', value: (row) => row.state },
      { title: 'by', value: (row) => row.decidedBy ?? '' },
      { title: 'when', value: (row) => ago(row.decidedAt ?? row.at, now) },
    ],
    'no duplicates have been decided yet',
  )
}

function nativesOf({ natives }: DuplicateRow['sides'][number]): string {
  const there = natives.filter(({ state }) => state !== 'gone')
  return there.map(({ system, nativeId }) => `${system}:${nativeId}`).join(', ')
}

/** Shows which of the copies in one system is linked, and with which native record. */
export function linkedOf({ overlaps, sides }: DuplicateRow): string {
  const copies = overlaps.flatMap(({ system }) =>
    sides.flatMap(({ natives }) => {
      const own = natives.find((native) => native.system === system && native.state !== 'gone')
      if (own === undefined) return []
      const others = natives.filter((native) => native.system !== system && native.state === 'linked')
      const partners = others.map((native) => `${native.system}:${native.nativeId}`).join(' and ')
      return [`${system}:${own.nativeId} ${partners === '' ? 'with nothing' : `with ${partners}`}`]
    }),
  )
  return [...new Set(copies)].join('; ')
}

function causeOf({ cause, system }: DuplicateRow): string {
  return cause === 'merge' ? `${system ?? 'a system'} merged them` : 'same key'
}

function heldOf({ held }: DuplicateRow): string {
  return [...new Set(held.map(({ what, system }) => `${what} in ${system}`))].join(', ')
}

/** Adds `isthmus matches` with its subcommands. */
export function addMatchesCommands(program: Command, run: Run): void {
  const matches = program.command('matches').description('records that may be the same')
  matches
    .command('list')
    .description('list possible counterparts, and duplicates with their values')
    .option('--limit <n>', 'maximum number of rows of each', parseLimit, 100)
    .option('--decided', 'list decided duplicates, to undo one')
    .action(run(list))
  addDecideCommands(matches, run)
}
