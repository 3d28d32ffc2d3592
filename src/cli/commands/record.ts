/** `isthmus record find|show|why`: finds records, shows the state of one, and why each field has its value. */
import type { Command } from 'commander'
import { recordSearch } from '../../api/record-search.ts'
import { type Lane, laneUntil } from '../../model/lane.ts'
import type { RecordDetail, RecordInspection } from '../../store/admin-contract.ts'
import type { Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { ago, type Column, table } from '../output.ts'
import { findRecord, unreadableLines } from '../record-key.ts'
import { show } from '../values.ts'
import { why } from './record-why.ts'

interface FieldRow {
  readonly field: string
  readonly detail: RecordDetail
}

function fieldColumns(detail: RecordDetail): Column<FieldRow>[] {
  return [
    { title: 'field', value: (row) => row.field },
    { title: 'agreed', value: (row) => show(row.detail.record.fields[row.field]?.value), widthMax: 40 },
    { title: 'rev', value: (row) => String(row.detail.record.fields[row.field]?.rev ?? ''), align: 'right' },
    ...detail.members.map((member) => ({
      title: `${member.system} ${member.nativeId ?? '(none)'}`,
      value: (row: FieldRow) => {
        const field = member.fields[row.field]
        if (field === undefined) return ''
        const marks = [
          field.acked < (row.detail.record.fields[row.field]?.rev ?? 0) ? `behind: rev ${field.acked}` : '',
          field.coerced === true ? 'coerced' : '',
          field.hold === undefined ? '' : `held: ${field.hold.reason}`,
          field.rejected === undefined ? '' : `refused: ${field.rejected.code}`,
        ].filter((mark) => mark !== '')
        return `${show(field.shadow)}${marks.length > 0 ? ` [${marks.join('; ')}]` : ''}`
      },
      widthMax: 48,
    })),
  ]
}

function laneText(lane: Lane, now: number): string {
  const reason = lane.reason === undefined ? '' : ` (${lane.reason})`
  const until = laneUntil(lane)
  const again = until === undefined ? '' : `, again in ${Math.max(0, Math.round((until - now) / 1000))} s`
  return `lane ${lane.state}${reason}${again}`
}

function drawRecord(detail: RecordInspection, now: number): string {
  const { record, members } = detail
  const names = [
    ...new Set([...Object.keys(record.fields), ...members.flatMap((member) => Object.keys(member.fields))]),
  ]
  const lanes = members.map(({ system, state, lane }) => `${system}: ${state}, ${laneText(lane, now)}`)
  const open = detail.intents.filter((intent) => intent.state === 'open')
  return [
    `${record.entity} ${record.id}`,
    `state ${record.state}, rev ${record.rev}, ${record.dirtySeq > record.cleanSeq ? 'work to do' : 'nothing to do'}, discovered ${ago(record.discoveredAt, now)}`,
    ...lanes,
    ...unreadableLines(detail),
    ...open.map(
      (intent) =>
        `in doubt: ${intent.operation} in ${intent.system}, intent ${intent.id}, ${ago(intent.createdAt, now)}`,
    ),
    '',
    table(
      names.map((field) => ({ field, detail })),
      fieldColumns(detail),
      'no field has been read yet',
    ),
  ].join('\n')
}

async function showRecord(context: CliContext, key: string, options: { entity?: string }): Promise<number> {
  return await withIntegration(context, async (open) => {
    const detail = await findRecord(open, key, options.entity)
    const now = await open.now()
    context.output.result(detail, () => drawRecord(detail, now))
    return exitCodes.fine
  })
}

/** Hits that are shown. */
const hitsMax = 50

async function findRecords(context: CliContext, text: string): Promise<number> {
  return await withIntegration(context, async ({ integration, store }) => {
    const hits = await store.admin.findRecords(
      recordSearch(integration, text, { limit: hitsMax, values: true }),
    )
    context.output.result({ hits }, () =>
      table(
        hits,
        [
          { title: 'record', value: ({ recordId }) => recordId },
          { title: 'entity', value: ({ entity }) => entity },
          { title: 'state', value: ({ state }) => state },
          {
            title: 'found by',
            value: ({ by, system }) => (system === undefined ? by : `${by} in ${system}`),
          },
        ],
        'no record has it as an id or as a value of a field that records are matched by; other values are encrypted and can not be searched',
      ),
    )
    return exitCodes.fine
  })
}

/** Adds `isthmus record` with its subcommands. */
export function addRecordCommands(program: Command, run: Run): void {
  const record = program
    .command('record')
    .description('inspect one record, by its id or as <system>:<native id>')
  record
    .command('find <text>')
    .description('find records by their id, a native id, or a value of a field that records are matched by')
    .action(run(findRecords))
  record
    .command('show <key>')
    .description('show its fields by system, lanes and open writes')
    .option('--entity <name>', 'when several entities use the same native ids')
    .action(run(showRecord))
  record
    .command('why <key> [field]')
    .description('explain the value of each field: where it came from, when, and what or who decided')
    .option('--entity <name>', 'when several entities use the same native ids')
    .action(run(why))
}
