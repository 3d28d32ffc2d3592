/**
 * Changes since a cursor, based on times in the records.
 *
 * A resource can have several tracks: a business partner that was never changed has no time of change, only
 * one of creation. Each track is a feed of its own with its own cursor; a poll reads one page of each that
 * has more.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { writeJson } from '../../../../http/json.ts'
import {
  byTime,
  type FeedItem,
  type FeedPage,
  type FeedQuery,
  type FeedRules,
  readFeed,
  type UntimedItem,
} from '../../change-cursor.ts'
import type { CallContext, ChangedRecord, ChangesResult, ListedRecord } from '../../contract.ts'
import { readEach } from '../../entries.ts'
import { callFailure } from '../../outcome.ts'
import { serverTimeOf } from '../../times.ts'
import { unusable } from '../../unusable.ts'
import type { ServiceQuery } from '../client.ts'
import { afterPosition, allOf, keyOf, type Position } from '../protocol/literals.ts'
import type { ResourceSettings } from '../settings.ts'
import {
  formatPosition,
  onTheWall,
  positionAsStands,
  positionText,
  type Track,
  zoneOfTrack,
} from './positions.ts'
import { keyOrder, shapeQuery } from './query.ts'
import { collectionOf, isTombstone, listedRecord } from './record.ts'
import { type Bound, boundTo, propertyOf, type ResourceContext } from './resource-context.ts'

type ChangesSettings = NonNullable<ResourceSettings['changes']>

/** One request for changes of one resource. */
export interface ChangesRequest {
  readonly owner: ResourceContext
  readonly feed: ChangesSettings
  readonly cursor: string | undefined
  readonly context: CallContext
}

const stateSchema = z.strictObject({
  v: z.literal(1),
  tracks: z.array(z.strictObject({ cursor: z.string().optional(), more: z.boolean() })),
})

type State = z.infer<typeof stateSchema>

/** Returns the changes after the cursor. Never throws: a failure is no information. */
export async function changesAfter(request: ChangesRequest): Promise<ChangesResult> {
  const { feed, cursor } = request
  const state = cursor === undefined ? initial(feed) : parseState(cursor, feed)
  if (state === undefined) return { kind: 'expired' }
  try {
    return await nextPages(request, state)
  } catch (error) {
    return { kind: 'unknown', failure: callFailure(error) }
  }
}

async function nextPages(request: ChangesRequest, state: State): Promise<ChangesResult> {
  const bound = await boundTo(request.owner)
  const underWay = state.tracks.some((track) => track.more)
  const changed = new Map<string, ChangedRecord>()
  const tracks: State['tracks'] = []
  let unreadable: string | undefined
  for (const [index, { cursor, more }] of state.tracks.entries()) {
    const track = request.feed.tracks[index]
    if (track === undefined || (underWay && !more)) {
      tracks.push({ ...(cursor === undefined ? {} : { cursor }), more: false })
      continue
    }
    const rules = rulesOf(request.feed, track, zoneOfTrack(track, bound.set, request.feed.timeZone))
    const result = await readFeed(cursor, rules, (query) => trackPage(request, bound, track, query))
    if (result.kind !== 'page') return result
    for (const one of result.changed) changed.set(one.nativeId, one)
    unreadable ??= result.unreadable
    tracks.push({ cursor: result.cursor, more: result.more })
  }
  const more = tracks.some((track) => track.more)
  return {
    kind: 'page',
    changed: [...changed.values()],
    cursor: JSON.stringify({ v: 1, tracks }),
    more,
    ...(unreadable === undefined ? {} : { unreadable }),
  }
}

function initial(feed: ChangesSettings): State {
  return { v: 1, tracks: feed.tracks.map(() => ({ more: false })) }
}

/** A cursor of another definition can't be continued: which changes it covered is not known. */
function parseState(cursor: string, feed: ChangesSettings): State | undefined {
  try {
    const state = stateSchema.safeParse(JSON.parse(cursor)).data
    return state?.tracks.length === feed.tracks.length ? state : undefined
  } catch {
    return undefined
  }
}

const hourMs = 3_600_000

function rulesOf({ ties, commitLag, overlap }: ChangesSettings, track: Track, zone: string): FeedRules {
  return {
    tieBreak: ties === 'id' ? 'id' : 'page',
    commitLagMs: commitLag,
    // When clocks are set back in autumn, one hour of local time occurs twice.
    overlapMs: overlap + (zone === 'UTC' ? 0 : hourMs),
    formatPosition: (ms) => formatPosition(track, ms),
  }
}

async function trackPage(
  { owner, feed, context }: ChangesRequest,
  bound: Bound,
  track: Track,
  query: FeedQuery,
): Promise<FeedPage> {
  const { settings, service, clock } = owner
  const { pageSize } = settings.list
  const startedAt = clock.monotonic()
  const { data, headers } = await service.read(
    { target: `/${bound.set.name}`, query: trackQuery(owner, bound, track, query) },
    context,
  )
  const tookMs = clock.monotonic() - startedAt
  const page = collectionOf(bound, data)
  const { records, unreadable } = readEach(page.items, (wire) =>
    feedItem(settings, track, listedRecord(bound, settings, wire)),
  )
  const { items, untimed } = byTime(records)
  // A page that the service cut short has a link to more; the feed continues by its own order.
  const more = page.items.length >= pageSize || page.next !== undefined
  const isCutShort = page.next !== undefined && page.items.length < pageSize
  const isTie = query.page > 0 || items.at(-1)?.position === query.since
  if (feed.ties === 'skip' && isCutShort && isTie) throw unusable(cutWithinTies(page.items.length))
  const date = serverTimeOf(headers.date)
  // The field has whole seconds and was written when the response was ready; the records were read before
  // that.
  const now = date === undefined ? undefined : date - Math.ceil(tookMs)
  const zone = zoneOfTrack(track, bound.set, feed.timeZone)
  return {
    items,
    untimed,
    unreadable,
    more,
    ...(now === undefined ? {} : { serverNowMs: onTheWall(now, zone) }),
  }
}

/**
 * Counting continues after a whole page, so records that the service left out of this one would be skipped.
 */
function cutWithinTies(length: number): string {
  return `it gives ${length} records at once, fewer than were asked for, in the midst of records of one time; set list.pageSize to no more`
}

/** Earlier times are not valid positions; a filter of this kind also excludes records without a time. */
const beginning = '1900-01-01T00:00:00'

function trackQuery(
  { settings }: ResourceContext,
  bound: Bound,
  track: Track,
  { since, afterId, page }: FeedQuery,
): ServiceQuery {
  const { pageSize } = settings.list
  const from = positionsOf(bound, track, since ?? ('field' in track ? `${beginning}Z` : beginning))
  const order = from.map(({ property }) => property.name)
  const condition =
    afterId === undefined
      ? afterPosition(from, bound.model.version, 'ge')
      : afterPosition([...from, ...keyPositions(bound, afterId)], bound.model.version)
  return {
    ...shapeQuery(bound, settings),
    // Without `where`: a record that no longer meets the condition has changed, and a read shows it.
    $filter: allOf([condition]),
    $orderby: `${order.join(',')},${keyOrder(bound)}`,
    $top: String(pageSize),
    ...(page > 0 ? { $skip: String(page * pageSize) } : {}),
  }
}

function positionsOf({ set }: Bound, track: Track, since: string): readonly Position[] {
  if ('field' in track) return [{ property: propertyOf(set, track.field), value: since }]
  const [day = '', time = '00:00:00'] = since.split('T')
  return [
    { property: propertyOf(set, track.date), value: day },
    { property: propertyOf(set, track.time), value: time },
  ]
}

function keyPositions({ set }: Bound, nativeId: string): readonly Position[] {
  const key = keyOf(set.type, nativeId)
  return set.type.key.map((name) => ({ property: propertyOf(set, name), value: key?.[name] ?? '' }))
}

function feedItem(settings: ResourceSettings, track: Track, record: ListedRecord): FeedItem | UntimedItem {
  const position = positionText(track, record.native)
  const positionMs = position === undefined ? undefined : positionAsStands(position)
  const { nativeId, version, native } = record
  const change = {
    nativeId,
    ...(version === undefined ? {} : { version }),
    ...(isTombstone(settings, native) ? { deleted: true } : {}),
  }
  const content = version ?? createHash('sha256').update(writeJson(native)).digest('base64url')
  if (position === undefined || positionMs === undefined) return { change, content }
  return { change, position, positionMs, content }
}
