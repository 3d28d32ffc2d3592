/** The decisions resource of the API: the latest journal entries, without record values. */
import type { JournalRow } from '../store/admin-contract.ts'

/** One of the latest decisions. */
export interface DecisionResource {
  readonly seq: number
  readonly stream: string
  readonly at: number
  readonly kind: string
  readonly recordId?: string
  readonly actor: string
  /** Description of the event as text, without record values. */
  readonly text: string
}

/** Describes a journal body by what may be shown of it: ids, names and counts, never values. */
export function wordsOf(body: unknown): string {
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
