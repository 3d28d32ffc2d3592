/**
 * The change feed of an object: SOQL in the order (SystemModstamp, Id), including deleted records, and the
 * delete log.
 *
 * - *Ties*: records with the same time are paged by id.
 * - *The open second*: SystemModstamp has whole seconds, so a record can change again under the time just
 *   read. Records read before their second was over are reported again by the next sweep.
 * - *Late commits*: a change carries the time when it was made and becomes visible when its transaction ends.
 *   The position therefore stays behind by the commit lag, and never passes `latestDateCovered`, up to which
 *   the org guarantees that every transaction is over.
 * - *Deletions*: the query finds a deleted record as long as it is in the recycle bin. An erased one is only
 *   in the delete log, which covers 30 days in whole minutes. An older position has expired, and a full
 *   listing repairs it.
 */
import { z } from 'zod'
import {
  byTime,
  type FeedItem,
  type FeedPage,
  type FeedQuery,
  readFeed,
  type UntimedItem,
} from '../../kit/change-cursor.ts'
import type { CallContext, ChangedRecord, ChangesResult } from '../../kit/contract.ts'
import { readEach, type UnreadableEntries, wordsOfUnreadable } from '../../kit/entries.ts'
import { isNativeRecord, textAt } from '../../kit/native.ts'
import { timeAt } from '../../kit/times.ts'
import { unusable } from '../../kit/unusable.ts'
import { hasCode, readFailure } from '../errors.ts'
import { isDeleted, modstampOf } from '../record.ts'
import type { ObjectSchema } from '../schema.ts'
import { soqlText, soqlTime } from '../soql.ts'
import type { ObjectContext } from './object-context.ts'
import { forgetIfStale } from './read.ts'

const pageSize = 2_000
const minuteMs = 60_000
/** The minimum range of the log to request, since it is truncated to minutes and must span more than one. */
const logWindowMs = 2 * minuteMs
const overlapMs = 1_000
const secondMs = 1_000
/** Number of deletions of the last read of the log that are remembered; more are reported again. */
const reportedMax = 2_000

const stateSchema = z.strictObject({
  v: z.literal(1),
  feed: z.string(),
  /** The delete log was read up to here: epoch ms. */
  deletedUntil: z.number().optional(),
  /**
   * Entries of the last read of the delete log: `id time`, since a record can be restored and deleted again.
   */
  // The name in stored cursors: another one would make a released version start its feed anew.
  told: z.array(z.string()),
})

type State = z.infer<typeof stateSchema>

/** Returns the changes after the cursor. Never throws: a failure is no information. */
export async function changesAfter(
  owner: ObjectContext,
  cursor: string | undefined,
  context: CallContext,
): Promise<ChangesResult> {
  const state = cursor === undefined ? undefined : parseState(cursor)
  if (cursor !== undefined && state === undefined) return { kind: 'expired' }
  try {
    const schema = await owner.schemas.of(owner.object, context)
    if (!schema.fields.has('SystemModstamp')) return feedless(owner.object)
    return await sweepPage(owner, { state, schema }, context)
  } catch (error) {
    forgetIfStale(owner, error)
    if (hasCode(error, 'INVALID_REPLICATION_DATE', 'EXCEEDED_ID_LIMIT')) return { kind: 'expired' }
    return { kind: 'unknown', failure: readFailure(error) }
  }
}

function parseState(cursor: string): State | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(cursor)).data
  } catch {
    return undefined
  }
}

function feedless(object: string): ChangesResult {
  const message = `${object} has no SystemModstamp, so its changes can only be found by listing it.`
  return { kind: 'unknown', failure: { code: 'CONNECTOR_FEED_UNUSABLE', message, scope: 'system' } }
}

interface Sweep {
  readonly state: State | undefined
  readonly schema: ObjectSchema
}

async function sweepPage(
  owner: ObjectContext,
  { state, schema }: Sweep,
  context: CallContext,
): Promise<ChangesResult> {
  let log: DeleteLog | undefined
  let lagMs = owner.commitLagMs
  const rules = {
    tieBreak: 'id',
    // Read after the page has arrived, including what the org reports about open transactions.
    get commitLagMs() {
      return lagMs
    },
    overlapMs,
    formatPosition: soqlTime,
    seenMax: 5_000,
  } as const
  const result = await readFeed(state?.feed, rules, async (query) => {
    const page = await feedPage(owner, schema, query, context)
    if (page.more || !schema.replicateable || page.serverNowMs === undefined) return page
    log = await readDeleteLog(owner, state?.deletedUntil, page.serverNowMs, context)
    lagMs = Math.max(lagMs, page.serverNowMs - log.coveredMs)
    return page
  })
  if (result.kind !== 'page') return result
  const known = new Set(state?.told)
  const entries = log?.entries ?? []
  const erased = new Set(entries.filter((entry) => !known.has(spelt(entry))).map(({ nativeId }) => nativeId))
  const next: State = {
    v: 1,
    feed: result.cursor,
    ...(log === undefined ? deletedUntilOf(state) : { deletedUntil: log.coveredMs }),
    told: (log?.entries.map(spelt) ?? state?.told ?? []).slice(-reportedMax),
  }
  const deletions = [...erased].map((nativeId): ChangedRecord => ({ nativeId, deleted: true }))
  const unreadable = result.unreadable ?? wordsOf(log?.unreadable)
  return {
    ...result,
    changed: withoutDoubles(result.changed, deletions),
    cursor: JSON.stringify(next),
    ...(unreadable === undefined ? {} : { unreadable }),
  }
}

function deletedUntilOf(state: State | undefined): Pick<State, 'deletedUntil'> {
  return state?.deletedUntil === undefined ? {} : { deletedUntil: state.deletedUntil }
}

function wordsOf(entries: UnreadableEntries | undefined): string | undefined {
  return entries === undefined ? undefined : wordsOfUnreadable(entries)
}

/** Deletions that the query reported are not reported twice. */
function withoutDoubles(
  changed: readonly ChangedRecord[],
  deletions: readonly ChangedRecord[],
): readonly ChangedRecord[] {
  const known = new Set(changed.filter(({ deleted }) => deleted === true).map(({ nativeId }) => nativeId))
  return [...changed, ...deletions.filter(({ nativeId }) => !known.has(nativeId))]
}

async function feedPage(
  { client, object, clock }: ObjectContext,
  schema: ObjectSchema,
  query: FeedQuery,
  context: CallContext,
): Promise<FeedPage> {
  const names = ['Id', 'SystemModstamp', ...(schema.fields.has('IsDeleted') ? ['IsDeleted'] : [])]
  const soql = `SELECT ${names.join(', ')} FROM ${object}${conditionOf(query)} ORDER BY SystemModstamp, Id LIMIT ${pageSize}`
  const readAt = clock.monotonic()
  const { rows, totalSize, serverNowMs } = await client.query(soql, context, 'all')
  const { records, unreadable } = readEach(rows, (row): FeedItem | UntimedItem => {
    const nativeId = textAt(row, ['Id'])
    if (nativeId === undefined) throw unusable('a change has no Id')
    const positionMs = modstampOf(row)
    const change = { nativeId, ...(isDeleted(row) ? { deleted: true } : {}) }
    if (positionMs === undefined) return { change, content: 'untimed' }
    const isOver = serverNowMs !== undefined && serverNowMs >= positionMs + 2 * secondMs
    return {
      change,
      position: soqlTime(positionMs),
      positionMs,
      // A new value each time while the second is open, so that the next sweep reports it again.
      content: isOver ? 'settled' : `open ${readAt}`,
    }
  })
  // Based on what the query found: a record that is erased while its pages are read is missing from them.
  const more = totalSize >= pageSize
  return { ...byTime(records), unreadable, more, ...(serverNowMs === undefined ? {} : { serverNowMs }) }
}

function conditionOf({ since, afterId }: FeedQuery): string {
  if (since === undefined) return ''
  if (afterId === undefined) return ` WHERE SystemModstamp >= ${since}`
  // The first condition alone narrows the search down by the index, which a top-level OR would not.
  return ` WHERE SystemModstamp >= ${since} AND (SystemModstamp > ${since} OR Id > ${soqlText(afterId)})`
}

interface Deletion {
  readonly nativeId: string
  /** In the format of the log. */
  readonly at: string
}

function spelt({ nativeId, at }: Deletion): string {
  return `${nativeId} ${at}`
}

interface DeleteLog {
  readonly entries: readonly Deletion[]
  /** Entries without an id; a full run finds what they were about. */
  readonly unreadable: UnreadableEntries | undefined
  /** Everything earlier is over and in the log: the next read begins here, and no position may be later. */
  readonly coveredMs: number
}

async function readDeleteLog(
  { client, object }: ObjectContext,
  until: number | undefined,
  nowMs: number,
  context: CallContext,
): Promise<DeleteLog> {
  // Not in the future, which the log can't cover; an erasure in the current minute is reported in the next
  // one.
  const end = Math.floor(nowMs / minuteMs) * minuteMs
  const start = Math.min(until ?? end, end - logWindowMs)
  const query = { start: new Date(start).toISOString(), end: new Date(end).toISOString() }
  const { data } = await client.read('/sobjects/{object}/deleted', { path: { object }, query }, context)
  const covered = timeAt(data, ['latestDateCovered'], { format: 'iso' })
  if (!isNativeRecord(data) || !Array.isArray(data.deletedRecords) || covered === undefined) {
    throw unusable('the delete log lacks its records or what it covers')
  }
  const { records, unreadable } = readEach(data.deletedRecords, (entry: unknown): Deletion => {
    const nativeId = textAt(entry, ['id'])
    if (nativeId === undefined) throw unusable('an entry of the delete log has no id')
    return { nativeId, at: textAt(entry, ['deletedDate']) ?? '' }
  })
  return { entries: records, unreadable, coveredMs: Math.min(covered, end) }
}
