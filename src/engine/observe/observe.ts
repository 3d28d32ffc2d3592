/**
 * Reads a record in its systems: decides which ones, and what counts as evidence.
 *
 * A failed read gives no information: no deletion, no change, no write to that system; the others continue. A
 * read that may be older than the absorbed state gives no information either (H10); it is repeated once it
 * can no longer be older.
 */
import type { CallFailure, ReadResult } from '../../connectors/kit/contract.ts'
import { IsthmusError } from '../../model/errors.ts'
import type { ObservedValues } from '../../model/merge/contract.ts'
import { equivalent } from '../../model/merge/equivalence.ts'
import { hasBase, isUnverified, unseen } from '../../model/merge/member-field.ts'
import type { Member } from '../../model/state.ts'
import type { Observation, Pass } from '../pass/contract.ts'
import { clearFailure, keepFailure } from '../pass/failure.ts'
import { backOff, forgetFailures, isReadable, waitForSystem } from '../pass/lane.ts'
import { addNeed } from '../pass/pass.ts'
import { priorityOf } from '../pass/priority.ts'
import { type Place, placeOf } from '../place.ts'
import type { TimedRead } from '../ports.ts'
import { judgeLenses } from './lens-effects.ts'
import { markerOf } from './marker.ts'
import { readCanonical } from './reading.ts'
import { translateInwards } from './references.ts'
import { compareVersions } from './versions.ts'

/**
 * A version that went backwards is accepted after this long: the remote was restored from a backup, since no
 * replica lags that far.
 */
const backwardsMs = 60_000
/** Failed reads in a row before a failure is reported: a single one is transient. */
const attemptsMax = 3

/**
 * Returns the systems that this pass has to read: the marked ones, and those whose last write is due for
 * verification.
 */
export function systemsToObserve(pass: Pass): readonly string[] {
  const { toRead } = pass.record
  const now = pass.context.clock.now()
  const all = toRead.includes('*')
  return [...pass.members.values()]
    .filter((member) => all || toRead.includes(member.system) || needsVerification(pass, member, now))
    .filter((member) => pass.stale.has(member.system) || !pass.observedSystems.has(member.system))
    .filter((member) => canObserve(pass, member))
    .map((member) => member.system)
}

function needsVerification(pass: Pass, member: Member, now: number): boolean {
  return pass.stale.has(member.system) || (member.settleAt !== undefined && member.settleAt <= now)
}

/** Schedules another pass where a requested read is not possible now. */
function canObserve(pass: Pass, member: Member): boolean {
  if (isReadable(pass, member)) return true
  if (member.nativeId !== undefined && member.lane.state === 'backoff') {
    addNeed(pass, { at: member.lane.until, why: 'backoff', toRead: [member.system] })
  }
  return false
}

/** Reads several systems concurrently. */
export async function observe(pass: Pass, systems: readonly string[]): Promise<void> {
  await Promise.all(systems.map((system) => observeMember(pass, system)))
}

/**
 * Reads a member by id, keeps the observation in the pass, and schedules another pass where the read gave no
 * information.
 */
export async function observeMember(pass: Pass, system: string): Promise<Observation> {
  const member = pass.members.get(system)
  if (member?.nativeId === undefined) {
    throw new IsthmusError('INTERNAL', `A member without a native id was to be read in ${system}.`)
  }
  const place = placeOf(pass.context, system, pass.entity.name)
  const read = await pass.context.read({
    system,
    resource: place.part.resource,
    nativeId: member.nativeId,
    signal: pass.signal,
    priority: await priorityOf(pass),
    passId: pass.id,
  })
  const observation = await observationOf(pass, place, member, read)
  pass.stale.delete(system)
  pass.observedSystems.add(system)
  pass.observations.set(system, observation)
  return observation
}

async function observationOf(
  pass: Pass,
  place: Place,
  member: Member,
  read: TimedRead,
): Promise<Observation> {
  if (read === 'shut') return noInformation(pass, place.system, 'shut')
  const { result, startedAt, seenAt } = read
  if (result.kind === 'unknown') return noInformation(pass, place.system, result.failure)
  forgetUnreadable(pass, place.system)
  forgetFailures(pass, place.system)
  if (result.kind === 'gone') {
    return {
      kind: 'gone',
      at: startedAt,
      ...(result.mergedInto === undefined ? {} : { mergedInto: result.mergedInto }),
      ...(result.goneSurvivor === undefined ? {} : { goneSurvivor: result.goneSurvivor }),
    }
  }
  return live(pass, place, member, { result, startedAt, seenAt })
}

/**
 * A failure of the whole system closes its gate, not this lane; a failure of this record alone closes the
 * lane.
 */
function noInformation(pass: Pass, system: string, failure: CallFailure | 'shut'): Observation {
  if (failure !== 'shut' && failure.scope === 'record') {
    const notBefore = pass.context.clock.now() + (failure.retryAfterMs ?? 0)
    backOff(pass, system, { reason: failure.code, read: true, notBefore })
    reportUnreadable(pass, system, failure)
  } else {
    waitForSystem(pass, system, { reason: 'system-paused', read: true })
  }
  return { kind: 'unknown', failure }
}

interface LiveRead {
  readonly result: Extract<ReadResult, { readonly kind: 'live' }>
  readonly startedAt: number
  readonly seenAt: number
}

async function live(pass: Pass, place: Place, member: Member, read: LiveRead): Promise<Observation> {
  const { result, startedAt, seenAt } = read
  const native = await readCanonical(pass.entity, place.part, result.native)
  const reading = await translateInwards(pass, place.system, native)
  const { rebase, waiting } = judgeLenses(pass, place, member, startedAt)
  const observed: ObservedValues = {
    system: place.system,
    values: reading.values,
    unknown: waiting.size === 0 ? reading.unknown : new Set([...reading.unknown, ...waiting]),
    at: startedAt,
    ...(rebase.size === 0 ? {} : { rebase }),
    ...(result.version === undefined ? {} : { version: result.version }),
    ...(result.changedAt === undefined ? {} : { changedAt: result.changedAt }),
  }
  const marker = markerOf(place, result.native)
  const admissible = isAdmissible(place, member, observed)
  if (!admissible) refuseStale(pass, place, member)
  return {
    kind: 'live',
    nativeId: result.nativeId,
    native: result.native,
    observed,
    problems: reading.problems,
    missing: reading.missing,
    inScope: result.inScope !== false && place.part.inScope(result.native),
    admissible,
    seenAt,
    ...(marker === undefined ? {} : { marker }),
  }
}

/**
 * An observation is evidence when it shows the absorbed state, carries a version that is not older, or began
 * late enough.
 */
function isAdmissible(place: Place, member: Member, observed: ObservedValues): boolean {
  const { capabilities } = place.resource
  // A base taken from an old response would be wrong from the start: for a field that takes a new base,
  // equality is no evidence.
  if (observed.rebase === undefined && equalsShadow(place, member, observed)) return true
  const lateEnough = observed.at >= member.asof + capabilities.read.lagMs
  const { version } = observed
  if (capabilities.version !== 'ordered' || version === undefined || member.floor === undefined)
    return lateEnough
  if (compareVersions(version, member.floor) < 0)
    return observed.at >= member.asof + capabilities.read.lagMs + backwardsMs
  // After a write whose response named no version, the floor is that of the state before: a lagging read
  // passes it and still shows the old state.
  return lateEnough || !Object.values(member.fields).some(isUnverified)
}

function equalsShadow(place: Place, member: Member, observed: ObservedValues): boolean {
  for (const settings of place.part.fields.values()) {
    if (!settings.readable || observed.unknown.has(settings.name)) continue
    const state = member.fields[settings.name] ?? unseen
    if (!hasBase(state)) return false
    if (!equivalent(settings, observed.values[settings.name], state.shadow)) return false
  }
  return true
}

function refuseStale(pass: Pass, place: Place, member: Member): void {
  const { clock, emit, settings } = pass.context
  const lagOver = member.asof + place.resource.capabilities.read.lagMs
  const at = Math.max(lagOver + 1, clock.now() + settings.backoffBaseMs)
  addNeed(pass, { at, why: 'stale-read', toRead: [place.system] })
  emit({ type: 'ObservationRefused', recordId: pass.record.id, system: place.system, reason: 'stale' })
}

/**
 * Called after a failed read was recorded in the lane (`backOff`): reports a member whose reads keep failing,
 * or whose response was about another record. The failure closes with the first read that works.
 */
function reportUnreadable(pass: Pass, system: string, { code, message }: CallFailure): void {
  const member = pass.members.get(system)
  if (member?.lane.state !== 'backoff' || pass.record.state !== 'active') return
  if (code !== 'CONNECTOR_OTHER_RECORD' && member.laneAttempts < attemptsMax) return
  keepFailure(pass, { system, operation: 'read', code, message, replay: 'safe' })
}

/** Called before a successful read resets the count of failed ones. */
function forgetUnreadable(pass: Pass, system: string): void {
  const member = pass.members.get(system)
  if (member === undefined || member.laneAttempts === 0 || pass.record.state !== 'active') return
  // Failures of other kinds have causes of their own and are closed elsewhere.
  const hasOther = Object.values(member.fields).some(
    (field) =>
      field.rejected !== undefined || field.unreadable !== undefined || field.awaits?.reported === true,
  )
  if (member.lane.state === 'open' && !hasOther) clearFailure(pass, system)
}
