/**
 * The cursor of a timestamp feed, in a form an author of a connector can't get wrong.
 *
 * A poll is a *sweep*: pages ascending from `low` until the feed has no more. What it meets is told at once, but `low` only advances to
 * where nothing can turn up any more: the declared commit lag and an overlap before the newest time seen. The stretch between is read
 * again by the next sweep, and what was told already is recognised by its content and not told twice.
 *
 * - Ties: several records with one time across a page edge are passed by id where the API can, else by page number within that time. Since
 *   records may leave such a run of ties while it is paged, it is read once more by the following sweep.
 * - A time in the future (a wrong clock over there) can't carry `low` past the server's own time.
 * - A record without a usable time has no place in the feed: it is told once for each state of it, and holds up nothing.
 * - When nothing newer came, `low` follows the server's clock, so that a quiet feed does not read an old burst for ever.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ChangedRecord, ChangesResult } from './contract.ts'
import { type UnreadableEntries, wordsOfUnreadable } from './entries.ts'

/** One record of a feed. */
export interface FeedItem {
  /** The record that changed, as the engine is told. */
  readonly change: ChangedRecord
  /** The time as the system spells it. */
  readonly position: string
  /** When it changed by the system's own clock, in epoch ms: the position of the feed. */
  readonly positionMs: number
  /** Version, or a hash of the content where there is none: tells a second change at the same time from the first. */
  readonly content: string
}

/** A record of a feed whose time can't be read. */
export type UntimedItem = Pick<FeedItem, 'change' | 'content'>

/** Parts the records of a page. */
export function byTime(
  records: readonly (FeedItem | UntimedItem)[],
): Required<Pick<FeedPage, 'items' | 'untimed'>> {
  const items: FeedItem[] = []
  const untimed: UntimedItem[] = []
  for (const record of records) {
    if ('position' in record) items.push(record)
    else untimed.push(record)
  }
  return { items, untimed }
}

/** Which page of the feed is wanted. */
export interface FeedQuery {
  /** Inclusive; undefined = from the beginning. */
  readonly since: string | undefined
  /** With `tieBreak: 'id'`: of the records at exactly `since`, only those after this id. */
  readonly afterId: string | undefined
  /** With `tieBreak: 'page'`: from 0. */
  readonly page: number
}

/** One page of the feed. */
export interface FeedPage {
  /** Ascending by time. */
  readonly items: readonly FeedItem[]
  /** Records on the page whose time can't be read: they are told once, and the feed goes on by the others. @default none */
  readonly untimed?: readonly UntimedItem[]
  /** Entries that have no id. @default none */
  readonly unreadable?: UnreadableEntries | undefined
  /** There is another page. */
  readonly more: boolean
  /** The server's time when the request was sent, as far as it is known: epoch ms. */
  readonly serverNowMs?: number
}

/** What the feed can do, and how far it can be trusted. Times in milliseconds. */
export interface FeedRules {
  /** What the API offers to get past records with the same time: a filter by id, pages, or nothing. */
  readonly tieBreak: 'id' | 'page' | 'none'
  /** Changes may become visible this long after their time. */
  readonly commitLagMs: number
  /** Read again beyond that, against small differences of clocks. */
  readonly overlapMs: number
  /** Spells a time for the API. */
  readonly formatPosition: (ms: number) => string
  /** Contents remembered. 1 to 10,000; what is beyond is told again, which costs a look and no more. @default 2000 */
  readonly seenMax?: number
}

const atSchema = z.strictObject({ since: z.string(), afterId: z.string().optional(), page: z.int().min(0) })

const stateSchema = z.strictObject({
  v: z.literal(1),
  /** Everything before it is told. */
  low: z.number().optional(),
  /** Newest time seen. */
  top: z.number().optional(),
  /** Newest time seen before the current sweep. */
  topBefore: z.number().optional(),
  /** Where the current sweep goes on; absent between sweeps. */
  at: atSchema.optional(),
  /** The server's time when the current sweep began. */
  startedAt: z.number().optional(),
  /** The earliest run of ties passed by page number in the current sweep. */
  tie: z.number().optional(),
  /** The run of ties that has been read once more already. */
  tieRead: z.number().optional(),
  /** `hash:time` of what was told from `low` on. */
  seen: z.array(z.string()),
})

type State = z.infer<typeof stateSchema>

/** What has no time is remembered for as long as there is room. */
const untimedMs = Number.MAX_SAFE_INTEGER

/**
 * Reads one page. `fetch` throws what it likes; that is the caller's to turn into a failure.
 *
 * A cursor that can't be read counts as expired: a full listing repairs that, starting at "now" would not.
 */
export async function readFeed(
  cursor: string | undefined,
  rules: FeedRules,
  fetch: (query: FeedQuery) => Promise<FeedPage>,
): Promise<ChangesResult> {
  const state = cursor === undefined ? { v: 1 as const, seen: [] } : parseState(cursor)
  if (state === undefined) return { kind: 'expired' }
  const query = queryOf(state, rules)
  const page = await fetch(query)
  if (!isAscending(page.items)) {
    return feedFailure(
      'The feed is not sorted by time, oldest first; changes would be lost. Correct its query.',
    )
  }
  const seen = new Map(state.seen.map((entry) => splitEntry(entry)))
  const fresh = page.items.filter((item) => !seen.has(hashOf(item)))
  for (const item of page.items) seen.set(hashOf(item), item.positionMs)
  const untimed = (page.untimed ?? []).filter((item) => !seen.has(hashOf(item)))
  for (const item of page.untimed ?? []) seen.set(hashOf(item), untimedMs)
  const read: State = {
    ...state,
    ...defined({
      top: latest(state.top, page.items),
      startedAt: state.startedAt ?? page.serverNowMs,
    }),
  }
  const next = page.more ? continued(read, query, page.items, rules) : ended(read, rules)
  if (next === undefined) {
    return feedFailure(
      'More records have the same time than fit on a page, and the feed offers no way past them.',
    )
  }
  const changed = [...fresh, ...untimed].map((item) => item.change)
  const position = JSON.stringify({ ...next, seen: remembered(seen, next.low, rules.seenMax ?? 2_000) })
  const unreadable = page.unreadable === undefined ? {} : { unreadable: wordsOfUnreadable(page.unreadable) }
  return { kind: 'page', changed, cursor: position, more: page.more, ...unreadable }
}

function parseState(cursor: string): State | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(cursor)).data
  } catch {
    return undefined
  }
}

function queryOf(state: State, rules: FeedRules): FeedQuery {
  if (state.at !== undefined) return { since: state.at.since, afterId: state.at.afterId, page: state.at.page }
  const since = state.low === undefined ? undefined : rules.formatPosition(state.low)
  return { since, afterId: undefined, page: 0 }
}

/** The state after a page that has a successor; undefined when there is no way to get there. */
function continued(
  state: State,
  query: FeedQuery,
  items: readonly FeedItem[],
  rules: FeedRules,
): State | undefined {
  const last = items.at(-1)
  if (last === undefined) return undefined
  if (rules.tieBreak === 'id') {
    if (last.position === query.since && last.change.nativeId === query.afterId) return undefined
    return { ...state, at: { since: last.position, afterId: last.change.nativeId, page: 0 } }
  }
  // Inclusive: the next page begins with the records of this time again, and what was told is recognised.
  if (last.position !== query.since) return { ...state, at: { since: last.position, page: 0 } }
  if (rules.tieBreak !== 'page') return undefined
  // The earliest one counts: reading on from there meets the later ones as well.
  const tie = Math.min(state.tie ?? last.positionMs, last.positionMs)
  return { ...state, tie, at: { since: last.position, page: query.page + 1 } }
}

/** The state between two sweeps. */
function ended(state: State, rules: FeedRules): State {
  const back = rules.commitLagMs + rules.overlapMs
  const { top, startedAt, topBefore, tie, tieRead } = state
  const bounds: number[] = state.low === undefined ? [] : [state.low]
  if (top !== undefined) bounds.push(Math.min(top, startedAt ?? top) - back)
  if (startedAt !== undefined && top === topBefore) bounds.push(startedAt - back)
  const reached = bounds.length === 0 ? undefined : Math.max(...bounds)
  const holdsTie = tie !== undefined && tie !== tieRead && reached !== undefined && tie < reached
  return {
    v: 1,
    seen: [],
    ...defined({
      low: holdsTie ? tie : reached,
      top,
      topBefore: top,
      tieRead: tie ?? tieRead,
    }),
  }
}

function isAscending(items: readonly FeedItem[]): boolean {
  return items.every((item, index) => index === 0 || item.positionMs >= (items[index - 1]?.positionMs ?? 0))
}

function latest(top: number | undefined, items: readonly FeedItem[]): number | undefined {
  const last = items.at(-1)?.positionMs
  if (last === undefined) return top
  return top === undefined ? last : Math.max(top, last)
}

/** 72 bits: enough that two of some thousand contents never look alike. */
function hashOf(item: UntimedItem & { readonly position?: string }): string {
  const text = JSON.stringify([item.change.nativeId, item.position ?? null, item.content])
  return createHash('sha256').update(text).digest('base64url').slice(0, 12)
}

function splitEntry(entry: string): [string, number] {
  const [hash = '', time = '0'] = entry.split(':')
  return [hash, Number.parseInt(time, 36)]
}

/** What may come again: from `low` on, the newest first when there are too many. */
function remembered(seen: ReadonlyMap<string, number>, low: number | undefined, max: number): string[] {
  const kept = [...seen].filter(([, time]) => low === undefined || time >= low)
  const newest = kept.length <= max ? kept : kept.sort((a, b) => a[1] - b[1]).slice(-max)
  return newest.map(([hash, time]) => `${hash}:${time.toString(36)}`)
}

function defined<T extends object>(values: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [Key in keyof T]?: Exclude<T[Key], undefined> }
}

function feedFailure(message: string): ChangesResult {
  return { kind: 'unknown', failure: { code: 'CONNECTOR_FEED_UNUSABLE', message, scope: 'system' } }
}
