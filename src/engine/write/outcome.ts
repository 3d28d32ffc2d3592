/**
 * Interprets the outcome of one remote write (the table of the algorithm's step 4):
 *
 * - `ok`: the intent is done. With body and version in the response the stored values are absorbed at once;
 *   otherwise a read after the system's read lag verifies the write. Only fields of the write are absorbed:
 *   any other difference stays a change (H11)
 * - `stale`: somebody changed the record since it was absorbed (H13): read, merge and write again
 * - `rejected`: the system refused the data: remembered, kept as a failure, not repeated until something
 *   changes (H39)
 * - `gone`: the record no longer exists: a deletion to be confirmed, which is handled elsewhere
 * - `not-sent`, `unsent`: it provably had no effect: retried
 * - `unknown`: the intent stays open and the lane closes until nothing of it can take effect any more (H14).
 *   An error response of the system itself is resolved sooner, and reported after a few attempts
 *   (`answered-errors.ts`)
 */

import type { CallFailure, WriteResult } from '../../connectors/kit/contract.ts'
import { openLane } from '../../model/lane.ts'
import { equivalent, isEmpty } from '../../model/merge/equivalence.ts'
import { forgetWrote, hasBase, unseen } from '../../model/merge/member-field.ts'
import { absorbOutcome, withdrawIntentFields } from '../../model/merge/outcome.ts'
import type { MemberFields } from '../../model/state.ts'
import { type Reading, readCanonical } from '../observe/reading.ts'
import { translateInwards } from '../observe/references.ts'
import { resolveIntent } from '../pass/commit.ts'
import type { Pass } from '../pass/contract.ts'
import { clearFailure, keepFailure } from '../pass/failure.ts'
import { backOff, hasRefusals, waitForSystem } from '../pass/lane.ts'
import { addNeed, emit, note, setLane, updateMember } from '../pass/pass.ts'
import { type Place, placeOf } from '../place.ts'
import type { OutgoingWrite, SendOutcome } from '../ports.ts'
import { backoffMs } from '../protect/backoff.ts'
import { observeOthers, takeAnsweredError } from './answered-errors.ts'
import { refuse } from './compose.ts'
import { inDoubtUntil, settledBy } from './horizon.ts'
import { namedFields } from './refused-fields.ts'
import { takeRefusedPrecondition } from './refused-precondition.ts'
import { judgeStoredValues } from './stored-differently.ts'
import {
  endWaits,
  landedTemporary,
  refusedTemporary,
  temporaryRemark,
  waitForValues,
} from './taken-values.ts'

/**
 * Takes the outcome of a write into the pass. Returns whether the record has to be read and decided again in
 * this pass.
 */
export async function takeOutcome(
  pass: Pass,
  write: OutgoingWrite,
  outcome: SendOutcome,
): Promise<{ readonly again: boolean }> {
  const { intent } = write
  const { system } = intent
  note(pass, { kind: 'outcome', body: outcomeBody(pass, write, outcome) })
  if (write.guarded !== undefined && outcome.kind !== 'ok' && outcome.kind !== 'unknown')
    pass.draft.unmade.push({ system, operation: write.guarded.operation })
  switch (outcome.kind) {
    case 'ok':
      resolveIntent(pass, intent, { state: 'done', outcome: 'ok' })
      // Observations from before the write are out of date.
      pass.observations.delete(system)
      if (write.planned !== undefined) await landed(pass, write, outcome)
      return { again: false }
    case 'stale':
      resolveIntent(pass, intent, { state: 'rejected', outcome: 'stale' })
      return { again: becameStale(pass, write) }
    case 'rejected':
      resolveIntent(pass, intent, { state: 'rejected', outcome: outcome.failure.code })
      return { again: refused(pass, write, outcome) }
    case 'gone': {
      resolveIntent(pass, intent, { state: 'rejected', outcome: 'gone' })
      withdraw(pass, write)
      const merged = outcome.mergedInto === undefined ? {} : { mergedInto: outcome.mergedInto }
      const lost = outcome.goneSurvivor === undefined ? {} : { goneSurvivor: outcome.goneSurvivor }
      pass.observations.set(system, { kind: 'gone', at: pass.context.clock.now(), ...merged, ...lost })
      return { again: false }
    }
    case 'not-sent':
      resolveIntent(pass, intent, { state: 'unsent', outcome: outcome.failure.code })
      withdraw(pass, write)
      comeBack(pass, system, outcome.failure)
      return { again: false }
    case 'unsent':
      resolveIntent(pass, intent, { state: 'unsent', outcome: outcome.reason })
      withdraw(pass, write)
      if (outcome.reason === 'shut') comeBack(pass, system, undefined)
      else comeBackLate(pass)
      return { again: false }
    case 'unknown':
      observeOthers(pass, system, outcome.others)
      if (outcome.failure.answered === true && takeAnsweredError(pass, write, outcome.failure)) {
        return { again: false }
      }
      leaveInDoubt(pass, write, outcome.failure)
      return { again: false }
  }
}

function outcomeBody(
  pass: Pass,
  { intent, readAt }: OutgoingWrite,
  outcome: SendOutcome,
): Readonly<Record<string, unknown>> {
  const unguarded = intent.request.ifVersion === undefined && readAt !== undefined
  return {
    intent: intent.id,
    system: intent.system,
    operation: intent.operation,
    outcome: outcome.kind,
    ...('failure' in outcome ? { code: outcome.failure.code } : {}),
    ...('nativeId' in outcome ? { nativeId: outcome.nativeId } : {}),
    ...('version' in outcome ? { version: outcome.version } : {}),
    // Without a precondition an edit within this time was overwritten unnoticed: the length of that window is
    // recorded.
    ...(unguarded ? { raceWindowMs: pass.context.clock.now() - readAt } : {}),
  }
}

type Landed = Extract<WriteResult, { readonly kind: 'ok' }>

/** A create got its counterpart, or an update was accepted: absorbs what the response proves. */
async function landed(pass: Pass, write: OutgoingWrite, result: Landed): Promise<void> {
  const { intent, planned } = write
  if (planned === undefined) return
  endWaits(pass, planned)
  const place = placeOf(pass.context, intent.system, pass.entity.name)
  const member = pass.members.get(intent.system)
  const now = pass.context.clock.now()
  const stored = await storedReading(pass, place, result)
  const absorbed = absorbOutcome(place.part, member?.fields ?? {}, planned, {
    ...(stored === undefined ? {} : { stored: stored.values, unknown: stored.unknown }),
    ...(result.version === undefined ? {} : { version: result.version }),
    ...(intent.operation === 'create' || member?.floor === undefined ? {} : { versionBefore: member.floor }),
    ...(result.accepted === true ? { accepted: true } : {}),
    notAfter: intent.notAfter,
  })
  for (const field of absorbed.coerced) {
    emit(pass, { type: 'CoercionAccepted', recordId: pass.record.id, system: intent.system, field })
  }
  const others = stored !== undefined && differsElsewhere(place, absorbed.fields, stored, write)
  const { lagMs } = place.resource.capabilities.read
  if (others) addNeed(pass, { at: now + lagMs, why: 'changed-meanwhile', toRead: [intent.system] })
  const fromAbsorbed = intent.operation === 'create' || intent.request.ifVersion === member?.absorbedVersion
  const whole = stored !== undefined && fromAbsorbed && !others && !absorbed.unverified
  updateMember(pass, {
    system: intent.system,
    fields: absorbed.fields,
    asof: now,
    absorbedVersion: whole && result.version !== undefined ? result.version : null,
    settleAt: verifyAt(member?.settleAt, now, absorbed.unverified ? now + lagMs + 1 : 0),
    laneAttempts: 0,
    ...(result.version === undefined ? {} : { floor: result.version }),
    ...(intent.operation === 'create'
      ? { nativeId: result.nativeId, state: 'linked' as const, createWantedAt: null, evidence: null }
      : {}),
  })
  openAfterSuccess(pass, intent.system)
  if (planned.temporary === undefined) judgeStoredValues(pass, write)
  else landedTemporary(pass, planned)
}

/** The later of the reads that are still to come; null when there is none. */
function verifyAt(pending: number | undefined, now: number, wanted: number): number | null {
  const at = Math.max(pending ?? 0, wanted)
  return at > now ? at : null
}

async function storedReading(pass: Pass, place: Place, result: Landed): Promise<Reading | undefined> {
  if (result.native === undefined) return undefined
  return translateInwards(pass, place.system, await readCanonical(pass.entity, place.part, result.native))
}

/**
 * The response shows a field that this write did not touch in another state than the absorbed one: somebody
 * else changed it.
 */
function differsElsewhere(
  place: Place,
  fields: MemberFields,
  stored: Reading,
  { planned }: OutgoingWrite,
): boolean {
  for (const settings of place.part.fields.values()) {
    const { name } = settings
    if (!settings.readable || stored.unknown.has(name) || planned?.revs[name] !== undefined) continue
    const state = fields[name] ?? unseen
    const value = stored.values[name]
    if (hasBase(state) ? !equivalent(settings, value, state.shadow) : !isEmpty(value)) return true
  }
  return false
}

function openAfterSuccess(pass: Pass, system: string): void {
  const member = pass.members.get(system)
  if (member === undefined || hasRefusals(member)) return
  if (member.lane.state === 'rejected') clearFailure(pass, system)
  // An open lane's reason is a release that this write has used, or a failure that is judged next.
  if (member.lane.state !== 'open' || member.lane.reason === 'released') setLane(pass, system, openLane)
}

/**
 * The remote's version changed: the absorbed state is out of date, through a change that is not ours. Returns
 * whether the write is tried again.
 */
function becameStale(pass: Pass, write: OutgoingWrite): boolean {
  const { intent, planned } = write
  const { system } = intent
  const isFinal = takeRefusedPrecondition(pass, write)
  pass.observations.delete(system)
  if (!isFinal) pass.stale.add(system)
  const fields: Record<string, MemberFields[string]> = { ...pass.members.get(system)?.fields }
  for (const name of Object.keys(planned?.revs ?? {})) {
    fields[name] = forgetWrote(fields[name] ?? unseen)
  }
  updateMember(pass, { system, fields, absorbedVersion: null })
  return !isFinal
}

/** Returns whether the rest of the write can be sent without the fields that the refusal names. */
function refused(
  pass: Pass,
  write: OutgoingWrite,
  outcome: Extract<WriteResult, { readonly kind: 'rejected' }>,
): boolean {
  const { intent, planned } = write
  const { code } = outcome.failure
  const { system, operation } = intent
  withdraw(pass, write)
  const { part } = placeOf(pass.context, system, pass.entity.name)
  const wanted = planned?.temporary === undefined ? planned : refusedTemporary(pass, planned)
  const named = wanted === undefined ? [] : namedFields(part, wanted, outcome.fields ?? [])
  if (wanted === undefined) setLane(pass, system, { state: 'rejected', reason: code })
  else {
    refuse(pass, wanted, code, named)
    waitForValues(pass, wanted, named, outcome)
  }
  const remark = wanted === undefined ? undefined : temporaryRemark(pass, wanted)
  const reason = outcome.failure.message
  const message = remark === undefined ? reason : `${reason}${/[.!?]$/.test(reason) ? '' : '.'} ${remark}`
  const kept = { system, operation, code, replay: 'safe' } as const
  if (named.length === 0) keepFailure(pass, { ...kept, message })
  else keepFailure(pass, { ...kept, message: `${named.join(', ')}: ${message}`, about: named.join(',') })
  return named.length > 0 && named.length < Object.keys(planned?.revs ?? {}).length
}

/** The write can't take effect any more: its values are not remembered as our own. */
function withdraw(pass: Pass, { intent, planned, body }: OutgoingWrite): void {
  if (planned === undefined) return
  const fields = pass.members.get(intent.system)?.fields ?? {}
  const opened = { planned, body: body ?? planned.values, notAfter: intent.notAfter }
  updateMember(pass, { system: intent.system, fields: withdrawIntentFields(fields, opened) })
}

/** The write had no effect: retried when the system may be called again. */
function comeBack(pass: Pass, system: string, failure: CallFailure | undefined): void {
  if (failure?.scope === 'record') {
    const notBefore = pass.context.clock.now() + (failure.retryAfterMs ?? 0)
    backOff(pass, system, { reason: failure.code, notBefore })
    return
  }
  waitForSystem(pass, system, { reason: failure?.code ?? 'not-sent' })
}

/**
 * The record took too long, which says nothing about the system: another claim has the time that was missing.
 */
function comeBackLate(pass: Pass): void {
  const { clock, random, settings } = pass.context
  const { backoffBaseMs, backoffMaxMs } = settings
  const waitMs = backoffMs(random, 1, { baseMs: backoffBaseMs, maxMs: backoffMaxMs })
  addNeed(pass, { at: clock.now() + waitMs, why: 'late' })
}

function leaveInDoubt(pass: Pass, { intent }: OutgoingWrite, failure: CallFailure): void {
  const { system } = intent
  pass.intents.set(system, intent)
  pass.observations.delete(system)
  const attempts = (pass.members.get(system)?.laneAttempts ?? 0) + 1
  const until = inDoubtUntil(pass, intent, attempts)
  setLane(pass, system, { state: 'in-doubt', reason: failure.code, until }, { attempts })
  // Only a read after the horizon settles an update; a create is settled by its own class.
  if (intent.operation === 'update') updateMember(pass, { system, settleAt: settledBy(pass, intent) })
  emit(pass, {
    type: 'IntentInDoubt',
    recordId: pass.record.id,
    system,
    intentId: intent.id,
    operation: intent.operation,
  })
}
