/**
 * Resolves candidates: native records that belong to no record yet. Each becomes the counterpart of a known
 * record, a question for review, or a record of its own.
 *
 * States and transitions:
 * - `candidate` → removed (its row is dropped): attached, to the record that its marker names or to the
 *   single match
 * - `candidate` → `review`: several records are possible, one is likely but uncertain, or the matching one
 *   already has a counterpart here (a duplicate). A person decides, or the candidate leaves the state when a
 *   read shows that the question no longer applies
 * - `candidate` → `active`: it is new. The merge makes its values the first agreed ones, and writes to the
 *   other systems follow
 * - `candidate` → `ignored`: out of scope, gone before it was ever read, or unreadable; read again whenever
 *   it is marked
 *
 * A candidate waits while it may be one of our own creates (`adoption-barrier.ts`), and while an older
 * candidate that shares a key is being decided, so that two candidates never decide about each other at the
 * same time (H20).
 */

import type { CallFailure } from '../../connectors/kit/contract.ts'
import type { ErrorCode } from '../../model/error-codes.ts'
import { errorCodes } from '../../model/error-codes.ts'
import type { Member } from '../../model/state.ts'
import { currentLens } from '../observe/lens-effects.ts'
import { observeMember } from '../observe/observe.ts'
import type { Observation, Pass, StepResult } from '../pass/contract.ts'
import { clearFailure, keepFailure } from '../pass/failure.ts'
import { addNeed, emit, note, updateMember, updateRecord } from '../pass/pass.ts'
import { type Place, placeOf } from '../place.ts'
import { noteWish } from '../write/create-evidence.ts'
import { mayBeOurs } from './adoption-barrier.ts'
import { attachTo, awaitCandidate, awaitOther, findMatch, proposeReview } from './matching.ts'

type LiveObservation = Extract<Observation, { readonly kind: 'live' }>

/**
 * Matches, promotes or parks the candidate of this pass. Its only member may have been read already
 * (`pass.observations`).
 */
export async function resolveCandidate(pass: Pass): Promise<StepResult> {
  const member = [...pass.members.values()].find(({ nativeId }) => nativeId !== undefined)
  if (member === undefined || !pass.entity.systems.has(member.system)) {
    ignore(pass, 'the system is no longer part of the entity')
    return 'finish'
  }
  if (member.lane.state === 'quarantined') return 'finish'
  const place = placeOf(pass.context, member.system, pass.entity.name)
  const observation = pass.observations.get(member.system) ?? (await observeMember(pass, member.system))
  if (observation.kind === 'unknown') {
    // The read itself has scheduled the next one.
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
  clearReported(pass, member.system)
  const adopted = await adoptByMarker(pass, place, observation)
  if (adopted !== 'go-on') return adopted
  if (await mayBeOurs(pass, place)) {
    awaitOther(pass, 'create', 'open-creates')
    return 'finish'
  }
  return matchOrPromote(pass, member, observation)
}

/**
 * Sets an unreadable candidate aside so that it does not block others: creates at its system wait for unread
 * candidates. It is reported as a failure, retried with increasing delays, and read whenever it is marked.
 */
function setAsideUnreadable(pass: Pass, { system }: Member, failure: CallFailure | 'shut'): void {
  if (failure === 'shut' || failure.scope !== 'record') return
  const attempts = pass.members.get(system)?.laneAttempts ?? 0
  if (!isForGood(failure.code) && attempts < pass.context.settings.crashLimit) return
  // A question under review stays open.
  if (pass.record.state === 'review') return
  if (pass.record.state !== 'ignored') {
    updateMember(pass, { system, state: 'out-of-scope' })
    ignore(pass, 'it can not be read')
  }
  const { code, message } = failure
  keepFailure(pass, { system, operation: 'read', code, message, replay: 'safe' })
}

/**
 * Withdraws the keys of the candidate so that, while its system is down, others with the same key don't wait
 * for it: a younger candidate is decided without it. Once it can be read it registers its keys again, and
 * joins the record that the other has become.
 */
async function withdrawKeys(pass: Pass, system: string, failure: CallFailure | 'shut'): Promise<unknown> {
  const isOut = failure === 'shut' || failure.scope !== 'record'
  if (!isOut || pass.record.state !== 'candidate') return undefined
  const { context, claim, entity } = pass
  return context.store.match({ lease: claim.lease, entity: entity.name, system, keys: [] })
}

/** True when the error code itself means that a retry does not help. */
function isForGood(code: ErrorCode): boolean {
  return Object.entries(errorCodes).some(([name, { retry }]) => name === code && retry === 'never')
}

/**
 * Drops a candidate that is gone. A lagging read replica may not have a record that was just announced; after
 * the lag, `gone` is final.
 */
function dropGone(pass: Pass, place: Place, observation: Extract<Observation, { kind: 'gone' }>): StepResult {
  const { system } = place
  const known = pass.record.discoveredAt + place.resource.capabilities.read.lagMs
  if (observation.at < known) {
    addNeed(pass, { at: known, why: 'stale-read', toRead: [system] })
    return 'finish'
  }
  updateMember(pass, { system, state: 'gone', goneSince: observation.at })
  clearReported(pass, system)
  ignore(pass, 'gone')
  return 'finish'
}

/** Clears what was reported about the candidate while it was set aside. */
function clearReported(pass: Pass, system: string): void {
  if (pass.record.state === 'ignored') clearFailure(pass, system)
}

function ignore(pass: Pass, why: string): void {
  updateRecord(pass, { state: 'ignored' })
  note(pass, { kind: 'match', body: { ignored: why } })
}

const recordId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Returns `go-on` when the native record carries no marker, or one that is no evidence (a copy of a linked
 * record carries its marker too).
 */
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
  // A create of ours that took effect after the record was deleted: treated as new, it would restore the
  // record (H28).
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
      // The other record has changed since: its new state decides.
      awaitOther(pass, attached === 'creating' ? 'create' : 'busy', `match-${attached}`)
      return 'finish'
    }
    case 'none':
      promote(pass, system)
      return 'go-on'
  }
}

/**
 * Turns the candidate into a record. The match itself stores its match keys. Every other system of the entity
 * gets a member without counterpart, so that each lane has a row from now on.
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
