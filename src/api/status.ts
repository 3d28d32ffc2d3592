/** The status resource of the wire: what the status page, the CLI and later the dashboard show. No record values. */
import { runNeedsPerson } from '../model/run-reasons.ts'
import type { JournalRow, StatusCounts } from '../store/admin-contract.ts'

/** Counts and states at one moment. */
export interface StatusResource {
  readonly integration: string
  readonly version: string
  /** One sentence for a person: is everything in agreement, and if not, what needs whom. */
  readonly summary: string
  /** `agreed`: nothing waits · `working`: changes are on their way · `attention`: something needs a person */
  readonly state: 'agreed' | 'working' | 'attention'
  readonly counts: StatusCounts
  /** Places whose last full run a person has to look at: an empty list where records are known, another account, a list that breaks off. */
  readonly doubts: readonly {
    readonly system: string
    readonly entity: string
    readonly reason: string
  }[]
}

/** One line of the latest decisions. */
export interface DecisionResource {
  readonly seq: number
  readonly stream: string
  readonly at: number
  readonly kind: string
  readonly recordId?: string
  readonly actor: string
  /** What happened, in words, without record values. */
  readonly text: string
}

const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`

/** Renders counts as a resource. */
export function toStatusResource(
  integration: { readonly id: string; readonly version: string },
  counts: StatusCounts,
): StatusResource {
  const { open, queue } = counts
  const doubts = counts.systems.flatMap(({ system, entity, lastRun }) =>
    lastRun !== undefined && runNeedsPerson(lastRun)
      ? [{ system, entity, reason: lastRun.reason ?? '' }]
      : [],
  )
  const needs = [
    open.conflicts > 0 ? plural(open.conflicts, 'conflict') : '',
    open.matches > 0 ? plural(open.matches, 'possible match', 'possible matches') : '',
    open.holds > 0 ? plural(open.holds, 'held change') : '',
    open.failures > 0 ? plural(open.failures, 'failure') : '',
    doubts.length > 0 ? plural(doubts.length, 'list in doubt', 'lists in doubt') : '',
  ].filter((part) => part !== '')
  const moving = queue.due + queue.running + queue.waiting
  const active = counts.records.active ?? 0
  const base = { integration: integration.id, version: integration.version, counts, doubts }
  if (needs.length > 0)
    return {
      ...base,
      state: 'attention',
      summary: `${needs.join(', ')} need a person; everything else flows.`,
    }
  if (moving > 0)
    return {
      ...base,
      state: 'working',
      summary: `${plural(moving, 'record')} on the way, ${plural(active, 'record')} in all.`,
    }
  return { ...base, state: 'agreed', summary: `${plural(active, 'record')} in agreement.` }
}

/** Names the members of a journal body that may be shown: ids, names and counts, never values. */
function wordsOf(body: unknown): string {
  if (typeof body !== 'object' || body === null) return ''
  const facts = new Map<string, unknown>(Object.entries(body))
  const words: string[] = []
  const entity = facts.get('entity')
  if (typeof entity === 'string') words.push(entity)
  for (const name of [
    'operation',
    'system',
    'outcome',
    'state',
    'rule',
    'policy',
    'reason',
    'code',
    'decision',
  ]) {
    const value = facts.get(name)
    if (typeof value === 'string' && value.length <= 120) words.push(value)
  }
  const changes = facts.get('changes')
  if (Array.isArray(changes)) {
    const described = changes.flatMap((change: unknown) => {
      if (typeof change !== 'object' || change === null) return []
      const entry = new Map<string, unknown>(Object.entries(change))
      return [`${String(entry.get('field'))} from ${String(entry.get('src'))}`]
    })
    if (described.length > 0)
      words.push(
        described.slice(0, 6).join(', ') + (described.length > 6 ? ` and ${described.length - 6} more` : ''),
      )
  }
  return words.join(' · ')
}

/** Renders a journal line as a decision line. */
export function toDecisionResource(row: JournalRow): DecisionResource {
  return {
    seq: row.seq,
    stream: row.stream,
    at: row.at,
    kind: row.kind,
    ...(row.recordId === undefined ? {} : { recordId: row.recordId }),
    actor: row.actor,
    text: wordsOf(row.body),
  }
}
