/**
 * Candidates: native records that belong to nobody yet. Each becomes the counterpart of a known record, a question for a person, or a record
 * of its own.
 *
 * States, and how a candidate leaves them:
 * - `candidate` → no more (its row is dropped): attached, to the record that its marker names or to the one match found
 * - `candidate` → `review`: several records are possible, one is likely but not sure, or the one that it seems to be has a counterpart here
 *   already (a duplicate); a person decides, or it leaves by itself when a look shows that the question is over
 * - `candidate` → `active`: it is new. The merge makes its values the first agreed ones, and writes to the other systems follow
 * - `candidate` → `ignored`: out of scope, gone before anybody saw it, or beyond reading; looked at again whenever it is marked
 *
 * It waits while it may be a create of our own (`adoption-barrier.ts`), and while an older candidate that shares a key is being decided, so
 * that two of them never decide about each other at once (H20).
 */

import type { CallFailure } from '../../connectors/kit/contract.ts'
import type { ErrorCode } from '../../model/error-codes.ts'
import { errorCodes } from '../../model/error-codes.ts'
import type { Member } from '../../model/state.ts'
import { currentLens } from '../observe/lens-look.ts'
import { observeMember } from '../observe/observe.ts'
import type { Observation, Pass, StepResult } from '../pass/contract.ts'
import { clearFailure, keepFailure } from '../pass/failure.ts'
import { addNeed, emit, note, updateMember, updateRecord } from '../pass/pass.ts'
import { type Place, placeOf } from '../place.ts'
import { noteWish } from '../write/create-evidence.ts'
import { mayBeOurs } from './adoption-barrier.ts'
import { attachTo, awaitCandidate, awaitOther, findMatch, proposeReview } from './matching.ts'

type LiveObservation = Extract<Observation, { readonly kind: 'live' }>

/** The record is a candidate: matches it, promotes it or parks it. Its only member may be read already (`pass.observations`). */
export async function resolveCandidate(pass: Pass): Promise<StepResult> {
  const member = [...pass.members.values()].find(({ nativeId }) => nativeId !== undefined)
  if (member === undefined || !pass.entity.systems.has(member.system)) {
    ignore(pass, 'the system is no longer part of the entity')
    return 'finish'
  }
  if (member.lane === 'quarantined') return 'finish'
  const place = placeOf(pass.context, member.system, pass.entity.name)
  const observation = pass.observations.get(member.system) ?? (await observeMember(pass, member.system))
  if (observation.kind === 'unknown') {
    // The look itself has asked to come back.
    setAsideUnreadable(pass, member, observation.failure)
    return (await withdrawKeys(pass, member.system, observation.failure)) === 'fenced' ? 'over' : 'finish'
  }
  if (observation.kind === 'gone') return dropGone(pass, place, observation)
  if (!observation.admissible) return 'finish'
  if (!observation.inScope) {
    updateMember(pass, { system: member.system, state: 'out-of-scope', ...currentLens(pass, member.system) })
    ignore(pass, 'out of scope')
    return 'finish'
  }
  forgetTold(pass, member.system)
  const adopted = await adoptByMarker(pass, place, observation)
  if (adopted !== 'go-on') return adopted
  if (await mayBeOurs(pass, place)) {
    awaitOther(pass, 'create', 'open-creates')
    return 'finish'
  }
  return matchOrPromote(pass, member, observation)
}

/**
 * A record that can't be read must not hold up others: creates at its system wait for candidates that were not looked at yet. It is told to a
 * person, and looked at again less and less often, and whenever somebody marks it.
 */
function setAsideUnreadable(pass: Pass, { system }: Member, failure: CallFailure | 'shut'): void {
  if (failure === 'shut' || failure.scope !== 'record') return
  const attempts = pass.members.get(system)?.laneAttempts ?? 0
  if (!isForGood(failure.code) && attempts < pass.context.settings.crashLimit) return
  // What a person is asked about stays a question.
  if (pass.record.state === 'review') return
  if (pass.record.state !== 'ignored') {
    updateMember(pass, { system, state: 'out-of-scope' })
    ignore(pass, 'it can not be read')
  }
  const { code, message } = failure
  keepFailure(pass, { system, operation: 'read', code, message, replay: 'safe' })
}

/**
 * While its system is out, others with the same key don't wait for it: a younger one is decided without it. Once it can be read it registers its
 * keys again, and joins what has become of the other.
 */
async function withdrawKeys(pass: Pass, system: string, failure: CallFailure | 'shut'): Promise<unknown> {
  const isOut = failure === 'shut' || failure.scope !== 'record'
  if (!isOut || pass.record.state !== 'candidate') return undefined
  const { context, claim, entity } = pass
  return context.store.match({ lease: claim.lease, entity: entity.name, system, keys: [] })
}

/** The code itself says that trying again does not help. */
function isForGood(code: ErrorCode): boolean {
  return Object.entries(errorCodes).some(([name, { retry }]) => name === code && retry === 'never')
}

/** A read replica that lags may not know a record that was just announced; later, "gone" is gone. */
function dropGone(pass: Pass, place: Place, observation: Extract<Observation, { kind: 'gone' }>): StepResult {
  const { system } = place
  const known = pass.record.discoveredAt + place.resource.capabilities.read.lagMs
  if (observation.at < known) {
    addNeed(pass, { at: known, why: 'stale-read', look: [system] })
    return 'finish'
  }
  updateMember(pass, { system, state: 'gone', goneSince: observation.at })
  forgetTold(pass, system)
  ignore(pass, 'gone')
  return 'finish'
}

/** What was told of it while it rested is over. */
function forgetTold(pass: Pass, system: string): void {
  if (pass.record.state === 'ignored') clearFailure(pass, system)
}

function ignore(pass: Pass, why: string): void {
  updateRecord(pass, { state: 'ignored' })
  note(pass, { kind: 'match', body: { ignored: why } })
}

const recordId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** `go-on`: it carries no marker, or one that proves nothing (a copy of a linked record carries its marker too). */
async function adoptByMarker(pass: Pass, place: Place, observation: LiveObservation): Promise<StepResult> {
  const { marker } = observation
  if (marker === undefined || marker === pass.record.id || !recordId.test(marker)) return 'go-on'
  const { system } = place
  const attached = await attachTo(pass, { system, target: marker, rule: 'marker' })
  if (attached === 'ok' || attached === 'fenced') return 'over'
  if (attached === 'busy' || attached === 'creating') {
    awaitOther(pass, attached === 'busy' ? 'busy' : 'create', `marker-${attached}`)
    return 'finish'
  }
  if (attached === 'linked') return 'go-on'
  const named = await pass.context.store.direct.admin.record({ recordId: marker })
  if (named?.record.state !== 'tombstoned' && named?.record.state !== 'deleting') return 'go-on'
  // A create of ours that took effect after the record was deleted: taken for new, it would bring the record back (H28).
  updateMember(pass, { system, state: 'out-of-scope' })
  ignore(pass, 'it belongs to a deleted record')
  keepFailure(pass, {
    system,
    operation: 'create',
    code: 'ENGINE_CREATED_AFTER_DELETION',
    message: `A create took effect in ${system} after its record was deleted. Delete it there, or remove its record id to keep it.`,
    replay: 'after-check',
  })
  return 'finish'
}

async function matchOrPromote(pass: Pass, member: Member, observation: LiveObservation): Promise<StepResult> {
  const { system } = member
  const outcome = await findMatch(pass, system, observation.observed.values)
  switch (outcome.kind) {
    case 'fenced':
      return 'over'
    case 'wait':
      awaitCandidate(pass, outcome.recordId)
      return 'finish'
    case 'deleting':
      awaitOther(pass, 'deletion', 'other-deleting')
      return 'finish'
    case 'review':
      return proposeReview(pass, outcome.candidates)
    case 'link': {
      const attached = await attachTo(pass, { system, target: outcome.recordId, rule: outcome.rule })
      if (attached === 'ok' || attached === 'fenced') return 'over'
      // The other record moved on since: its new state decides.
      awaitOther(pass, attached === 'creating' ? 'create' : 'busy', `match-${attached}`)
      return 'finish'
    }
    case 'none':
      promote(pass, system)
      return 'go-on'
  }
}

/**
 * The candidate becomes a record. Its match keys are stored by the match itself. Every other system of the entity gets a member without
 * counterpart, so that each lane has a row from now on.
 */
function promote(pass: Pass, system: string): void {
  const entity = pass.entity.name
  updateRecord(pass, { state: 'active' })
  updateMember(pass, { system, state: 'linked' })
  for (const [other, { operations }] of pass.entity.systems) {
    if (!pass.members.has(other)) updateMember(pass, { system: other, state: 'absent' })
    if (operations.create && pass.members.get(other)?.state === 'absent') noteWish(pass, other)
  }
  note(pass, { kind: 'match', body: { promoted: system } })
  emit(pass, { type: 'RecordPromoted', recordId: pass.record.id, entity, system })
}
