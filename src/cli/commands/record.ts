/** `isthmus record show|why`: everything known of one record, and why each field has its value. */
import type { Command } from 'commander'
import type { JournalRow, RecordDetail } from '../../store/admin-contract.ts'
import type { Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { ago, type Column, table } from '../output.ts'
import { findRecord } from '../record-key.ts'
import { show } from '../values.ts'

const journalLinesMax = 1000

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
      title: `${member.system} ${member.rid ?? '(none)'}`,
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

function drawRecord(detail: RecordDetail, now: number): string {
  const { record, members } = detail
  const names = [
    ...new Set([...Object.keys(record.fields), ...members.flatMap((member) => Object.keys(member.fields))]),
  ]
  const lanes = members.map(
    (member) =>
      `${member.system}: ${member.state}, lane ${member.lane}${member.laneReason === undefined ? '' : ` (${member.laneReason})`}${member.laneUntil === undefined ? '' : `, again in ${Math.max(0, Math.round((member.laneUntil - now) / 1000))} s`}`,
  )
  const open = detail.intents.filter((intent) => intent.state === 'open')
  return [
    `${record.entity} ${record.id}`,
    `state ${record.state}, rev ${record.rev}, ${record.dirtySeq > record.cleanSeq ? 'work to do' : 'nothing to do'}, discovered ${ago(record.discoveredAt, now)}`,
    ...lanes,
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

/** One agreed change of one field, as the journal tells it. */
interface WhyRow {
  readonly at: number
  readonly field: string
  readonly rev: string
  readonly from: unknown
  readonly to: unknown
  readonly src: string
  readonly by: string
  readonly version: string
  readonly actor: string
}

/** Journal bodies are JSON of other versions too: nothing is taken for granted. */
function changesOf(row: JournalRow): WhyRow[] {
  if (typeof row.body !== 'object' || row.body === null) return []
  const body = new Map<string, unknown>(Object.entries(row.body))
  const changes = body.get('changes')
  if (!Array.isArray(changes)) return []
  return changes.flatMap((change: unknown) => {
    if (typeof change !== 'object' || change === null) return []
    const facts = new Map<string, unknown>(Object.entries(change))
    return [
      {
        at: row.at,
        field: String(facts.get('field')),
        rev: String(facts.get('rev')),
        from: facts.get('from'),
        to: facts.get('to'),
        src: String(facts.get('src')),
        by: String(facts.get('by')),
        version: String(body.get('definition') ?? ''),
        actor: row.actor,
      },
    ]
  })
}

function text(value: unknown): string {
  if (value === undefined) return '(absent)'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

async function why(
  context: CliContext,
  key: string,
  field: string | undefined,
  options: { entity?: string },
): Promise<number> {
  return await withIntegration(context, async (open) => {
    const detail = await findRecord(open, key, options.entity)
    const now = await open.now()
    const journal = await open.store.admin.journal({ recordId: detail.record.id, limit: journalLinesMax })
    const rows = journal.flatMap(changesOf).filter((row) => field === undefined || row.field === field)
    context.output.result({ recordId: detail.record.id, changes: rows }, () =>
      table(
        rows,
        [
          { title: 'when', value: (row) => ago(row.at, now) },
          { title: 'field', value: (row) => row.field },
          { title: 'rev', value: (row) => row.rev, align: 'right' },
          { title: 'from', value: (row) => text(row.from), widthMax: 32 },
          { title: 'to', value: (row) => text(row.to), widthMax: 32 },
          { title: 'source', value: (row) => row.src },
          { title: 'decided by', value: (row) => row.by },
          { title: 'definition', value: (row) => row.version.slice(0, 12) },
        ],
        field === undefined ? 'nothing has been agreed yet' : `nothing has been agreed about '${field}' yet`,
      ),
    )
    return exitCodes.fine
  })
}

export function addRecordCommands(program: Command, run: Run): void {
  const record = program.command('record').description('one record, by its id or as <system>:<native id>')
  record
    .command('show <key>')
    .description('everything known of it: fields by system, lanes, open writes')
    .option('--entity <name>', 'when several entities use the same native ids')
    .action(run(showRecord))
  record
    .command('why <key> [field]')
    .description('why each field has its value: where it came from, when, and what decided')
    .option('--entity <name>', 'when several entities use the same native ids')
    .action(run(why))
}
