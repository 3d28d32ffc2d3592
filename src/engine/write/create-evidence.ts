/**
 * Evidence before a create: nothing is created in a system that was not checked for a counterpart since the
 * create was requested.
 *
 * The request is recorded with the member when the record is promoted. Evidence is a search, or a read of the
 * whole place, that began after it (`model/create-evidence.ts` decides which). The candidates that were
 * discovered up to its end have to be read first, and so do the hits of a search; then the intent's own
 * transaction compares the evidence with the keys that the record has by now. A create that has to wait keeps
 * its evidence, so that later candidates never extend the wait, and repeats only the search at the end of the
 * wait.
 *
 * In a first load one read of the place serves all creates while it is recent enough.
 */
import { chooseMeans, type EvidencePlan, planEvidence } from '../../model/create-evidence.ts'
import type { MatchKey } from '../../model/matching/contract.ts'
import { agreedValues, matchKeys } from '../../model/matching/match-keys.ts'
import type { PlannedWrite } from '../../model/merge/contract.ts'
import type { CreateEvidence } from '../../model/state.ts'
import type { CreateCheck } from '../../store/contract.ts'
import type { Pass } from '../pass/contract.ts'
import { RELEASED } from '../pass/lane.ts'
import { updateMember } from '../pass/pass.ts'
import { isFirstLoad } from '../pass/priority.ts'
import { type Place, placeOf } from '../place.ts'
import type { PlaceRead, PlaceReadKind } from '../ports.ts'
import { type SearchResponse, searchAll, searchesFor } from './evidence-search.ts'

/**
 * Evidence older than this is gathered again. A read of the place counts from its beginning, so its own
 * duration is added.
 */
const evidenceMaxAgeMs = 60_000
/**
 * In a first load of a place without a feed one list is valid for this long: listing it every minute would
 * cost more than the load.
 */
const firstLoadListMs = 3_600_000
/**
 * Longest time that a pass waits for a read of the place; then it ends, and continues when that read has
 * completed.
 */
const waitMaxMs = 2_000
/** A search older than this is repeated before the create is sent. */
const searchAgainMs = 500
/**
 * Share of the passes in progress that may wait for reads of places at the same time, so that the others
 * continue.
 */
const waitersPerPass = 1 / 4
/** Discovered records carry the store's time, evidence this process's. */
const clockMarginMs = 1_000

/**
 * - `go`: the create may be sent with this check
 * - `wait`: `evidence`: a read of the place is scheduled · `candidate`: discovered records have to be read ·
 *   `no-evidence`: not available, for the reason in `why`
 * - `hold`: there can be no evidence, and a person has to decide
 */
export type Gathered =
  | { readonly kind: 'go'; readonly check: CreateCheck; readonly evidence?: CreateEvidence }
  | {
      readonly kind: 'wait'
      readonly reason: 'evidence' | 'candidate' | 'no-evidence'
      readonly evidence?: CreateEvidence
      readonly at?: number
      readonly why?: string
    }
  | { readonly kind: 'hold'; readonly reason: 'no-evidence' | 'no-key'; readonly why: string }

/** Records when the create was first requested, if that is not known yet; returns the time. */
export function noteWish(pass: Pass, system: string): number {
  const known = pass.members.get(system)?.createWantedAt
  if (known !== undefined) return known
  const now = pass.context.clock.now()
  updateMember(pass, { system, createWantedAt: now })
  return now
}

/** Returns the keys that the record has with the next commit of this pass. */
export function keysOf(pass: Pass): readonly MatchKey[] {
  return pass.draft.matchKeys ?? matchKeys(pass.entity, agreedValues(pass.record.fields))
}

/**
 * Determines whether the create may be sent. Calls the system where the existing evidence is not sufficient.
 */
export async function gatherEvidence(pass: Pass, write: PlannedWrite): Promise<Gathered> {
  const { system } = write
  const { context, entity } = pass
  const wantedAt = noteWish(pass, system)
  const member = pass.members.get(system)
  const place = placeOf(context, system, entity.name)
  const plan = planEvidence(entity, place.part, place.resource.capabilities)
  const unchecked: Gathered = { kind: 'go', check: { system, readUpTo: wantedAt + clockMarginMs } }
  if (!plan.needed || member?.lane.reason === RELEASED) return unchecked
  const keys = keysOf(pass)
  if (keys.length === 0) return withoutKey(place, unchecked)
  const relevant = keys.filter(({ rule }) => plan.rules[rule] !== 'irrelevant')
  if (relevant.length === 0) return unchecked
  const hash = context.store.direct.hashKeys(entity.name, keys)
  const kept = member?.evidence
  const isKept = kept?.keys === hash && kept.goodUntil > context.clock.now()
  // A record that did not come with the first load may be created from its lists only while it is really running: one
  // second of an outdated answer would be enough for a copy of what was entered since.
  const isListed = pass.record.causes.some((cause) => cause.startsWith('first-load:'))
  const listedAt = await (isListed
    ? context.firstLoads.listedAt(entity)
    : context.firstLoads.listedNow(entity))
  const firstLoad = isFirstLoad(pass, system, listedAt)
  const since = firstLoad ? 0 : wantedAt
  const question = { write, place, plan: planFor(plan, relevant), hash, since, firstLoad, unchecked }
  if (isKept && firstLoad) return go(system, kept)
  return isKept && kept.takenAt >= wantedAt ? useKept(pass, question, kept) : gatherAnew(pass, question)
}

function withoutKey({ system, part }: Place, unchecked: Gathered): Gathered {
  return part.createWithoutKey === 'hold'
    ? {
        kind: 'hold',
        reason: 'no-key',
        why: `It has no value to match by, so it is unknown whether ${system} already has it.`,
      }
    : unchecked
}

/**
 * Adapts the plan: a record without a value for the searchable rules may still have some for the rules that
 * score.
 */
function planFor(plan: EvidencePlan, keys: readonly MatchKey[]): EvidencePlan {
  if (plan.search !== 'whole' || keys.some(({ rule }) => plan.rules[rule] === 'searchable')) return plan
  return { ...plan, search: plan.rules.includes('blocking') ? 'blocking' : 'none' }
}

function go(system: string, evidence: CreateEvidence): Gathered {
  const { keys, takenAt, goodUntil, readUpTo, nativeIds } = evidence
  const check = { keys, takenAt, goodUntil, ...(nativeIds === undefined ? {} : { nativeIds }) }
  return { kind: 'go', check: { system, readUpTo, evidence: check }, evidence }
}

interface Question {
  readonly write: PlannedWrite
  readonly place: Place
  readonly plan: EvidencePlan
  readonly hash: string
  /** Reads that began before this are no evidence. */
  readonly since: number
  readonly firstLoad: boolean
  readonly unchecked: Gathered
}

/**
 * Uses the evidence of an earlier pass, whose create had to wait for discovered records. What was entered
 * during the wait would become a copy, so a search is repeated once the wait is over. The repeated search
 * never extends the wait: only hits that the first one did not have are read first.
 */
async function useKept(pass: Pass, question: Question, kept: CreateEvidence): Promise<Gathered> {
  const { plan, place, write, firstLoad } = question
  const { clock, store } = pass.context
  const searchedAt = kept.coversUpTo + plan.searchLagMs
  if (!chooseMeans(plan, firstLoad).search || clock.now() - searchedAt < searchAgainMs)
    return go(place.system, kept)
  if (await store.direct.unreadCandidateBefore(place.system, place.entity.name, kept.readUpTo))
    return { kind: 'wait', reason: 'candidate', evidence: kept }
  const searches = await searchesFor(pass, { place, plan, values: write.values })
  const searched = searches === undefined ? undefined : await searchAll(pass, place, searches)
  if (searched?.kind !== 'found') return go(place.system, kept)
  const known = new Set(kept.nativeIds)
  if (searched.nativeIds.some((nativeId) => !known.has(nativeId)))
    return combine(pass, question, searched, undefined)
  return go(place.system, { ...kept, coversUpTo: searched.takenAt - plan.searchLagMs })
}

async function gatherAnew(pass: Pass, question: Question): Promise<Gathered> {
  const { plan, place, write, firstLoad } = question
  const means = chooseMeans(plan, firstLoad)
  const searches = means.search ? await searchesFor(pass, { place, plan, values: write.values }) : undefined
  const searched = searches === undefined ? undefined : await searchAll(pass, place, searches)
  const readsPlace = means.placeRead || (searched?.kind !== 'found' && plan.placeRead !== 'none')
  const placeRead =
    readsPlace && plan.placeRead !== 'none' ? await observePlace(pass, question, plan.placeRead) : undefined
  if (searched?.kind !== 'found' && placeRead === undefined) {
    if (searched !== undefined) return noEvidence(`The search failed: ${searched.failure.code}.`)
    return withoutEvidence(pass, question)
  }
  // Where both lag and no read of the place is available, the search remains, with a wider window; where only
  // a read of the place counts, the create waits for it.
  if (
    placeRead !== undefined &&
    'kind' in placeRead &&
    (searched?.kind !== 'found' || placeRead.reason === 'evidence')
  )
    return placeRead
  return combine(
    pass,
    question,
    searched,
    placeRead !== undefined && 'kind' in placeRead ? undefined : placeRead,
  )
}

/**
 * Handles a place where no evidence is possible. Hits of a search are still read and matched before anything
 * is created or held, so that most records entered twice are recognised; a search that finds nothing, or
 * fails, decides nothing.
 */
async function withoutEvidence(pass: Pass, question: Question): Promise<Gathered> {
  const { place, plan, write, unchecked } = question
  const searches = plan.attempt
    ? await searchesFor(pass, { place, plan, values: write.values, attempt: true })
    : undefined
  const searched = searches === undefined ? undefined : await searchAll(pass, place, searches)
  if (searched?.kind === 'found' && searched.nativeIds.length > 0)
    return combine(pass, question, searched, undefined)
  return place.part.createWithoutEvidence === 'hold' ? holdWithout(pass, place) : unchecked
}

/** Known records of the place are read first: one of them may be the counterpart. */
async function holdWithout({ context }: Pass, { system, entity }: Place): Promise<Gathered> {
  const isUnread = await context.store.direct.unreadCandidateBefore(system, entity.name, context.clock.now())
  if (isUnread) return { kind: 'wait', reason: 'candidate' }
  return {
    kind: 'hold',
    reason: 'no-evidence',
    why: `It is unknown whether ${system} already has this ${entity.name}: it supports neither a search by the match fields nor a change feed.`,
  }
}

function noEvidence(why: string, at?: number): Gathered & { readonly kind: 'wait' } {
  return { kind: 'wait', reason: 'no-evidence', why, ...(at === undefined ? {} : { at }) }
}

/** Combines the hits of the search and the coverage of the read of the place into one piece of evidence. */
async function combine(
  pass: Pass,
  { place, plan, hash, firstLoad }: Question,
  searched: SearchResponse | undefined,
  placeRead: PlaceRead | undefined,
): Promise<Gathered> {
  const { clock, store, wake } = pass.context
  const found = searched?.kind === 'found' ? searched : undefined
  const nativeIds = found?.nativeIds ?? []
  if (nativeIds.length > 0) {
    const { system, entity } = place
    await store.direct.intake([
      { marks: nativeIds.map((nativeId) => ({ system, entity: entity.name, nativeId, force: true })) },
    ])
    wake()
  }
  const now = clock.now()
  const starts = [
    ...(found === undefined ? [] : [found.takenAt]),
    ...(placeRead === undefined ? [] : [placeRead.takenAt]),
  ]
  const covers = [
    ...(found === undefined ? [] : [found.takenAt - plan.searchLagMs]),
    ...(placeRead === undefined ? [] : [placeRead.takenAt - plan.placeReadLagMs]),
  ]
  const takenAt = Math.min(...starts)
  const evidence: CreateEvidence = {
    keys: hash,
    takenAt,
    coversUpTo: Math.max(...covers),
    goodUntil:
      placeRead === undefined
        ? takenAt + evidenceMaxAgeMs
        : takenAt + lifeOf(placeRead, plan.placeRead, firstLoad),
    readUpTo: (found === undefined ? (placeRead?.endedAt ?? now) : now) + clockMarginMs,
    ...(nativeIds.length === 0 ? {} : { nativeIds }),
  }
  return nativeIds.length === 0 ? go(place.system, evidence) : { kind: 'wait', reason: 'candidate', evidence }
}

function lifeOf(
  { takenAt, endedAt }: PlaceRead,
  kind: EvidencePlan['placeRead'],
  firstLoad: boolean,
): number {
  const life = firstLoad && kind === 'list' ? firstLoadListMs : evidenceMaxAgeMs
  return life + ((endedAt ?? takenAt) - takenAt)
}

/** Returns a read of the place that began late enough, or why there is none yet. */
async function observePlace(
  pass: Pass,
  { place, since, firstLoad }: Question,
  kind: PlaceReadKind,
): Promise<PlaceRead | (Gathered & { readonly kind: 'wait' })> {
  const { context } = pass
  const { clock, placeReads, memory, timeouts, settings } = context
  const newest = await placeReads.newest(place, kind)
  const now = clock.now()
  if (newest !== undefined && newest.takenAt >= since) {
    if (newest.takenAt + lifeOf(newest, kind, firstLoad) > now) return newest
  }
  const next = placeReads.next(place, kind, since)
  const beginsAt = Math.max(now, placeReads.nextAt(place, kind))
  const isFull = memory.evidenceWaiters >= settings.inFlight * waitersPerPass
  if (isFull || beginsAt - now > waitMaxMs) return waitForPlaceRead(place, beginsAt, now)
  memory.evidenceWaiters += 1
  const response = await timeouts
    .bound(
      waitMaxMs,
      pass.signal,
      () => next,
      () => undefined,
    )
    .finally(() => {
      memory.evidenceWaiters -= 1
    })
  if (response === undefined) return waitForPlaceRead(place, placeReads.nextAt(place, kind), clock.now())
  if (response.kind === 'seen') return response.read
  const what = kind === 'feed' ? 'What changed' : 'The list'
  return noEvidence(`${what} could not be read: ${response.code}.`, response.retryAt)
}

/**
 * Schedules a retry for when a read of the place may be complete: at the latest the requested one, earlier if
 * a regular poll provides one.
 */
function waitForPlaceRead(
  { part }: Place,
  beginsAt: number,
  now: number,
): Gathered & { readonly kind: 'wait' } {
  const polls = part.triggers.flatMap((trigger) => (trigger.kind === 'poll' ? [trigger.everyMs] : []))
  const at = Math.min(beginsAt, ...polls.map((everyMs) => now + Math.max(everyMs, waitMaxMs)))
  return { kind: 'wait', reason: 'evidence', at }
}
