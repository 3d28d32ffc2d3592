/**
 * Puts the result of a merge into the pass: the agreed values, what each system was observed to hold, and
 * what has to be reported or kept.
 */
import { openLane } from '../../model/lane.ts'
import type { ConflictDraft, MergeResult, RuleProblem } from '../../model/merge/contract.ts'
import { hasBase } from '../../model/merge/member-field.ts'
import { appliedBy } from '../../model/merge/unverified-write.ts'
import type { Member, MemberFields } from '../../model/state.ts'
import type { MemberUpdate } from '../../store/contract.ts'
import { compareVersions } from '../observe/versions.ts'
import type { Observation, Pass } from '../pass/contract.ts'
import { clearFailure, keepFailure } from '../pass/failure.ts'
import { hasRefusals } from '../pass/lane.ts'
import { underCurrentLenses } from '../pass/lens-change.ts'
import { addRows, emit, note, setLane, updateMember, updateRecord } from '../pass/pass.ts'
import { placeOf } from '../place.ts'
import { settleStoredDifferently } from '../write/stored-differently.ts'
import { forgetRemovedFields } from './forget-fields.ts'
import { keepMatchKeys } from './keep-match-keys.ts'
import { keepNotStored } from './keep-not-stored.ts'
import { keepMissingReferences } from './missing-references.ts'
import { keepReadProblems } from './read-problems.ts'

type LiveObservation = Extract<Observation, { readonly kind: 'live' }>

/** Copies a merge result into the pass; called once per round, before its writes are composed. */
export function keepMerge(pass: Pass, result: MergeResult): void {
  keepAgreed(pass, result)
  keepMatchKeys(pass, result)
  keepMembers(pass, result)
  keepNotStored(pass, result)
  keepConflicts(pass, result.conflicts)
  keepOscillations(pass, result)
  keepWaiting(pass, result)
  keepProblems(pass, result)
  settleRejectedLanes(pass)
  settleStoredDifferently(pass)
  keepReadProblems(pass, keepMissingReferences(pass, result))
  emitNotes(pass, result)
  forgetRemovedFields(pass)
}

function keepAgreed(pass: Pass, result: MergeResult): void {
  if (result.rev === pass.record.rev && result.fields === pass.record.fields) return
  updateRecord(pass, { rev: result.rev, fields: result.fields })
  note(pass, {
    kind: 'decision',
    body: {
      rev: result.rev,
      definition: pass.context.integration.version,
      causes: pass.record.causes,
      changes: result.changes,
      conflicts: result.conflicts.map((conflict) => conflict.id),
      seen: [...pass.observations].flatMap(([system, observation]) =>
        observation.kind === 'live' && observation.admissible
          ? [{ system, at: observation.observed.at, version: observation.observed.version }]
          : [],
      ),
    },
  })
  emit(pass, {
    type: 'DecisionCommitted',
    recordId: pass.record.id,
    entity: pass.entity.name,
    rev: result.rev,
    fields: result.changes.map((change) => change.field),
    conflicts: result.conflicts.length,
  })
}

/**
 * A record that left the filter of a system is not deleted there; it is no longer written to until it is in
 * scope again. Updated before the merge, which plans by the member's state.
 */
export function keepScope(pass: Pass): void {
  for (const [system, observation] of pass.observations) {
    const member = pass.members.get(system)
    if (observation.kind !== 'live' || !observation.admissible || member === undefined) continue
    const state = observation.inScope ? 'linked' : 'out-of-scope'
    if (member.state === state || (member.state !== 'linked' && member.state !== 'out-of-scope')) continue
    updateMember(pass, { system, state })
    note(pass, { kind: 'match', body: { system, scope: observation.inScope ? 'entered' : 'left' } })
  }
}

function keepMembers(pass: Pass, result: MergeResult): void {
  for (const member of pass.members.values()) {
    const fields = result.members.get(member.system)
    const observation = pass.observations.get(member.system)
    const absorbed = observation?.kind === 'live' && observation.admissible ? observation : undefined
    if (fields === undefined && absorbed === undefined) continue
    const update = {
      ...(absorbed === undefined ? {} : absorbedUpdate(pass, member, absorbed, fields)),
      ...(fields === undefined ? {} : { fields }),
      ...(absorbed === undefined ? {} : lensesOf(pass, member, absorbed, fields ?? member.fields)),
    }
    if (Object.keys(update).length > 0) updateMember(pass, { system: member.system, ...update })
    // For example, a create in doubt that was left for review has found its counterpart by itself.
    if (absorbed !== undefined && isFirstAbsorb(member)) clearFailure(pass, member.system)
  }
}

/** An observation out of scope is not merged: no field has taken a new base from it. */
function lensesOf(
  pass: Pass,
  member: Member,
  { inScope, observed: { rebase, unknown } }: LiveObservation,
  fields: MemberFields,
): Pick<MemberUpdate, 'lens' | 'fields'> {
  const taken = inScope ? [...(rebase?.keys() ?? [])].filter((name) => !unknown.has(name)) : []
  return underCurrentLenses(pass.context, member, fields, new Set(taken))
}

function isFirstAbsorb(member: Member): boolean {
  return member.lane.state === 'open' && !Object.values(member.fields).some(hasBase)
}

/** Member-level state after an observation was absorbed. Only differences are written. */
function absorbedUpdate(
  pass: Pass,
  member: Member,
  observation: LiveObservation,
  fields: MemberFields | undefined,
): Omit<MemberUpdate, 'system'> {
  const { capabilities } = placeOf(pass.context, member.system, pass.entity.name).resource
  const { version, unknown } = observation.observed
  const floor =
    version === undefined ? member.floor : newerVersion(capabilities.version, member.floor, version)
  const whole = unknown.size === 0 && observation.inScope ? version : undefined
  const settleAt = nextVerification(pass, member, observation, fields ?? member.fields)
  return {
    asof: observation.seenAt,
    ...(floor === undefined || floor === member.floor ? {} : { floor }),
    ...(whole === member.absorbedVersion ? {} : { absorbedVersion: whole ?? null }),
    ...(settleAt === member.settleAt ? {} : { settleAt: settleAt ?? null }),
  }
}

/**
 * Time of the member's next read to verify a write. This read has verified what can be verified so far; an
 * accepted write that is not applied yet is read again after its in-flight time.
 */
function nextVerification(
  pass: Pass,
  member: Member,
  observation: LiveObservation,
  fields: MemberFields,
): number | undefined {
  const { inflightMs, read } = placeOf(pass.context, member.system, pass.entity.name).resource.capabilities
  const { at } = observation.observed
  const due = member.settleAt !== undefined && member.settleAt <= at ? undefined : member.settleAt
  const applied = Object.values(fields)
    .filter((field) => field.provisional !== undefined)
    .map((field) => appliedBy(field, inflightMs + read.lagMs) + 1)
    .filter((time) => time > at)
  const followUp = followUpAt(pass, member, observation, read.lagMs)
  const times = [due, followUp, ...applied].filter((time) => time !== undefined)
  return times.length === 0 ? undefined : Math.max(...times)
}

/**
 * Time of a second read after the lag. A mark may announce a change that a lagging read does not show yet,
 * and without the second read that change would be lost. The second read is a verification, not a mark, so it
 * does not request a third.
 */
function followUpAt(
  pass: Pass,
  member: Member,
  observation: LiveObservation,
  lagMs: number,
): number | undefined {
  const wished = pass.claim.record.toRead
  if (lagMs === 0 || !(wished.includes('*') || wished.includes(member.system))) return undefined
  return Math.max(member.settleAt ?? 0, observation.observed.at + lagMs + 1)
}

function newerVersion(kind: string, floor: string | undefined, version: string): string {
  if (floor === undefined || kind !== 'ordered') return version
  return compareVersions(version, floor) > 0 ? version : floor
}

function keepConflicts(pass: Pass, conflicts: readonly ConflictDraft[]): void {
  if (conflicts.length === 0) return
  addRows(pass, { conflicts })
  for (const conflict of conflicts) {
    const { id, field, policy, winner, candidates } = conflict
    note(pass, { kind: 'conflict', body: { id, field, policy, winner, candidates } })
  }
}

function keepOscillations(pass: Pass, result: MergeResult): void {
  for (const { system, field, count } of result.oscillations) {
    addRows(pass, {
      holds: [
        {
          id: pass.context.random.uuid(),
          recordId: pass.record.id,
          entity: pass.entity.name,
          system,
          field,
          kind: 'oscillation',
          reason: `${system} changed ${field} ${count} times right after it was written.`,
        },
      ],
    })
    note(pass, { kind: 'hold', body: { system, field, why: 'oscillation', count } })
    emit(pass, { type: 'OscillationHeld', recordId: pass.record.id, system, field })
  }
}

/**
 * Fields that refer to a record without a counterpart in a system: the record becomes due again when there is
 * one (H29).
 */
function keepWaiting(pass: Pass, result: MergeResult): void {
  for (const { system, field, recordId, blocksLane } of result.waiting) {
    addRows(pass, {
      dependencies: [{ recordId: pass.record.id, system, field, targetRecordId: recordId }],
    })
    const member = pass.members.get(system)
    if (blocksLane && member?.lane.state === 'open')
      setLane(pass, system, { state: 'waiting', reason: 'reference' })
  }
}

const ruleLane = 'rule'
const ruleCode = 'RULE_REQUIRE'

/** Rule problems stop all writes of the record; they are reported in the systems that hold it. */
function keepProblems(pass: Pass, result: MergeResult): void {
  const holders = [...pass.members.values()].filter((member) => member.nativeId !== undefined)
  const [system] = holders
  if (system === undefined) return
  const required = result.problems.find((problem) => problem.kind === 'require')
  if (required !== undefined) keepRequired(pass, system, required)
  else settleRequired(pass, holders, result)
  if (pass.entity.rules.length + result.problems.length === 0) return
  const held = result.problems.filter((problem) => problem.kind === 'hold')
  for (const problem of held) keepRuleHold(pass, problem)
  if (held.length === 0 && result.changes.length > 0 && pass.record.rev > result.changes.length) {
    addRows(pass, { clearedHolds: [{ recordId: pass.record.id, kind: 'rule' }] })
  }
}

/**
 * Nothing required is missing any more: clears the failure about it, in whichever lane it is and whatever
 * else has closed that lane meanwhile. Only a change of the record, or a lane that still reports it, can lead
 * here.
 */
function settleRequired(pass: Pass, holders: readonly Member[], result: MergeResult): void {
  for (const { system, lane } of holders) {
    const closed = lane.state === 'rejected' && lane.reason === ruleLane
    if (closed) setLane(pass, system, openLane)
    if (closed || (result.changes.length > 0 && canRequire(pass))) clearFailure(pass, system, ruleCode)
  }
}

function canRequire({ entity }: Pass): boolean {
  return (
    entity.rules.some(({ kind }) => kind === 'require') ||
    [...entity.fields.values()].some(({ required }) => required)
  )
}

function keepRequired(pass: Pass, member: Member, problem: RuleProblem): void {
  if (member.lane.state === 'open') setLane(pass, member.system, { state: 'rejected', reason: ruleLane })
  keepFailure(pass, {
    system: member.system,
    operation: 'rule',
    code: ruleCode,
    message: problem.message,
    replay: 'safe',
    about: problem.field ?? String(problem.rule ?? ''),
  })
}

function keepRuleHold(pass: Pass, problem: RuleProblem): void {
  addRows(pass, {
    holds: [
      {
        id: pass.context.random.uuid(),
        recordId: pass.record.id,
        entity: pass.entity.name,
        kind: 'rule',
        reason: problem.message,
        ...(problem.field === undefined ? {} : { field: problem.field }),
      },
    ],
  })
  emit(pass, {
    type: 'ChangeHeld',
    recordId: pass.record.id,
    entity: pass.entity.name,
    system: '',
    kind: 'rule',
  })
}

/** Opens a lane that was closed by rejected data once none of its data is rejected any more. */
function settleRejectedLanes(pass: Pass): void {
  for (const member of pass.members.values()) {
    if (member.lane.state !== 'rejected' || member.lane.reason === ruleLane || hasRefusals(member)) continue
    setLane(pass, member.system, openLane)
    clearFailure(pass, member.system)
  }
}

function emitNotes(pass: Pass, result: MergeResult): void {
  for (const { kind, system, field } of result.notes) {
    if (kind !== 'coerced' && kind !== 'resurfaced') continue
    const type = kind === 'coerced' ? ('CoercionAccepted' as const) : ('OwnWriteResurfaced' as const)
    emit(pass, { type, recordId: pass.record.id, system, field })
  }
}
