/**
 * `isthmus record why`: explains where each value came from, and lists decisions by people about the record.
 */
import { describeCause } from '../../model/cause.ts'
import type { JournalRow } from '../../store/admin-contract.ts'
import type { CliContext } from '../context.ts'
import { withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { ago, table } from '../output.ts'
import { findRecord, unreadableLines } from '../record-key.ts'

const journalLinesMax = 1000

/** One agreed change of one field, from the journal. */
interface ChangeRow {
  readonly at: number
  readonly field: string
  readonly rev: string
  readonly from: unknown
  readonly to: unknown
  readonly src: string
  readonly by: string
  /** The first one is the cause. */
  readonly causes: readonly string[]
  readonly version: string
  readonly actor: string
}

/** A decision by a person about the record. */
interface DecisionRow {
  readonly at: number
  readonly actor: string
  readonly decision: string
  /** If omitted, the decision concerns the record as a whole. */
  readonly field?: string
}

export async function why(
  context: CliContext,
  key: string,
  field: string | undefined,
  options: { entity?: string },
): Promise<number> {
  return await withIntegration(context, async (open) => {
    const detail = await findRecord(open, key, options.entity)
    const now = await open.now()
    const journal = await open.store.admin.journal({ recordId: detail.record.id, limit: journalLinesMax })
    const changes = journal.flatMap(changesOf).filter((row) => field === undefined || row.field === field)
    const decisions = journal
      .flatMap(decisionOf)
      .filter((row) => field === undefined || row.field === undefined || row.field === field)
    const recordId = detail.record.id
    const notes = [
      ...unreadableLines(detail),
      ...journal.flatMap(({ seq, unreadable }) =>
        unreadable === undefined ? [] : [`NOT SHOWN, line ${seq} of the journal: ${unreadable}`],
      ),
    ]
    context.output.result({ recordId, changes, decisions, unreadable: notes }, () =>
      [...notes, draw({ changes, decisions, field, now })].join('\n'),
    )
    return exitCodes.fine
  })
}

interface Drawn {
  readonly changes: readonly ChangeRow[]
  readonly decisions: readonly DecisionRow[]
  readonly field: string | undefined
  readonly now: number
}

function draw({ changes, decisions, field, now }: Drawn): string {
  const agreed = table(
    changes,
    [
      { title: 'when', value: (row) => ago(row.at, now) },
      { title: 'field', value: (row) => row.field },
      { title: 'rev', value: (row) => row.rev, align: 'right' },
      { title: 'from', value: (row) => text(row.from), widthMax: 32 },
      { title: 'to', value: (row) => text(row.to), widthMax: 32 },
      { title: 'source', value: (row) => (row.src === 'person' ? row.actor : row.src) },
      { title: 'decided by', value: (row) => (row.src === 'person' ? `person, ${row.by}` : row.by) },
      { title: 'cause', value: (row) => row.causes.slice(0, 1).map(describeCause).join(''), widthMax: 40 },
      { title: 'definition', value: (row) => row.version.slice(0, 12) },
    ],
    field === undefined ? 'nothing has been agreed yet' : `nothing has been agreed about '${field}' yet`,
  )
  if (decisions.length === 0) return agreed
  const people = table(
    decisions,
    [
      { title: 'when', value: (row) => ago(row.at, now) },
      { title: 'who', value: (row) => row.actor },
      { title: 'decided', value: (row) => row.decision, widthMax: 140 },
    ],
    '',
  )
  return [agreed, '', 'decisions by people:', people].join('\n')
}

/** Journal bodies may be from other versions, so their structure is checked. */
function factsOf(row: JournalRow): ReadonlyMap<string, unknown> {
  return new Map(typeof row.body === 'object' && row.body !== null ? Object.entries(row.body) : [])
}

function changesOf(row: JournalRow): ChangeRow[] {
  const body = factsOf(row)
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
        causes: row.kind === 'person' ? ['person:conflict'] : textsOf(body.get('causes')),
        version: String(body.get('definition') ?? ''),
        actor: row.actor,
      },
    ]
  })
}

/** Lines of earlier versions have no causes. */
function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function decisionOf(row: JournalRow): DecisionRow[] {
  if (row.kind !== 'person') return []
  const body = factsOf(row)
  const field = body.get('field')
  const about = typeof field === 'string' ? { field } : {}
  return [{ at: row.at, actor: row.actor, decision: decisionInWords(body), ...about }]
}

function decisionInWords(body: ReadonlyMap<string, unknown>): string {
  const has = (name: string): string | undefined => {
    const value = body.get(name)
    return typeof value === 'string' ? value : undefined
  }
  const field = has('field')
  const system = has('system')
  const where = `${field === undefined ? '' : ` of ${field}`}${system === undefined ? '' : ` in ${system}`}`
  const winner = has('winner')
  if (winner !== undefined) {
    return `conflict${where}: ${winner === 'person' ? 'gave a value' : `took the value of ${winner}`}`
  }
  const hold = has('hold')
  if (hold !== undefined) return `held change (${hold})${where}: ${has('decision') ?? 'decided'}`
  const retried = has('retried')
  if (retried !== undefined) return `failure in ${retried}: retry`
  const attached = has('attached')
  if (attached !== undefined) return `match${where}: the same as ${attached}`
  const same = body.get('same')
  if (typeof same === 'object' && same !== null) return sameInWords(new Map(Object.entries(same)))
  const undone = has('undone')
  if (undone !== undefined) return `duplicate ${has('duplicate') ?? ''}: the decision "${undone}" was undone`
  const apart = body.get('apart')
  if (Array.isArray(apart)) return `match: different from ${apart.map(String).join(', ')}`
  return [...body].flatMap(([name, value]) => (isWord(value) ? [`${name}: ${String(value)}`] : [])).join(', ')
}

/**
 * Two records were decided to be the same. `others`: what happened to native records that did not become a
 * counterpart of the merged record.
 */
function sameInWords(facts: ReadonlyMap<string, unknown>): string {
  const others: Readonly<Record<string, string>> = { keep: 'kept', archive: 'archived', delete: 'deleted' }
  const [kept, merged] = [String(facts.get('kept')), String(facts.get('merged'))]
  return `duplicate: ${merged} is the same as ${kept}, other records ${others[String(facts.get('others'))] ?? 'by policy'}`
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function text(value: unknown): string {
  if (value === undefined) return '(absent)'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
