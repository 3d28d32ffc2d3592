/**
 * The cursor of a timestamp feed, in a form that connector authors can't get wrong.
 *
 * A poll is a *sweep*: pages ascending from `low` until the feed has no more. Records are reported as soon as
 * they are read, but `low` only advances to a time before which no more changes can appear: the declared
 * commit lag plus an overlap before the newest time seen. The next sweep reads the range in between again;
 * records that were already reported are recognised by their content and not reported twice.
 *
 * - Ties: several records with the same time across a page edge are passed by id if the API can do that,
 *   otherwise by page number within that time. Since records may leave such a run of ties while it is paged,
 *   the following sweep reads it once more.
 * - A time in the future (a wrong clock on the remote side) can't move `low` past the server's own time.
 * - A record without a usable time has no position in the feed: it is reported once for each of its states
 *   and blocks nothing.
 * - When nothing newer arrived, `low` follows the server's clock, so that a quiet feed does not keep reading
 *   an old burst.
 */

import { createHash } from 'node:crypto'
import { z } from 'zod'
import { definedOf } from '../../model/defined.ts'
import type { ChangedRecord, ChangesResult } from './contract.ts'
import { type UnreadableEntries, wordsOfUnreadable } from './entries.ts'

/** One record of a feed. */
export interface FeedItem {
  /** The changed record, as reported to the engine. */
  readonly change: ChangedRecord
  /** The time as the system formats it. */
  readonly position: string
  /** When it changed by the system's own clock, in epoch ms: its position in the feed. */
  readonly positionMs: number
  /**
   * Version, or a hash of the content if there is none. Distinguishes a second change at the same time from
   * the first.
   */
  readonly content: string
}

/** A record of a feed whose time can't be read. */
export type UntimedItem = Pick<FeedItem, 'change' | 'content'>

/** Separates the records of a page with a readable time from those without. */
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

/** The requested page of the feed. */
export interface FeedQuery {
  /** Inclusive; undefined = from the beginning. */
  readonly since: string | undefined
  /** With `tieBreak: 'id'`: of the records at exactly `since`, only those after this id. */
  readonly afterId: string | undefined
  /** With `tieBreak: 'page'`: page number, from 0. */
  readonly page: number
}

/** One page of the feed. */
export interface FeedPage {
  /** Ascending by time. */
  readonly items: readonly FeedItem[]
  /**
   * Records on the page whose time can't be read. They are reported once, and the feed continues with the
   * others. @default none
   */
  readonly untimed?: readonly UntimedItem[]
  /** Entries that have no id. @default none */
  readonly unreadable?: UnreadableEntries | undefined
  /** There is another page. */
  readonly more: boolean
  /** The server's time when the request was sent, if known: epoch ms. */
  readonly serverNowMs?: number
}

/** Capabilities of the feed and its tolerances. Times in milliseconds. */
export interface FeedRules {
  /** How the API can page past records with the same time: a filter by id, pages, or not at all. */
  readonly tieBreak: 'id' | 'page' | 'none'
  /** Changes may become visible this long after their time. */
  readonly commitLagMs: number
  /** Additional range that is read again, to tolerate small clock differences. */
  readonly overlapMs: number
  /** Formats a time for the API. */
  readonly formatPosition: (ms: number) => string
  /**
   * Number of contents remembered, 1 to 10,000. Any beyond it are reported again, which only causes another
   * read. @default 2000
   */
  readonly seenMax?: number
}

const atSchema = z.strictObject({ since: z.string(), afterId: z.string().optional(), page: z.int().min(0) })

const stateSchema = z.strictObject({
  v: z.literal(1),
  /** Everything before it has been reported. */
  low: z.number().optional(),
  /** Newest time seen. */
  top: z.number().optional(),
  /** Newest time seen before the current sweep. */
  topBefore: z.number().optional(),
  /** Where the current sweep continues; absent between sweeps. */
  at: atSchema.optional(),
  /** The server's time when the current sweep began. */
  startedAt: z.number().optional(),
  /** The earliest run of ties passed by page number in the current sweep. */
  tie: z.number().optional(),
  /** The run of ties that has already been read once more. */
  tieRead: z.number().optional(),
  /** `hash:time` of the records reported from `low` on. */
  seen: z.array(z.string()),
})

type State = z.infer<typeof stateSchema>

/** Position of records without a time: they are remembered as long as there is room. */
const untimedMs = Number.MAX_SAFE_INTEGER

/**
 * Reads one page. Errors of `fetch` are passed on; the caller turns them into failures.
 *
 * A cursor that can't be read counts as expired: a full listing recovers from that, whereas starting at "now"
 * would not.
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
    ...definedOf({
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

/** Returns the state after a page that has a successor, or undefined when the successor can't be reached. */
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
  // Inclusive: the next page begins with the records of this time again, and those already reported are
  // recognised.
  if (last.position !== query.since) return { ...state, at: { since: last.position, page: 0 } }
  if (rules.tieBreak !== 'page') return undefined
  // The earliest one counts: reading from there also covers the later ones.
  const tie = Math.min(state.tie ?? last.positionMs, last.positionMs)
  return { ...state, tie, at: { since: last.position, page: query.page + 1 } }
}

/** Returns the state between two sweeps. */
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
    ...definedOf({
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

/** 72 bits: enough that a few thousand different contents never collide. */
function hashOf(item: UntimedItem & { readonly position?: string }): string {
  const text = JSON.stringify([item.change.nativeId, item.position ?? null, item.content])
  return createHash('sha256').update(text).digest('base64url').slice(0, 12)
}

function splitEntry(entry: string): [string, number] {
  const [hash = '', time = '0'] = entry.split(':')
  return [hash, Number.parseInt(time, 36)]
}

/** Contents that may be read again: from `low` on, the newest first when there are too many. */
function remembered(seen: ReadonlyMap<string, number>, low: number | undefined, max: number): string[] {
  const kept = [...seen].filter(([, time]) => low === undefined || time >= low)
  const newest = kept.length <= max ? kept : kept.sort((a, b) => a[1] - b[1]).slice(-max)
  return newest.map(([hash, time]) => `${hash}:${time.toString(36)}`)
}

function feedFailure(message: string): ChangesResult {
  return { kind: 'unknown', failure: { code: 'CONNECTOR_FEED_UNUSABLE', message, scope: 'system' } }
}
