/**
 * Lanes: one record in one system, the unit that pauses.
 *
 * States, how they are entered and left (all of them leave by an admin's retry or release too):
 * - **open**: works. `laneReason: released` lets one write past the mass-change guard
 * - **backoff**: calls for this record failed; left when `laneUntil` is over
 * - **in-doubt**: the outcome of a write is unknown; left when its horizon is over and the intent is resolved
 * - **waiting**: for another record's counterpart or for the first load; left when that is there
 * - **rejected**: the system refused the data, or a rule holds it back; reads go on, and what changed since is written
 * - **held**: the mass-change guard; left by a person
 * - **quarantined**: something only a person can judge; neither read nor written
 *
 * A closed lane delays neither the record's other systems nor other records.
 */
import type { LaneReasons } from '../../model/lane-reasons.ts'
import type { Member } from '../../model/state.ts'
import { backoffMs, spreadAfter } from '../protect/backoff.ts'
import type { Pass } from './contract.ts'
import { addNeed, addRows, emit, note, setLane, updateMember } from './pass.ts'

/** Lane reason that lets one change past the guard; the store sets it when a person releases a hold. */
export const RELEASED = 'released'

/** A record asks for a system that is down at least this often: what piled up starts to flow within it. */
const outageWaitMaxMs = 60_000

/** Opens the lanes whose time is over. A lane with refused data goes back to `rejected`: the refusal is still remembered. */
export function reopenDueLanes(pass: Pass): void {
  const now = pass.context.clock.now()
  for (const member of pass.members.values()) {
    const timed = member.lane === 'backoff' || member.lane === 'in-doubt'
    if (!timed || (member.laneUntil ?? 0) > now || pass.intents.has(member.system)) continue
    if (hasRefusals(member)) setLane(pass, member.system, 'rejected', { reason: 'refused' })
    else setLane(pass, member.system, 'open')
  }
}

/** Some value is remembered as refused. */
export function hasRefusals(member: Member): boolean {
  return Object.values(member.fields).some((field) => field.rejected !== undefined)
}

/** The member can be read by id now. */
export function isReadable(pass: Pass, member: Member): boolean {
  if (member.nativeId === undefined || member.state === 'gone') return false
  if (!pass.entity.systems.has(member.system)) return false
  if (member.lane === 'quarantined') return false
  return member.lane !== 'backoff' || (member.laneUntil ?? 0) <= pass.context.clock.now()
}

/** Writes to this lane may be planned at all. Lanes that are closed for a while are planned too, so that the wish is known. */
export function isPlannable(member: Member): boolean {
  if (member.lane === 'held' || member.lane === 'quarantined') return false
  return member.state === 'linked' || member.state === 'absent'
}

/** Undefined when the lane lets a write go now; else when to come back (epoch ms). */
export function closedForWritesUntil(pass: Pass, system: string): number | undefined {
  const member = pass.members.get(system)
  const now = pass.context.clock.now()
  const timed = member?.lane === 'backoff' || member?.lane === 'in-doubt'
  if (timed && member.laneUntil !== undefined && member.laneUntil > now) return member.laneUntil
  return pass.intents.has(system)
    ? (member?.laneUntil ?? now + pass.context.settings.backoffBaseMs)
    : undefined
}

/** Closes a lane after a failure that concerns this record alone, and asks to come back when its wait is over. */
export function backOff(
  pass: Pass,
  system: string,
  why: { readonly reason: LaneReasons['backoff']; readonly look?: boolean; readonly notBefore?: number },
): void {
  const { settings, random, clock } = pass.context
  const member = pass.members.get(system)
  const attempts = (member?.laneAttempts ?? 0) + 1
  const waitMs = backoffMs(random, attempts, { baseMs: settings.backoffBaseMs, maxMs: settings.backoffMaxMs })
  const until = Math.ceil(Math.max(clock.now() + waitMs, why.notBefore ?? 0))
  // A lane that is closed for a weightier reason stays so: a back-off would open it when it is over.
  const mayChange = member === undefined || ['open', 'backoff', 'rejected'].includes(member.lane)
  if (mayChange) setLane(pass, system, 'backoff', { reason: why.reason, until, attempts })
  else updateMember(pass, { system, laneAttempts: attempts })
  addNeed(pass, { at: until, why: why.reason, ...(why.look ? { look: [system] } : {}) })
}

/**
 * Comes back when a system may be called again that accepts no calls at present. A long outage is asked about less and less often, so that a backlog
 * of many records does not become a load of its own.
 */
export function waitForSystem(
  pass: Pass,
  system: string,
  why: { readonly reason: string; readonly look?: boolean },
): void {
  const { settings, random, clock, gates } = pass.context
  const now = clock.now()
  const attempts = (pass.members.get(system)?.laneAttempts ?? 0) + 1
  const own = now + backoffMs(random, attempts, { baseMs: settings.backoffBaseMs, maxMs: outageWaitMaxMs })
  const until = gates.get(system)?.closedUntil() ?? now
  updateMember(pass, { system, laneAttempts: attempts })
  const at = Math.max(own, spreadAfter(random, now, until))
  addNeed(pass, { at, why: why.reason, ...(why.look ? { look: [system] } : {}) })
}

/** A call for this lane worked: the next failure starts with a short wait again. */
export function forgetFailures(pass: Pass, system: string): void {
  const member = pass.members.get(system)
  if (member === undefined || member.laneAttempts === 0) return
  updateMember(pass, { system, laneAttempts: 0 })
}

/** Holds one lane for a person. */
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
    /** What the closed lane says. @default the kind */
    readonly laneReason?: LaneReasons['held']
    /** What the mass-change guard holds. */
    readonly operation?: 'create' | 'update'
  },
): void {
  const { context, record, entity } = pass
  addRows(pass, {
    holds: [{ id: context.random.uuid(), recordId: record.id, entity: entity.name, system, ...hold }],
  })
  setLane(pass, system, 'held', { reason: laneReason ?? hold.kind })
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
