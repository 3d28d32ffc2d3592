/** The change feed of a resource: by a counter that the system returns, or by time. */
import { createHash } from 'node:crypto'
import { HttpStatusError } from '../../../http/errors.ts'
import { writeJson } from '../../../http/json.ts'
import {
  byTime,
  type FeedItem,
  type FeedPage,
  type FeedQuery,
  readFeed,
  type UntimedItem,
} from '../../kit/change-cursor.ts'
import type { CallContext, ChangedRecord, ChangesResult } from '../../kit/contract.ts'
import { readEach, wordsOfUnreadable } from '../../kit/entries.ts'
import { textAt, valueAt } from '../../kit/native.ts'
import { callFailure } from '../../kit/outcome.ts'
import { formatTime, serverTimeOf, timeAt } from '../../kit/times.ts'
import { unusable } from '../../kit/unusable.ts'
import type { Query } from '../client.ts'
import type { ChangesManifest } from '../manifests/manifest.ts'
import { recordsOf } from './envelope.ts'
import { isTombstone, itemsOf, listedRecord, recordOf } from './record.ts'
import type { ResourceContext } from './resource-context.ts'

type SequenceFeed = Extract<ChangesManifest, { by: 'sequence' }>
type TimestampFeed = Extract<ChangesManifest, { by: 'timestamp' }>

/** One request for changes of one resource. */
export interface ChangesRequest {
  readonly owner: ResourceContext
  readonly cursor: string | undefined
  readonly context: CallContext
}

/** Returns the changes after the cursor. Never throws: a failure is no information. */
export async function changesAfter(feed: ChangesManifest, request: ChangesRequest): Promise<ChangesResult> {
  try {
    return feed.by === 'sequence' ? await afterSequence(feed, request) : await afterTime(feed, request)
  } catch (error) {
    const expired =
      feed.by === 'sequence' && error instanceof HttpStatusError && feed.expired.includes(error.status)
    return expired ? { kind: 'expired' } : { kind: 'unknown', failure: callFailure(error) }
  }
}

async function afterSequence(
  feed: SequenceFeed,
  { owner, cursor, context }: ChangesRequest,
): Promise<ChangesResult> {
  const { resource, client } = owner
  const query: Query = { ...sizeOf(feed), ...feed.query, [feed.since]: cursor }
  const response = await client.read(feed.path ?? resource.path, { query }, context)
  const entries = itemsOf(response.data, feed.items)
  const { records: changed, unreadable } = readEach(entries, (entry) => sequenceEntry(owner, feed, entry))
  const next = textAt(response.data, feed.next) ?? cursor
  if (next === undefined) throw unusable(`the feed says no position at ${feed.next.join('.')}`)
  // When the response does not say, a page that advanced may have a successor; an empty page ends the feed.
  const declaredMore = feed.more === undefined ? undefined : valueAt(response.data, feed.more) === true
  return {
    kind: 'page',
    changed,
    cursor: next,
    more: next !== cursor && (declaredMore ?? entries.length > 0),
    ...(unreadable === undefined ? {} : { unreadable: wordsOfUnreadable(unreadable) }),
  }
}

function sequenceEntry({ resource }: ResourceContext, feed: SequenceFeed, value: unknown): ChangedRecord {
  const entry = recordOf(value)
  const nativeId = textAt(entry, feed.id ?? resource.id)
  if (nativeId === undefined) throw unusable(`a change has no id at ${(feed.id ?? resource.id).join('.')}`)
  const versionPath = feed.version ?? resource.version?.path
  const version = versionPath === undefined ? undefined : textAt(entry, versionPath)
  const isDeleted =
    feed.deleted === undefined ? isTombstone(resource, entry) : valueAt(entry, feed.deleted) === true
  return { nativeId, ...(version === undefined ? {} : { version }), ...(isDeleted ? { deleted: true } : {}) }
}

function afterTime(feed: TimestampFeed, request: ChangesRequest): Promise<ChangesResult> {
  const rules = {
    tieBreak: feed.afterId !== undefined ? 'id' : feed.page !== undefined ? 'page' : 'none',
    commitLagMs: feed.commitLag,
    overlapMs: feed.overlap,
    formatPosition: (ms: number) => formatTime(ms, feed),
  } as const
  return readFeed(request.cursor, rules, (query) => timePage(feed, request, query))
}

async function timePage(
  feed: TimestampFeed,
  { owner, context }: ChangesRequest,
  { since, afterId, page }: FeedQuery,
): Promise<FeedPage> {
  const { resource, client, clock } = owner
  const query: Query = {
    ...sizeOf(feed),
    ...feed.query,
    [feed.since]: since,
    ...(feed.afterId === undefined ? {} : { [feed.afterId]: afterId }),
    ...(feed.page === undefined ? {} : { [feed.page]: page + 1 }),
  }
  const startedAt = clock.monotonic()
  const response = await client.read(feed.path ?? resource.path, { query }, context)
  const tookMs = clock.monotonic() - startedAt
  const entries = recordsOf(resource, response.data, feed.items)
  const { records, unreadable } = readEach(entries, (value) => timeItem(resource, feed, value))
  const more =
    feed.more === undefined ? entries.length >= feed.size.value : valueAt(response.data, feed.more) === true
  const date = serverTimeOf(response.headers.date)
  // The field has whole seconds and was written when the response was ready; the records were read before
  // that.
  return {
    ...byTime(records),
    unreadable,
    more,
    ...(date === undefined ? {} : { serverNowMs: date - Math.ceil(tookMs) }),
  }
}

function timeItem(
  resource: ResourceContext['resource'],
  feed: TimestampFeed,
  value: unknown,
): FeedItem | UntimedItem {
  const { nativeId, native, version } = listedRecord(resource, value)
  const position = textAt(native, feed.position)
  const positionMs = timeAt(native, feed.position, feed)
  const change = {
    nativeId,
    ...(version === undefined ? {} : { version }),
    ...(isTombstone(resource, native) ? { deleted: true } : {}),
  }
  const content = version ?? createHash('sha256').update(writeJson(native)).digest('base64url')
  if (position === undefined || positionMs === undefined) return { change, content }
  return { change, position, positionMs, content }
}

function sizeOf(feed: ChangesManifest): Query {
  return feed.size.parameter === undefined ? {} : { [feed.size.parameter]: feed.size.value }
}
