/**
 * Polls a change feed page by page. Each page's marks and its cursor are committed together, so that a cursor
 * is never ahead of changes that are not durably marked. A feed names records; their values are read by id
 * later.
 *
 * An expired cursor leads to a full run, never to "now": changes made in between would be lost until the next
 * one.
 */

import type { ChangesPage, ChangesResult } from '../../connectors/kit/contract.ts'
import type { ErrorCode } from '../../model/error-codes.ts'
import { isIsthmusError } from '../../model/errors.ts'
import { describeRunEnd } from '../../model/run-reasons.ts'
import type { IntakeRequest, Mark } from '../../store/contract.ts'
import type { IntakeContext } from '../context.ts'
import { savePlaceRead } from '../observe/place-read-times.ts'
import { withWords } from '../pass/failure.ts'
import { hasFeed, isListable, type Place, placeOf } from '../place.ts'
import { withDeadline } from '../protect/deadline.ts'
import type { FullRunRequest, FullRunResult } from './full-run.ts'

/** Pages read in one poll; `more` reports that there are further pages for the next poll. */
const PAGES_MAX = 1000
/** Marks in one commit. */
const MARKS_MAX = 5000
/** A page of changes may take the time of this many reads. */
const READS_PER_PAGE = 3

/** Which change feed to read. */
export interface PollRequest {
  readonly system: string
  readonly entity: string
  readonly priority: 'hand' | 'batch'
  readonly signal: AbortSignal
}

/**
 * - `done`: everything the feed had when the poll began (`startedAt`) is marked · `more`: the page limit was
 *   reached first
 * - `failed`: no information; retry after a back-off, or at the time the system named
 */
export type PollResult =
  | { readonly kind: 'done'; readonly changed: number; readonly startedAt: number }
  | { readonly kind: 'more'; readonly changed: number }
  | {
      readonly kind: 'failed'
      readonly code: ErrorCode
      /** The cause, without record values. */
      readonly message: string
      readonly retryAfterMs?: number
      /** The place was listed instead of polled for changes. */
      readonly listed?: true
      /** The system can't be reached: the next poll is as cheap as a probe. */
      readonly unreachable?: boolean
    }

/**
 * A page without changes may leave its cursor unsaved for this long: what it passed over is only requested
 * once more. A system at rest would otherwise cost a commit for each poll.
 */
const CURSOR_KEPT_BACK_MS = 60_000

/** The time at which a read of the place began is saved this often while it finds nothing. */
const READ_TIME_KEPT_BACK_MS = 30_000

/**
 * What this process knows of one feed, so that a poll of a system at rest neither reads nor writes what is
 * stored. Times are of the monotonic clock.
 */
interface KnownFeed {
  /**
   * The stored cursor as this process last read or saved it. Another process may have moved it since: reading
   * from an older one marks the same changes again, which has no effect, and only for as long as
   * {@link CURSOR_KEPT_BACK_MS}.
   */
  stored?: { readonly position: string; readonly at: number }
  /** When the cursor was last saved by this process. */
  cursorSavedAt?: number
  /** When the time of a read was last saved by this process. */
  readSavedAt?: number
  /** When the newest complete read of this process began (epoch ms). */
  readAt?: number
}

/** The feeds of this process's polls. */
export class KnownFeeds {
  readonly #feeds = new Map<string, KnownFeed>()

  of(system: string, entity: string): KnownFeed {
    const key = JSON.stringify([system, entity])
    const known = this.#feeds.get(key) ?? {}
    this.#feeds.set(key, known)
    return known
  }
}

/** Lists a place; provided by the caller, which keeps two lists of one place from running concurrently. */
export type ListPlace = (request: FullRunRequest) => Promise<FullRunResult>

/**
 * Looks for changes in one place: by its feed, or by listing everything where it has none.
 *
 * @throws ENGINE_UNKNOWN_PLACE when the system is not part of the entity, and whatever the store throws
 */
export async function pollChanges(
  context: IntakeContext,
  request: PollRequest,
  { list, feeds }: { readonly list: ListPlace; readonly feeds: KnownFeeds },
): Promise<PollResult> {
  const place = placeOf(context, request.system, request.entity)
  const feed = feeds.of(request.system, request.entity)
  const asked: Asked = { context, place, request, list, feed }
  const result = hasFeed(place) ? await drainFeed(asked) : await listInstead(asked)
  const { system, entity } = request
  if (result.kind === 'failed') {
    const { code, message } = result
    context.emit({ type: 'PollFailed', system, entity, code, message })
  } else context.emit({ type: 'PollFinished', system, entity, changed: result.changed })
  return result
}

interface Asked {
  readonly context: IntakeContext
  readonly place: Place
  readonly request: PollRequest
  readonly list: ListPlace
  readonly feed: KnownFeed
}

async function drainFeed(asked: Asked): Promise<PollResult> {
  const { context, place, request, feed } = asked
  const { system, entity } = request
  let changed = 0
  const startedAt = context.clock.now()
  let cursor = await storedCursor(asked)
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const response = await askFeed(context, place, cursor, request)
    if (response.kind === 'unknown') {
      delete feed.stored
      const { code, said, retryAfterMs, kind } = response.failure
      return {
        kind: 'failed',
        code,
        message: withWords(response.failure.message, said),
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        ...(kind === 'unreachable' ? { unreachable: true } : {}),
      }
    }
    if (response.kind === 'expired') return startOver(asked, cursor)
    if (isWorthSaving(asked, cursor, response)) {
      delete feed.stored
      changed += await landPage(context, place, response)
      feed.cursorSavedAt = context.clock.monotonic()
      feed.stored = { position: response.cursor, at: feed.cursorSavedAt }
    }
    if (response.unreadable !== undefined)
      context.emit({ type: 'EntriesUnreadable', system, entity, message: response.unreadable })
    if (!response.more) {
      await noteRead(asked, startedAt, changed)
      return { kind: 'done', changed, startedAt }
    }
    if (response.cursor === cursor) return stuck('the feed returned the same cursor again')
    cursor = response.cursor
    if (request.signal.aborted) return { kind: 'more', changed }
  }
  return { kind: 'more', changed }
}

/** Returns the stored cursor: from memory while this process has reason to believe that it is unchanged. */
async function storedCursor({ context, request, feed }: Asked): Promise<string | undefined> {
  const now = context.clock.monotonic()
  if (feed.stored !== undefined && now - feed.stored.at < CURSOR_KEPT_BACK_MS) return feed.stored.position
  const position = await context.store.cursor(request.system, request.entity)
  if (position === undefined) delete feed.stored
  else feed.stored = { position, at: now }
  return position
}

/**
 * A create of this process finds the time in memory. Those of other processes need a read that began after
 * they were requested, which the saved time of a read that found nothing rarely is.
 */
async function noteRead({ context, place, feed }: Asked, startedAt: number, changed: number): Promise<void> {
  feed.readAt = startedAt
  const now = context.clock.monotonic()
  const isRecent = feed.readSavedAt !== undefined && now - feed.readSavedAt < READ_TIME_KEPT_BACK_MS
  if (changed === 0 && isRecent) return
  await savePlaceRead(context.store, place, 'feed', startedAt)
  feed.readSavedAt = now
}

/** The last page of a feed without changes, which is what most polls of a system at rest return, is not. */
function isWorthSaving({ context, feed }: Asked, cursor: string | undefined, page: ChangesPage): boolean {
  if (page.changed.length > 0 || page.more || cursor === undefined) return true
  if (page.cursor === cursor) return false
  const { cursorSavedAt } = feed
  return cursorSavedAt === undefined || context.clock.monotonic() - cursorSavedAt >= CURSOR_KEPT_BACK_MS
}

function stuck(message: string): PollResult {
  return { kind: 'failed', code: 'ENGINE_CURSOR_STUCK', message }
}

async function askFeed(
  context: IntakeContext,
  place: Place,
  cursor: string | undefined,
  request: PollRequest,
): Promise<ChangesResult> {
  const limitMs = place.settings.timing.readTimeoutMs * READS_PER_PAGE
  const stop = new AbortController()
  const signal = AbortSignal.any([request.signal, stop.signal])
  try {
    const asked = place.resource.changes?.(cursor, { signal, priority: request.priority })
    if (asked === undefined) return noResponse('ENGINE_NO_FEED', 'the resource has no change feed')
    const response = await withDeadline(context.clock, limitMs, request.signal, asked)
    return response === 'late' ? noResponse('ENGINE_CALL_LATE', `no response within ${limitMs} ms`) : response
  } catch (error) {
    return isIsthmusError(error)
      ? noResponse(error.code, withWords(error.message, error.details.said))
      : noResponse('ENGINE_CALL_FAILED', 'the connector failed')
  } finally {
    stop.abort()
  }
}

function noResponse(code: ErrorCode, message: string): ChangesResult {
  return { kind: 'unknown', failure: { code, message, scope: 'system' } }
}

/** Commits the page's marks, the cursor with the last of them. */
async function landPage(context: IntakeContext, place: Place, page: ChangesPage): Promise<number> {
  const { system } = place
  const entity = place.entity.name
  const marks = page.changed.map(
    (change): Mark => ({
      system,
      entity,
      nativeId: change.nativeId,
      ...(change.version === undefined ? {} : { version: change.version }),
      ...(change.deleted === true ? { force: true } : {}),
    }),
  )
  let discovered = 0
  let marked = 0
  const cursor = { system, entity, position: page.cursor }
  let start = 0
  do {
    const chunk = marks.slice(start, start + MARKS_MAX)
    start += MARKS_MAX
    const request: IntakeRequest = {
      marks: chunk,
      cause: 'poll',
      ...(start >= marks.length ? { cursor } : {}),
    }
    const [result] = await context.store.intake([request])
    discovered += result?.discovered ?? 0
    marked += result?.marked ?? 0
  } while (start < marks.length)
  if (discovered > 0) {
    context.emit({ type: 'RecordDiscovered', entity, system, count: discovered, via: 'poll' })
  }
  if (marked + discovered > 0) context.wake()
  return marked + discovered
}

/**
 * The feed no longer knows the cursor: everything is compared once, and the next poll reads the feed from its
 * beginning. The expired cursor is kept until the list has completed, so that a crash in between starts over
 * as well.
 */
async function startOver(asked: Asked, cursor: string | undefined): Promise<PollResult> {
  const { context, place, request, feed } = asked
  const { system, entity } = request
  delete feed.stored
  // Without a cursor none can have expired: a feed that reports this is broken, and starting over would never
  // end.
  if (cursor === undefined) return stuck('the feed refuses to start from its beginning')
  context.emit({ type: 'CursorExpired', system, entity })
  const result = isListable(place) ? await listInstead(asked) : undefined
  if (result?.kind === 'failed') return result
  await context.store.clearCursor(system, entity)
  return { kind: 'more', changed: result?.changed ?? 0 }
}

async function listInstead({ place, request, list }: Asked): Promise<PollResult> {
  if (!isListable(place)) {
    const message = 'the resource has neither a change feed nor a list'
    return { kind: 'failed', code: 'ENGINE_NOTHING_TO_POLL', message }
  }
  const result = await list({ ...request, kind: 'full' })
  if (!result.ended) {
    const message = describeRunEnd(result) ?? 'the list was not read to its end'
    const { retryAfterMs } = result
    return {
      kind: 'failed',
      code: 'ENGINE_LIST_INCOMPLETE',
      message,
      listed: true,
      ...(result.unreachable === true ? { unreachable: true } : {}),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }
  }
  return { kind: 'done', changed: result.changed + result.discovered, startedAt: result.startedAt }
}
