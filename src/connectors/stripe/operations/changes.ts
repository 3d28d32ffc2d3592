/**
 * The list of events as the change feed: it recovers everything that webhooks missed.
 *
 * Stripe lists events newest first. A *sweep* goes from the newest event down to `low`, page after page;
 * `low` moves up only when the sweep has finished, so an interrupted sweep is continued and loses nothing.
 * The direction does not matter: an event only names a record to read.
 *
 * - Events of one second: a page begins after an *event*, not after a time, so a run of ties across a page
 *   boundary is read one by one.
 * - Events that become visible late, or arrive during a sweep: the next sweep begins `commitLagMs` and an
 *   overlap before this one began. Events that were already reported are recognised by their id and not
 *   reported again.
 * - Stripe keeps events for 30 days and does not report expired ones. An older position has expired, and so
 *   has one whose event no longer exists: a full list repairs that.
 */

import { z } from 'zod'
import type { CallContext, ChangedRecord, ChangesResult } from '../../kit/contract.ts'
import { readEach, wordsOfUnreadable } from '../../kit/entries.ts'
import { textAt } from '../../kit/native.ts'
import { serverTimeOf, timeAt } from '../../kit/times.ts'
import { unusable } from '../../kit/unusable.ts'
import { isLostCursor, stripeFailure } from '../errors.ts'
import { changesOf } from '../events.ts'
import { listOf, type ResourceContext } from '../record.ts'

/** Stripe guarantees no order and no time of arrival; a minute is far more than was ever reported. */
export const commitLagMs = 60_000

/** Margin for whole seconds and small clock differences. */
const overlapMs = 10_000

/** An hour less than the 30 days, since the sweep itself takes time. */
const retentionMs = 30 * 86_400_000 - 3_600_000

/** Beyond it, events are reported again, which only causes another read. */
const seenMax = 2_000

const stateSchema = z.strictObject({
  v: z.literal(1),
  /** Epoch seconds; everything earlier is reported. Absent: nothing is. */
  low: z.int().optional(),
  /** The current sweep: the event after which its next page begins, and where the following sweep begins. */
  sweep: z.strictObject({ after: z.string().min(1), nextLow: z.int() }).optional(),
  /** Reported events that may recur, with their epoch seconds. */
  seen: z.array(z.tuple([z.string(), z.int()])).max(seenMax),
})

type State = z.infer<typeof stateSchema>

interface Event {
  readonly id: string
  readonly createdSeconds: number
  readonly changes: readonly ChangedRecord[]
}

/** Returns one page of changes of a resource. Never throws: a failure is no information. */
export async function changesAfter(
  owner: ResourceContext,
  cursor: string | undefined,
  context: CallContext,
): Promise<ChangesResult> {
  const state: State | undefined = cursor === undefined ? { v: 1, seen: [] } : parseState(cursor)
  if (state === undefined || isForgotten(owner, state)) return { kind: 'expired' }
  try {
    const startedAt = owner.clock.monotonic()
    const response = await owner.client.read({ route: '/v1/events' }, queryOf(owner, state), context)
    const tookMs = owner.clock.monotonic() - startedAt
    const { data, more } = listOf(response.data)
    const { records: events, unreadable } = readEach(data, (value) => eventOf(owner, value))
    const nowMs = serverTime(response.headers.date, tookMs)
    const page = { events, more, nextLow: state.sweep?.nextLow ?? nextLow(state, events, nowMs) }
    return {
      ...pageOf(state, page),
      ...(unreadable === undefined ? {} : { unreadable: wordsOfUnreadable(unreadable) }),
    }
  } catch (error) {
    return isLostCursor(error) ? { kind: 'expired' } : { kind: 'unknown', failure: stripeFailure(error) }
  }
}

function parseState(cursor: string): State | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(cursor)).data
  } catch {
    return undefined
  }
}

function isForgotten({ clock }: ResourceContext, { low }: State): boolean {
  return low !== undefined && clock.now() - low * 1_000 > retentionMs
}

function queryOf({ resource, pageSize }: ResourceContext, { low, sweep }: State) {
  return {
    limit: pageSize,
    'types[]': resource.eventTypes,
    'created[gte]': low,
    starting_after: sweep?.after,
  }
}

function eventOf({ resource }: ResourceContext, value: unknown): Event {
  const id = textAt(value, ['id'])
  const createdMs = timeAt(value, ['created'], { format: 'epochSeconds' })
  if (id === undefined || createdMs === undefined) throw unusable('an event has no id or no time')
  const changes = changesOf(value).flatMap(({ resource: name, ...change }) =>
    name === resource.name ? [change] : [],
  )
  return { id, createdSeconds: createdMs / 1_000, changes }
}

/**
 * The header has whole seconds and was written when the response was ready; the events were read before that.
 */
function serverTime(date: string | undefined, tookMs: number): number | undefined {
  const ms = serverTimeOf(date)
  return ms === undefined ? undefined : ms - Math.ceil(tookMs)
}

/**
 * Start of the next sweep: far enough before this one began, by Stripe's own clock, that nothing older can
 * appear later.
 */
function nextLow({ low }: State, events: readonly Event[], nowMs: number | undefined): number | undefined {
  const newest = events[0]?.createdSeconds
  const beganMs = nowMs ?? (newest === undefined ? undefined : newest * 1_000)
  if (beganMs === undefined) return low
  const reached = Math.floor((beganMs - commitLagMs - overlapMs) / 1_000)
  return low === undefined ? reached : Math.max(low, reached)
}

interface SweptPage {
  readonly events: readonly Event[]
  readonly more: boolean
  readonly nextLow: number | undefined
}

function pageOf(state: State, { events, more, nextLow }: SweptPage): ChangesResult {
  const known = new Map(state.seen)
  const fresh = events.filter(({ id }) => !known.has(id))
  for (const { id, createdSeconds } of fresh) known.set(id, createdSeconds)
  const changed = withoutRepetition(fresh.flatMap(({ changes }) => changes))
  // Until the sweep ends, the range that it reads again extends back to its beginning.
  const from = more ? state.low : nextLow
  const kept = [...known].filter(([, seconds]) => from === undefined || seconds >= from)
  const seen = kept.sort((a, b) => b[1] - a[1]).slice(0, seenMax)
  const last = events.at(-1)
  if (more && (last === undefined || nextLow === undefined || last.id === state.sweep?.after)) {
    throw unusable('the list of events has a next page and no way there')
  }
  const next: State =
    more && last !== undefined && nextLow !== undefined
      ? { v: 1, ...lowOf(state.low), sweep: { after: last.id, nextLow }, seen }
      : { v: 1, ...lowOf(nextLow), seen }
  return { kind: 'page', changed, cursor: JSON.stringify(next), more }
}

function lowOf(low: number | undefined): Pick<State, 'low'> {
  return low === undefined ? {} : { low }
}

/** Several events of one record cause one read; a deletion among them counts. */
function withoutRepetition(changes: readonly ChangedRecord[]): readonly ChangedRecord[] {
  const byNativeId = new Map<string, ChangedRecord>()
  for (const change of changes) {
    if (byNativeId.get(change.nativeId)?.deleted !== true) byNativeId.set(change.nativeId, change)
  }
  return [...byNativeId.values()]
}
