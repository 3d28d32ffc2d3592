/**
 * Detects deletions and follows them from the first `gone` observation to the tombstone. Absence alone is
 * never treated as a deletion.
 *
 * States of a member and their transitions:
 * - `linked` → `suspect`: a read by id returned `gone`. The deletion is charged to the day's allowance now,
 *   so that a mass deletion is recognised before the first of its records is confirmed.
 * - `suspect` → `linked`: a later read shows it alive.
 * - `suspect` → merged: the system names the survivor of a merge; nothing is deleted (`follow-merge.ts`).
 * - `suspect` → *waits*: a second read confirms the absence, but something about the record is undecided
 *   (`deletion-waits.ts`), or the record was merged into one whose own deletion is undecided
 *   (`follow-merge.ts`).
 * - `suspect` → *held*: an independent second read confirms the absence, but there are too many deletions, or
 *   an edit elsewhere that the deleting side never had. A person releases or rejects it.
 * - `suspect` → *lost* (held, with a failure): confirmed, but deletions of this system are not propagated. A
 *   retry creates the record there again.
 * - `suspect` → `gone`: confirmed and allowed. With the action `unlink` nothing else happens; otherwise the
 *   record is `deleting` until it is removed from every other system (`carry.ts`), and then `tombstoned`
 *   permanently.
 */
import { openLane } from '../../model/lane.ts'
import type { Member } from '../../model/state.ts'
import type { EngineContext } from '../context.ts'
import type { Doubt } from '../memory.ts'
import { observeMember } from '../observe/observe.ts'
import type { Pass, StepResult } from '../pass/contract.ts'
import { keepFailure } from '../pass/failure.ts'
import { holdLane, RELEASED } from '../pass/lane.ts'
import { addNeed, emit, note, setLane, updateMember, updateRecord } from '../pass/pass.ts'
import { type Place, placeOf } from '../place.ts'
import { bury, carryDeletion, isCreateInDoubt } from './carry.ts'
import { doubtAbsence } from './deletion-evidence.ts'
import { judgeWaits } from './deletion-waits.ts'
import { awaitGoneSurvivor, followMerge } from './follow-merge.ts'
import { carryMerge } from './merge-records.ts'
import { closeDeletionHolds, LOST, revive } from './suspect-holds.ts'
import { findUnabsorbedEdit } from './unabsorbed-edit.ts'

/** Wait before evidence that was not available is requested again. */
const RETRY_MS = 30_000
/** A create that only a person can find is rechecked rarely: resolving it marks the record. */
const UNCLEAR_CREATE_RETRY_MS = 600_000
/** A doubt that persists for this long is reported in a hold. */
const HOLD_AFTER_MS = 60_000
/** When a day's allowance is exceeded, all deletions of the place are held for a day. */
const TRIP_MS = 24 * 3_600_000

/** Processes each observation that showed the record gone, and suspects whose second read is due. */
export async function followGone(pass: Pass): Promise<StepResult> {
  for (const [system, observation] of [...pass.observations]) {
    if (observation.kind !== 'gone' || pass.members.get(system)?.state !== 'linked') continue
    const verdict = await handleGone(pass, system)
    if (verdict !== 'go-on') return verdict
  }
  const suspected = [...pass.members.values()].some((member) => member.state === 'suspect')
  return suspected ? continueDeletion(pass) : 'go-on'
}

/**
 * Handles a read by id that returned `gone`: suspects the member, or follows the merge. Called once per gone
 * member.
 */
async function handleGone(pass: Pass, system: string): Promise<StepResult> {
  const observation = pass.observations.get(system)
  const member = pass.members.get(system)
  if (observation?.kind !== 'gone' || member === undefined) return 'go-on'
  if (member.state !== 'linked' && member.state !== 'suspect') return 'go-on'
  if (observation.mergedInto !== undefined) {
    const followed = await followMerge(pass, member, observation.mergedInto)
    if (followed !== 'deleted') return followed
  }
  // While a deletion is being carried out, `gone` is the expected result.
  if (pass.record.state === 'deleting') return 'go-on'
  if (member.state === 'suspect') return judgeSuspect(pass, member)
  const place = placeOf(pass.context, system, pass.entity.name)
  const fresh = member.asof + place.resource.capabilities.read.lagMs
  if (observation.at < fresh) {
    // A replica that lags behind a create does not have the record yet.
    addNeed(pass, { at: fresh, why: 'stale-read', toRead: [system] })
    return 'go-on'
  }
  await suspect(pass, place, observation.at)
  return 'go-on'
}

/** True when the record is `deleting`, or a member is `suspect` and was read or is due. */
export async function continueDeletion(pass: Pass): Promise<StepResult> {
  if (pass.record.removal !== undefined) return carryMerge(pass)
  if (pass.record.state === 'deleting') return carryDeletion(pass)
  for (const member of [...pass.members.values()]) {
    if (member.state !== 'suspect') continue
    const verdict = await reconsider(pass, member)
    if (verdict !== 'go-on') return verdict
  }
  return 'go-on'
}

async function reconsider(pass: Pass, member: Member): Promise<StepResult> {
  const { system } = member
  const known = pass.observations.get(system)
  // A held deletion waits for a person; only a read requested by something else can end it.
  if (known === undefined && member.lane.state === 'held') return 'go-on'
  const dueAt = confirmAt(pass, member)
  if (known === undefined && pass.context.clock.now() < dueAt) {
    addNeed(pass, { at: dueAt, why: 'confirm-deletion', toRead: [system] })
    return 'go-on'
  }
  const observation = known ?? (await observeMember(pass, system))
  // A read without information has already scheduled the next one.
  if (observation.kind === 'unknown') return 'go-on'
  if (observation.kind === 'gone') {
    if (observation.mergedInto !== undefined) {
      const followed = await followMerge(pass, member, observation.mergedInto)
      if (followed !== 'deleted') return followed
    }
    return judgeSuspect(pass, member)
  }
  revive(pass, member)
  return 'go-on'
}

async function suspect(pass: Pass, place: Place, at: number): Promise<void> {
  const { system } = place
  updateMember(pass, { system, state: 'suspect', goneSince: at })
  note(pass, { kind: 'delete', body: { system, step: 'suspected' } })
  emit(pass, { type: 'DeletionSuspected', recordId: pass.record.id, system })
  if (pass.entity.delete.from.includes(system)) await chargeDeletion(pass, system)
  const member = pass.members.get(system)
  if (member === undefined) return
  addNeed(pass, { at: confirmAt(pass, member), why: 'confirm-deletion', toRead: [system] })
}

/**
 * Time at which a second read is independent of the first: after the confirmation delay of the definition and
 * after any replica lag.
 */
function confirmAt(pass: Pass, member: Member): number {
  const place = placeOf(pass.context, member.system, pass.entity.name)
  const waitMs = Math.max(pass.entity.delete.confirmMs, place.resource.capabilities.read.lagMs)
  return (member.goneSince ?? 0) + waitMs
}

async function chargeDeletion(pass: Pass, system: string): Promise<void> {
  const { store, clock } = pass.context
  const entity = pass.entity.name
  const limit = pass.entity.guard.delete
  const granted = await store.reserve({ system, entity, operation: 'delete', count: 1, ...limit })
  if (!granted) await store.direct.saveFact({ kind: 'deletions-tripped', system, entity }, clock.now())
}

async function isTripped(context: EngineContext, system: string, entity: string): Promise<boolean> {
  const at = await context.store.direct.factAt({ kind: 'deletions-tripped', system, entity })
  return at !== undefined && context.clock.now() - at < TRIP_MS
}

/** The second read returned `gone` as well: checks everything else that a deletion requires. */
async function judgeSuspect(pass: Pass, member: Member): Promise<StepResult> {
  const { system } = member
  const { context, entity } = pass
  const observation = pass.observations.get(system)
  if (member.lane.state === 'held' || observation?.kind !== 'gone') return 'go-on'
  const dueAt = confirmAt(pass, member)
  if (observation.at < dueAt) {
    addNeed(pass, { at: dueAt, why: 'confirm-deletion', toRead: [system] })
    return 'go-on'
  }
  const place = placeOf(context, system, entity.name)
  const released = member.lane.reason === RELEASED
  const doubt = await doubtAbsence(context, place, member.nativeId ?? '', pass.signal)
  // A release by a person overrides the doubt.
  if (doubt !== undefined && !released) {
    waitOrHold(pass, system, doubt, dueAt)
    return 'go-on'
  }
  if (!entity.delete.from.includes(system)) return loseOrRestore(pass, member)
  // Nothing is decided while a write of ours may have taken effect: an unknown counterpart would outlive the
  // record (H28).
  const forPerson = [...pass.members.values()].some(isCreateInDoubt)
  if (pass.intents.size > 0 || forPerson) {
    const waitMs = forPerson ? UNCLEAR_CREATE_RETRY_MS : RETRY_MS
    addNeed(pass, { at: context.clock.now() + waitMs, why: 'writes-in-doubt', toRead: [system] })
    return 'go-on'
  }
  if (!released) {
    if (observation.goneSurvivor !== undefined) {
      const merge = await awaitGoneSurvivor(pass, member, observation.goneSurvivor)
      if (merge !== 'confirm') return merge
    }
    const waits = await judgeWaits(pass, member, observation.at)
    if (waits !== 'confirm') return waits
    if (await stopForPerson(pass, system)) return 'go-on'
  }
  return confirm(pass, system)
}

/** An outage ends by itself; a system that responds, but implausibly, is held for review after a while. */
function waitOrHold(pass: Pass, system: string, doubt: Doubt, dueAt: number): void {
  const now = pass.context.clock.now()
  if (!doubt.standing || now - dueAt < HOLD_AFTER_MS) {
    addNeed(pass, { at: now + RETRY_MS, why: doubt.reason, toRead: [system] })
    return
  }
  holdLane(pass, system, {
    kind: 'delete-guard',
    reason: `The record is missing in ${system}, but the deletion is not certain: ${doubt.reason}.`,
  })
}

/** True when the deletion stops here: it is held, or can't be evaluated yet. */
async function stopForPerson(pass: Pass, system: string): Promise<boolean> {
  const edit = await findUnabsorbedEdit(pass, system)
  if (edit === 'unknown') {
    addNeed(pass, { at: pass.context.clock.now() + RETRY_MS, why: 'edits-unknown', toRead: [system] })
    return true
  }
  if (edit === 'edited') {
    holdLane(pass, system, {
      kind: 'update-delete',
      reason: `The record was deleted in ${system}, but has since been changed elsewhere.`,
    })
    return true
  }
  if (!(await isTripped(pass.context, system, pass.entity.name))) return false
  holdLane(pass, system, {
    kind: 'delete-guard',
    reason: `More records were deleted in ${system} within 24 hours than the guard of ${pass.entity.name} allows.`,
  })
  return true
}

async function confirm(pass: Pass, system: string): Promise<StepResult> {
  const { action } = pass.entity.delete
  updateMember(pass, { system, state: 'gone', settleAt: null, goneConfirmedAt: null })
  setLane(pass, system, openLane)
  closeDeletionHolds(pass, system)
  note(pass, { kind: 'delete', body: { system, step: 'confirmed', action } })
  emit(pass, { type: 'DeletionConfirmed', recordId: pass.record.id, system })
  if (action === 'unlink') {
    const left = [...pass.members.values()].some((member) => member.state === 'linked')
    if (left) return 'go-on'
    bury(pass)
    return 'finish'
  }
  updateRecord(pass, { state: 'deleting' })
  return carryDeletion(pass)
}

/**
 * A system lost the record, but its deletions are not propagated. The loss is reported as a failure first.
 * After a retry (the lane is open again, and `goneConfirmedAt` is set), the record is created there again.
 */
function loseOrRestore(pass: Pass, member: Member): StepResult {
  const { system } = member
  const now = pass.context.clock.now()
  if ((member.goneConfirmedAt ?? 0) > (member.goneSince ?? 0)) {
    updateMember(pass, {
      system,
      state: 'absent',
      nativeId: null,
      fields: {},
      floor: null,
      absorbedVersion: null,
      settleAt: null,
      goneSince: null,
      goneConfirmedAt: null,
      createWantedAt: now,
    })
    note(pass, { kind: 'delete', body: { system, step: 'to be created again' } })
    return 'go-on'
  }
  updateMember(pass, { system, goneConfirmedAt: now })
  setLane(pass, system, { state: 'held', reason: LOST })
  keepFailure(pass, {
    system,
    operation: 'restore',
    code: 'ENGINE_RECORD_LOST',
    message: `The record was deleted in ${system}, whose deletions are not propagated. Retry to create it there again.`,
    replay: 'safe',
  })
  note(pass, { kind: 'delete', body: { system, step: 'lost' } })
  return 'go-on'
}
