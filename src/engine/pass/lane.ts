/**
 * Lanes: one record in one system, the unit that pauses.
 *
 * States, how they are entered and left (an admin's retry or release leaves all of them too):
 * - **open**: works. the reason `released` lets one write pass the mass-change guard
 * - **backoff**: calls for this record failed; left when `until` has passed
 * - **in-doubt**: the outcome of a write is unknown; left when its horizon has passed and the intent is
 *   resolved
 * - **waiting**: for another record's counterpart or for the first load; left when that exists or has
 *   finished
 * - **rejected**: the system refused the data, or a rule holds it back; reads continue, and later changes are
 *   written
 * - **held**: by the mass-change guard; left by a person's decision
 * - **quarantined**: only a person can resolve it; neither read nor written
 *
 * A closed lane delays neither the record's other systems nor other records.
 */
import { laneUntil, openLane } from '../../model/lane.ts'
import type { LaneReasons } from '../../model/lane-reasons.ts'
import type { Member, MemberField } from '../../model/state.ts'
import { backoffMs, spreadAfter } from '../protect/backoff.ts'
import type { Pass } from './contract.ts'
import { clearFailure } from './failure.ts'
import { addNeed, addRows, emit, note, setLane, updateMember } from './pass.ts'

/** Lane reason that lets one change past the guard; the store sets it when a person releases a hold. */
export const RELEASED = 'released'

/** Lane reason of a record whose commit the database refused. */
export const refusedByStore = 'STORE_VALUE_REFUSED'

/**
 * Longest retry interval of a record whose system is down: its backlog starts to be processed within this
 * time after the system is back.
 */
const outageWaitMaxMs = 60_000

/**
 * Opens the lanes whose time has passed. A lane with refused data goes back to `rejected`: the refusal is
 * still remembered.
 */
export function reopenDueLanes(pass: Pass): void {
  const now = pass.context.clock.now()
  for (const member of pass.members.values()) {
    const { lane } = member
    const timed = lane.state === 'backoff' || lane.state === 'in-doubt'
    if (!timed || lane.until > now || pass.intents.has(member.system)) continue
    // Committed with the next decision, which shows that the cause is gone.
    if (lane.reason === refusedByStore) clearFailure(pass, member.system, refusedByStore)
    if (hasRefusals(member)) setLane(pass, member.system, { state: 'rejected', reason: 'refused' })
    else setLane(pass, member.system, openLane)
  }
}

/** True when some value is remembered as refused. */
export function hasRefusals(member: Member): boolean {
  return Object.values(member.fields).some((field) => field.rejected !== undefined)
}

/** Lets all refused values of the member be sent again: what was refused together is sent together again. */
export function forgetRefusals(pass: Pass, member: Member): void {
  const fields = Object.entries(member.fields).map(([name, state]): [string, MemberField] => {
    const { rejected: _rejected, ...kept } = state
    return [name, kept]
  })
  updateMember(pass, { system: member.system, fields: Object.fromEntries(fields) })
}

/** True when the member can be read by id now. */
export function isReadable(pass: Pass, member: Member): boolean {
  if (member.nativeId === undefined || member.state === 'gone') return false
  if (!pass.entity.systems.has(member.system)) return false
  if (member.lane.state === 'quarantined') return false
  return member.lane.state !== 'backoff' || member.lane.until <= pass.context.clock.now()
}

/**
 * True when writes to this lane may be planned at all. Lanes that are closed temporarily are planned too, so
 * that the pending write is known.
 */
export function isPlannable(member: Member): boolean {
  if (member.lane.state === 'held' || member.lane.state === 'quarantined') return false
  return member.state === 'linked' || member.state === 'absent'
}

/** Returns undefined when the lane lets a write go now, otherwise when to retry (epoch ms). */
export function closedForWritesUntil(pass: Pass, system: string): number | undefined {
  const lane = pass.members.get(system)?.lane ?? openLane
  const now = pass.context.clock.now()
  const timed = lane.state === 'backoff' || lane.state === 'in-doubt'
  if (timed && lane.until > now) return lane.until
  return pass.intents.has(system) ? (laneUntil(lane) ?? now + pass.context.settings.backoffBaseMs) : undefined
}

/** Closes a lane after a failure that concerns this record alone, and schedules a retry after its wait. */
export function backOff(
  pass: Pass,
  system: string,
  why: { readonly reason: LaneReasons['backoff']; readonly read?: boolean; readonly notBefore?: number },
): void {
  const { settings, random, clock } = pass.context
  const member = pass.members.get(system)
  const attempts = (member?.laneAttempts ?? 0) + 1
  const waitMs = backoffMs(random, attempts, { baseMs: settings.backoffBaseMs, maxMs: settings.backoffMaxMs })
  const until = Math.ceil(Math.max(clock.now() + waitMs, why.notBefore ?? 0))
  // A lane that is closed for a more severe reason keeps it: a back-off would open the lane when it ends.
  const mayChange = member === undefined || ['open', 'backoff', 'rejected'].includes(member.lane.state)
  if (mayChange) setLane(pass, system, { state: 'backoff', reason: why.reason, until }, { attempts })
  else updateMember(pass, { system, laneAttempts: attempts })
  addNeed(pass, { at: until, why: why.reason, ...(why.read ? { toRead: [system] } : {}) })
}

/**
 * Schedules a retry for when a system that accepts no calls at present may be called again. During a long
 * outage the retries become less frequent, so that a backlog of many records does not become a load of its
 * own.
 */
export function waitForSystem(
  pass: Pass,
  system: string,
  why: { readonly reason: string; readonly read?: boolean },
): void {
  const { settings, random, clock, gates } = pass.context
  const now = clock.now()
  const attempts = (pass.members.get(system)?.laneAttempts ?? 0) + 1
  const own = now + backoffMs(random, attempts, { baseMs: settings.backoffBaseMs, maxMs: outageWaitMaxMs })
  const until = gates.get(system)?.closedUntil() ?? now
  updateMember(pass, { system, laneAttempts: attempts })
  const at = Math.max(own, spreadAfter(random, now, until))
  addNeed(pass, { at, why: why.reason, ...(why.read ? { toRead: [system] } : {}) })
}

/** A call for this lane succeeded: the next failure starts with a short wait again. */
export function forgetFailures(pass: Pass, system: string): void {
  const member = pass.members.get(system)
  if (member === undefined || member.laneAttempts === 0) return
  updateMember(pass, { system, laneAttempts: 0 })
}

/** Holds one lane for review. */
export function holdLane(
  pass: Pass,
  system: string,
  {
    laneReason,
    operation,
    ...hold
  }: {
    readonly kind: 'guard' | 'delete-guard' | 'update-delete'
    readonly reason: string
    /** The reason of the closed lane. @default the kind */
    readonly laneReason?: LaneReasons['held']
    /** The operation that the mass-change guard holds. */
    readonly operation?: 'create' | 'update'
  },
): void {
  const { context, record, entity } = pass
  addRows(pass, {
    holds: [{ id: context.random.uuid(), recordId: record.id, entity: entity.name, system, ...hold }],
  })
  setLane(pass, system, { state: 'held', reason: laneReason ?? hold.kind })
  note(pass, { kind: 'hold', body: { system, ...hold } })
  emit(pass, {
    type: 'ChangeHeld',
    recordId: record.id,
    entity: entity.name,
    system,
    kind: hold.kind,
    ...(operation === undefined ? {} : { operation }),
  })
}
