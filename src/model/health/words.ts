/**
 * Texts of the health verdicts. Sentences for people; no record values, no times (they are formatted where
 * they are displayed).
 */
import { currentCode, errorCodes } from '../error-codes.ts'

/** `1 record`, `1,234 records`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

/** Returns what to do about an error code, from the table of error codes. */
export function fixOf(code: string): string | undefined {
  const known = currentCode(code)
  return known === undefined ? undefined : errorCodes[known].fix
}

/** Returns the meaning of an error code, from the table of error codes. */
export function summaryOf(code: string): string | undefined {
  const known = currentCode(code)
  return known === undefined ? undefined : errorCodes[known].summary
}

/** How many rows of one kind are open: `1 conflict`, `no failures` is written `0 failures`. */
export function openCount(kind: string, count: number): string {
  const words = openWords[kind] ?? (enginesOwn.has(kind) ? { one: kind.slice(0, -1), many: kind } : undefined)
  return words === undefined ? `${count.toLocaleString('en')} ${kind}` : counted(count, words.one, words.many)
}

interface OpenWords {
  readonly one: string
  readonly many: string
  readonly action: string
}

const openWords: Readonly<Record<string, OpenWords>> = {
  conflicts: { one: 'conflict', many: 'conflicts', action: 'isthmus conflicts list' },
  matches: { one: 'possible match', many: 'possible matches', action: 'isthmus matches list' },
  holds: { one: 'held change', many: 'held changes', action: 'isthmus held list' },
  failures: { one: 'failure', many: 'failures', action: 'isthmus failures list' },
  duplicates: { one: 'duplicate', many: 'duplicates', action: 'isthmus matches list' },
}

/** Kinds of open rows that wait for the engine, not for a person. */
const enginesOwn: ReadonlySet<string> = new Set(['intents'])

/** Describes the kinds of which something is open for a person. Kinds without a description are named. */
export function openInWords(
  open: Readonly<Record<string, number>>,
): readonly { readonly kind: string; readonly words: string; readonly action: string }[] {
  return Object.entries(open).flatMap(([kind, count]) => {
    if (count === 0 || enginesOwn.has(kind)) return []
    const words = openWords[kind]
    return words === undefined
      ? [{ kind, words: openCount(kind, count), action: `isthmus ${kind} list` }]
      : [{ kind, words: openCount(kind, count), action: words.action }]
  })
}

/** Returns how many of a count of open rows wait for a person. */
export function openForPeople(open: Readonly<Record<string, number>>): number {
  return Object.entries(open).reduce((sum, [kind, count]) => sum + (enginesOwn.has(kind) ? 0 : count), 0)
}

/** Each for one record, and for several. */
type Words = readonly [one: string, many: string]

const waitingWords: Readonly<Record<string, Words>> = {
  'first-load': [
    'waits for the first complete list of every system',
    'wait for the first complete list of every system',
  ],
  reappeared: [
    'was deleted and exists again: a second read decides whether it is joined with its archived counterparts',
    'were deleted and exist again: a second read decides whether they are joined with their archived counterparts',
  ],
  rejoining: [
    'was deleted and exists again: another system has yet to restore its archived record',
    'were deleted and exist again: another system has yet to restore its archived record',
  ],
  'no-evidence': [
    'waits for evidence that it does not exist yet before it is created',
    'wait for evidence that they do not exist yet before they are created',
  ],
}

const referenceWords: Words = [
  'waits for a record that it references',
  'wait for a record that they reference',
]

const heldWords: Readonly<Record<string, Words>> = {
  'no-evidence': [
    'is held for a decision: it is unknown whether the system already has it (no-evidence)',
    'are held for a decision: it is unknown whether the system already has them (no-evidence)',
  ],
  'no-key': [
    'is held for a decision: it has no value to match by (no-key)',
    'are held for a decision: they have no value to match by (no-key)',
  ],
}

/** Describes why a lane blocks its records, as the rest of a sentence about that many of them. */
export function laneInWords(lane: string, reason: string | undefined, count: number): string {
  const [one, many] = wordsOfLane(lane, reason)
  return count === 1 ? one : many
}

function wordsOfLane(lane: string, reason: string | undefined): Words {
  if (lane === 'waiting') return waitingWords[reason ?? ''] ?? referenceWords
  const held = lane === 'held' ? heldWords[reason ?? ''] : undefined
  if (held !== undefined) return held
  const why = reason === undefined ? '' : ` (${reason})`
  switch (lane) {
    case 'open':
      return [
        `waits until the system accepts calls again${why}`,
        `wait until the system accepts calls again${why}`,
      ]
    case 'backoff':
      return [`is retried after a failed call${why}`, `are retried after a failed call${why}`]
    case 'in-doubt':
      return [
        `waits for the outcome of a write to be determined${why}`,
        `wait for the outcome of a write to be determined${why}`,
      ]
    case 'rejected':
      return [`can't be written as it is${why}`, `can't be written as they are${why}`]
    default:
      return [`is ${lane} pending a decision${why}`, `are ${lane} pending a decision${why}`]
  }
}
