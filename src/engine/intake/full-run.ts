/**
 * A full run: every record of one system is listed, compared with the absorbed state, and marked where it differs.
 *
 * The list is streamed: one page is fetched while the previous one is staged, so memory stays constant whatever the size, and the comparison is
 * set-based in the store. Listed values are never merged; they only decide which records are read by id.
 *
 * A run ends *complete* only when the system reported it complete and nothing contradicts that. Only then does an unlisted record raise the suspicion
 * of a deletion, and even then it is only read: see `detect.ts` for the further requirements of a deletion.
 */
import type { ListEnd, ListedRecord } from '../../connectors/kit/contract.ts'
import { isIsthmusError } from '../../model/errors.ts'
import { describeRunReason, type RunReason } from '../../model/run-reasons.ts'
import type { RunComparison } from '../../store/contract.ts'
import type { IntakeContext } from '../context.ts'
import { compareFingerprint } from '../observe/fingerprint.ts'
import { savePlaceRead } from '../observe/place-read-times.ts'
import { withWords } from '../pass/failure.ts'
import { type Place, placeOf } from '../place.ts'
import { backoffMs } from '../protect/backoff.ts'
import { withDeadline } from '../protect/deadline.ts'
import { noteBaseline } from './baseline.ts'
import { createStager } from './stager.ts'

/** A page may take the time of this many reads before the run gives up. */
const READS_PER_PAGE = 6
/** Minimum interval between progress reports. */
const PROGRESS_EVERY_MS = 1000

/** Records that a list by offset missed are read by id, at most this many or this share; more than that indicates a broken list, not deletions. */
const LOOKS_MAX = 100
const LOOKS_SHARE = 0.05

/** A comparison is attempted this often while the store is unavailable: for some minutes. */
const FINISH_ATTEMPTS = 12
const finishWait = { baseMs: 500, maxMs: 60_000 }

/** Which place to list, and why. */
export interface FullRunRequest {
  readonly system: string
  readonly entity: string
  /** `sync` when a person asked for it as part of syncing everything. */
  readonly kind: 'full' | 'sync'
  readonly priority: 'hand' | 'batch'
  readonly signal: AbortSignal
}

/** The result of one full run. */
export interface FullRunResult extends RunComparison {
  /** Id of the run. */
  readonly runId: string
  /** Epoch ms, before the first page was requested. */
  readonly startedAt: number
  /** The list may count as evidence of absence. */
  readonly complete: boolean
  /** The list reached its end and nothing is known to be missing; weaker than `complete`. */
  readonly ended: boolean
  /** Why it is not complete. */
  readonly reason?: RunReason
  /** Number of listed records. */
  readonly seen: number
  /** Not even a first page was received, for a reason that may be temporary. */
  readonly unreachable?: boolean
  /** The list broke off, and this long no other one has to be tried. */
  readonly retryAfterMs?: number
}

/**
 * Lists one system's records of one entity and marks the differing ones. A failing remote is reported in the result, never thrown.
 *
 * @throws ENGINE_UNKNOWN_PLACE when the system is not part of the entity, and whatever the store throws
 */
export async function runFull(context: IntakeContext, request: FullRunRequest): Promise<FullRunResult> {
  const { system, entity, kind } = request
  const place = placeOf(context, system, entity)
  const runId = context.random.uuid()
  await context.store.startRun({ id: runId, kind, system, entity })
  context.emit({ type: 'RunStarted', runId, kind, system, entity })
  try {
    return await listAndCompare(context, request, { place, runId })
  } catch (error) {
    // What was listed is of no use any more; a store that is unavailable drops it as that of a dead process.
    await context.store.dropRun({ id: runId, reason: { code: 'stopped' } }).catch(() => undefined)
    throw error
  }
}

async function listAndCompare(
  context: IntakeContext,
  request: FullRunRequest,
  { place, runId }: { readonly place: Place; readonly runId: string },
): Promise<FullRunResult> {
  const { system } = request
  const startedAt = context.clock.now()
  const before = await compareFingerprint(context, system, request.signal)
  const listing = await listAndStage(context, place, runId, request)
  const after = await compareFingerprint(context, system, request.signal)
  const sameAccount = before !== 'changed' && after !== 'changed'
  const reason = sameAccount ? await findDoubt(context, place, listing) : ({ code: 'other-account' } as const)

  const comparison = await finish(context, request.signal, {
    id: runId,
    complete: reason === undefined,
    seen: listing.seen,
    ...(reason === undefined ? {} : { reason }),
    ...(listing.end?.expected === undefined ? {} : { expected: listing.end.expected }),
    ...(reason !== undefined && sameAccount && mayReadMissing(place, request, listing)
      ? { observeMissing: missingReadsMax(listing) }
      : {}),
  })
  const result: FullRunResult = {
    runId,
    startedAt,
    complete: reason === undefined,
    ended: sameAccount && hasEnded(listing),
    seen: listing.seen,
    ...comparison,
    ...(reason === undefined ? {} : { reason }),
    ...(listing.transient === true && listing.seen === 0 ? { unreachable: true } : {}),
    ...(listing.retryAfterMs === undefined ? {} : { retryAfterMs: listing.retryAfterMs }),
  }
  await noteBaseline(context, place, result)
  if (result.complete) await savePlaceRead(context.store, place, 'list', startedAt)
  emitFinished(context, request, result)
  return result
}

/** Compares what was listed. Listing may have taken hours, so a store that is unavailable for a while is waited for; it continues where it was. */
async function finish(
  { store, clock, random }: IntakeContext,
  signal: AbortSignal,
  run: Parameters<IntakeContext['store']['finishRun']>[0],
): Promise<RunComparison> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await store.finishRun(run)
    } catch (error) {
      const mayPass = isIsthmusError(error) && error.retry === 'backoff'
      if (!mayPass || attempt >= FINISH_ATTEMPTS || signal.aborted) throw error
      await clock.sleep(backoffMs(random, attempt, finishWait), signal)
    }
  }
}

/**
 * Decides whether missing records are read by id. A list by offset never proves that a record is gone, so deletions there would never be detected.
 * When a person lists the place, the few records missing from the list are read by id: the system's own response about each of them is evidence. The
 * same applies to records missing from a list with an unreadable entry, whoever started it: one odd entry must not prevent the detection of deletions
 * permanently.
 */
function mayReadMissing(place: Place, { priority }: FullRunRequest, listing: Listing): boolean {
  if (!hasEnded(listing) || listing.seen === 0) return false
  if (place.resource.capabilities.list.paging === 'offset') return priority === 'hand'
  return (listing.end?.unreadable ?? 0) > 0
}

function missingReadsMax({ seen }: Listing): number {
  return Math.max(LOOKS_MAX, Math.floor(seen * LOOKS_SHARE))
}

function hasEnded({ end, seen }: Listing): boolean {
  return end !== undefined && (end.ended ?? end.complete) && seen >= (end.expected ?? 0)
}

function emitFinished(context: IntakeContext, request: FullRunRequest, result: FullRunResult): void {
  const { system, entity } = request
  if (result.discovered > 0) {
    context.emit({ type: 'RecordDiscovered', entity, system, count: result.discovered, via: 'full' })
  }
  context.emit({
    type: 'RunFinished',
    runId: result.runId,
    system,
    entity,
    complete: result.complete,
    seen: result.seen,
    created: result.discovered,
    changed: result.changed,
    missing: result.missing,
    ...(result.reason === undefined
      ? {}
      : { reason: describeRunReason(result.reason), reasonCode: result.reason.code }),
  })
  context.wake()
}

/** The result of a listing. Without `end` it broke off, and `failure` has the reason. */
interface Listing {
  readonly seen: number
  readonly end?: ListEnd
  readonly failure?: RunReason
  readonly retryAfterMs?: number
  /** The failure may be temporary. */
  readonly transient?: boolean
}

/** Pulls pages and stages them. At most one staging is in flight, so a slow store slows the listing down. */
async function listAndStage(
  context: IntakeContext,
  place: Place,
  runId: string,
  request: FullRunRequest,
): Promise<Listing> {
  const stop = new AbortController()
  const signal = AbortSignal.any([request.signal, stop.signal])
  const pages = place.resource.list({ signal, priority: request.priority })
  const stager = createStager(context, place, runId)
  let seen = 0
  let previous: string | undefined
  let emittedAt = context.clock.monotonic()
  try {
    for (;;) {
      const pull = await pullPage(context, place, pages, signal)
      // A failing store is not the list's failure: errors of the stager are thrown to the caller.
      if (pull.kind !== 'page') {
        await stager.finish()
        return pull.kind === 'end' ? { seen, end: pull.end } : brokenOff(seen, pull)
      }
      const edge = edgeOf(pull.page)
      if (edge !== undefined && edge === previous) return { seen, failure: { code: 'page-repeated' } }
      previous = edge
      seen += pull.page.length
      await stager.add(pull.page)
      if (context.clock.monotonic() - emittedAt >= PROGRESS_EVERY_MS) {
        emittedAt = context.clock.monotonic()
        context.emit({ type: 'RunProgressed', runId, seen })
      }
    }
  } finally {
    stop.abort()
    // Lets an aborted list release its resources; not awaited, since it may hang.
    pages.return({ complete: false }).catch(() => undefined)
    await stager.settle()
  }
}

type Pull =
  | { readonly kind: 'page'; readonly page: readonly ListedRecord[] }
  | { readonly kind: 'end'; readonly end: ListEnd }
  | {
      readonly kind: 'failed'
      readonly failure: RunReason
      readonly transient: boolean
      readonly retryAfterMs?: number
    }

async function pullPage(
  context: IntakeContext,
  place: Place,
  pages: AsyncGenerator<readonly ListedRecord[], ListEnd>,
  signal: AbortSignal,
): Promise<Pull> {
  const limitMs = place.settings.timing.readTimeoutMs * READS_PER_PAGE
  try {
    const next = await withDeadline(context.clock, limitMs, signal, pages.next())
    if (next === 'late') {
      return signal.aborted
        ? { kind: 'failed', failure: { code: 'stopped' }, transient: false }
        : { kind: 'failed', failure: { code: 'page-late', limitMs }, transient: true }
    }
    return next.done === true ? { kind: 'end', end: next.value } : { kind: 'page', page: next.value }
  } catch (error) {
    if (signal.aborted) return { kind: 'failed', failure: { code: 'stopped' }, transient: false }
    return {
      kind: 'failed',
      failure: isIsthmusError(error)
        ? { code: 'list-failed', message: withWords(error.message, error.details.said), cause: error.code }
        : { code: 'list-failed', message: String(error) },
      transient: isIsthmusError(error) && error.retry === 'backoff',
      ...(isIsthmusError(error) && typeof error.retry === 'object'
        ? { retryAfterMs: error.retry.afterMs }
        : {}),
    }
  }
}

function brokenOff(
  seen: number,
  { kind: _kind, ...why }: Extract<Pull, { readonly kind: 'failed' }>,
): Listing {
  return { seen, ...why }
}

/** First and last id of a page: a server that ignores the cursor sends the same page endlessly. */
function edgeOf(page: readonly ListedRecord[]): string | undefined {
  const first = page.at(0)
  const last = page.at(-1)
  return first === undefined || last === undefined
    ? undefined
    : JSON.stringify([page.length, first.nativeId, last.nativeId])
}

/** Returns why the list must not count as evidence of absence; undefined when it may. */
async function findDoubt(
  context: IntakeContext,
  place: Place,
  listing: Listing,
): Promise<RunReason | undefined> {
  const { end, seen } = listing
  if (end === undefined) return listing.failure ?? { code: 'list-failed', message: 'no reason is known' }
  const maySkip = place.resource.capabilities.list.paging === 'offset'
  // Read to its end, and whole: what is left is the doubt about every list of this kind.
  if (maySkip && (end.complete || (end.ended === true && end.unreadable === undefined)))
    return { code: 'offset-paging' }
  if (!end.complete)
    return { code: 'list-incomplete', ...(end.reason === undefined ? {} : { message: end.reason }) }
  if (end.expected !== undefined && seen < end.expected) {
    return { code: 'records-left-out', seen, expected: end.expected }
  }
  if (seen > 0) return undefined
  // During an outage some systems return 200 with an empty list. It is not trusted while records are known to exist there.
  const known = await context.store.sentinels(place.system, place.entity.name, 1, '')
  return known.length === 0 ? undefined : { code: 'nothing-listed' }
}
