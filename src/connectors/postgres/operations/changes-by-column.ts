/**
 * Changes by a timestamp column: efficient with an index on the column and the key, and as accurate as the
 * column. Changes by writers that do not set it, or set it back, are found by the full run.
 *
 * A row becomes visible when its transaction commits, after the time that it carries. The feed therefore
 * stays behind the oldest transaction running in the database, as far as our role may see those of others
 * (`pg_read_all_stats`), and always behind the declared lag, which also covers clocks of applications that
 * set the column themselves.
 */
import { type FeedItem, type FeedPage, type FeedQuery, readFeed } from '../../kit/change-cursor.ts'
import type { CallContext, ChangesResult } from '../../kit/contract.ts'
import { readEach } from '../../kit/entries.ts'
import { formatTime } from '../../kit/times.ts'
import { unusable } from '../../kit/unusable.ts'
import type { TextRow } from '../client.ts'
import type { TableConfig } from '../config.ts'
import {
  type BoundTable,
  epochMsOf,
  from,
  isDeleted,
  keyParts,
  nativeIdOf,
  of,
  versionOf,
  zoneOf,
} from '../statements.ts'
import { boundTable, type TableOwner } from './table-owner.ts'

type ColumnFeed = Exclude<TableConfig['changes'], string>

/**
 * A transaction that is open for longer is not waited for: every poll would read everything since then again.
 */
const waitedMaxMs = 600_000
/** Read again in addition to the lag, since positions between sweeps are whole milliseconds. */
const overlapMs = 1_000

/** @throws the errors of a read */
export async function changesByColumn(
  owner: TableOwner,
  feed: ColumnFeed,
  { cursor, context }: { readonly cursor: string | undefined; readonly context: CallContext },
): Promise<ChangesResult> {
  const bound = await boundTable(owner, context)
  const { nowMs, oldestMs } = await horizon(owner, context)
  const openMs = oldestMs === undefined ? 0 : Math.min(nowMs - oldestMs, waitedMaxMs)
  const zone = zoneOf(bound, feed.column)
  const rules = {
    tieBreak: 'id',
    commitLagMs: Math.max(feed.commitLag, openMs),
    // When clocks are set back in autumn, an hour occurs twice.
    overlapMs: zone === undefined ? overlapMs : overlapMs + 3_600_000,
    formatPosition: (ms: number) => formatTime(ms, { format: 'iso', timeZone: zone }),
  } as const
  return readFeed(cursor, rules, (query) => fetchPage(owner, bound, { feed, query, context, nowMs }))
}

/**
 * The server's time, and the start of the oldest visible transaction; our own are excluded, since they write
 * no rows in the background.
 */
async function horizon(
  owner: TableOwner,
  context: CallContext,
): Promise<{ readonly nowMs: number; readonly oldestMs: number | undefined }> {
  const text = `select floor(extract(epoch from clock_timestamp()) * 1000)::bigint::text as now,
  (select floor(extract(epoch from min(xact_start)) * 1000)::bigint::text from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null) as oldest`
  const [row] = await owner.client.read({ text, values: [] }, context)
  if (typeof row?.now !== 'string') throw unusable('the database tells no time')
  return { nowMs: Number(row.now), oldestMs: typeof row.oldest === 'string' ? Number(row.oldest) : undefined }
}

interface Page {
  readonly feed: ColumnFeed
  readonly query: FeedQuery
  readonly context: CallContext
  readonly nowMs: number
}

async function fetchPage(
  owner: TableOwner,
  bound: BoundTable,
  { feed, query, context, nowMs }: Page,
): Promise<FeedPage> {
  const { key } = bound.config
  const column = of(feed.column)
  const after = query.afterId === undefined ? undefined : keyParts(bound, query.afterId)
  const keys = key.map(of).join(', ')
  const values = query.since === undefined ? [] : [query.since, ...(after ?? [])]
  const conditions = [`isfinite(${column})`]
  if (query.since !== undefined && after === undefined) conditions.push(`${column} >= $1`)
  if (after !== undefined) {
    const places = after.map((_, index) => `$${index + 2}`)
    conditions.push(`(${column}, ${keys}) > ($1, ${places.join(', ')})`)
  }
  const text = `select ${nativeIdOf(bound)} as "nativeId", ${column}::text as position, ${versionOf(bound)} as version,
  ${epochMsOf(bound, feed.column)} as ms, ${isDeleted(bound)} as deleted
from ${from(bound)} as t where ${conditions.join(' and ')} order by ${column}, ${keys} limit ${owner.pageSize}`
  const rows = await owner.client.read({ text, values }, context)
  const { records, unreadable } = readEach(rows, feedItem)
  return { items: records, unreadable, more: rows.length === owner.pageSize, serverNowMs: nowMs }
}

function feedItem({ nativeId, position, ms, version, deleted }: TextRow): FeedItem {
  if (typeof nativeId !== 'string' || typeof position !== 'string' || typeof ms !== 'string')
    throw unusable('a change has no key or time')
  return {
    change: {
      nativeId,
      ...(typeof version === 'string' ? { version } : {}),
      ...(deleted === 't' ? { deleted: true } : {}),
    },
    position,
    positionMs: Number(ms),
    content: version ?? '',
  }
}
