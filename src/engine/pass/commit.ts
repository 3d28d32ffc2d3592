/**
 * The commits of a pass. Each carries everything drafted so far; a rejected commit has written nothing and
 * leaves the draft unchanged.
 */
import type { Intent, MemberField } from '../../model/state.ts'
import type { Decision, DecisionResult, Settlement, SettlementResult } from '../../store/contract.ts'
import type { OutgoingWrite } from '../ports.ts'
import type { Pass } from './contract.ts'
import { keepFailure } from './failure.ts'
import { draftedRows, dropDraft, emitNow, setLane, updateMember } from './pass.ts'
import { releasedValues, rememberReleases } from './value-waits.ts'

/**
 * T1 + T2: the decision with the intents of its writes. After it no edit can be lost, and every effect has
 * its intent.
 */
export async function commitDecision(pass: Pass, writes: readonly OutgoingWrite[]): Promise<DecisionResult> {
  const { matchKeys } = pass.draft
  const guarded = writes.flatMap((write) => write.guarded ?? [])
  const released = releasedValues(pass)
  pass.draft.rows.releasedValues = released
  const createChecks = writes.flatMap(({ check }) => check ?? [])
  const decision: Decision = {
    lease: pass.claim.lease,
    ...draftedRows(pass),
    ...(writes.length > 0 ? { intents: writes.map((write) => write.intent) } : {}),
    ...(matchKeys === undefined ? {} : { matchKeys }),
    ...(createChecks.length > 0 ? { createChecks } : {}),
    ...(guarded.length > 0 ? { guarded } : {}),
  }
  const result = await pass.context.store.decide(decision)
  if (result.kind === 'fenced') emitFenced(pass)
  if (result.kind !== 'ok') return result
  rememberReleases(pass, released)
  forgetResponses(pass)
  dropDraft(pass)
  for (const { intent } of writes) pass.intents.set(intent.system, intent)
  return result
}

/** T3 + T4: the outcomes so far, and the end of the pass unless `keep`. */
export async function commitSettlement(pass: Pass, finish: Settlement['finish']): Promise<SettlementResult> {
  const released = releasedValues(pass)
  pass.draft.rows.releasedValues = released
  const result = await pass.context.store.settle({ lease: pass.claim.lease, ...draftedRows(pass), finish })
  if (result.kind === 'ok') {
    rememberReleases(pass, released)
    forgetResponses(pass)
    dropDraft(pass)
  }
  if (result.kind === 'fenced') emitFenced(pass)
  return result
}

/**
 * Commits what is drafted so far and keeps the claim. A native id that belongs to another record is left for
 * review. Returns false when the record did not belong to this pass any more.
 */
export async function commitSoFar(pass: Pass): Promise<boolean> {
  // A native id can be taken at most once per system, so this terminates.
  for (let attempt = 0; attempt <= pass.members.size; attempt += 1) {
    const result = await commitSettlement(pass, { kind: 'keep' })
    if (result.kind !== 'taken') return result.kind === 'ok'
    refuseTaken(pass, result)
  }
  return false
}

/** The outcomes of these intents are durable. */
function forgetResponses(pass: Pass): void {
  for (const { id, state } of pass.draft.resolved) {
    if (state !== 'open') pass.context.answeredCreates.forget(id)
  }
}

/** Another worker has claimed the record, or the lease has expired: nothing was written. */
function emitFenced(pass: Pass): void {
  emitNow(pass, { type: 'WorkerFenced', recordId: pass.record.id })
}

/** Records the outcome of an intent in the draft; a state other than `open` frees its lane. */
export function resolveIntent(
  pass: Pass,
  intent: Intent,
  update: { readonly state: Intent['state']; readonly outcome: string; readonly notAfter?: number },
): void {
  pass.draft.resolved.push({ id: intent.id, ...update })
  if (update.state === 'open') {
    pass.intents.set(intent.system, {
      ...intent,
      outcome: update.outcome,
      ...(update.notAfter === undefined ? {} : { notAfter: update.notAfter }),
    })
  } else pass.intents.delete(intent.system)
}

/** The native id returned by a create belongs to another record: nothing is linked, a person decides. */
export function refuseTaken(pass: Pass, taken: { readonly system: string; readonly recordId: string }): void {
  const { system, recordId } = taken
  const { nativeId: _rid, state: _state, ...update } = pass.draft.members.get(system) ?? { system }
  const member = pass.members.get(system)
  pass.draft.members.set(system, update)
  if (member !== undefined) {
    const { nativeId: _linked, ...unlinked } = member
    pass.members.set(system, { ...unlinked, state: 'absent' })
  }
  // Without a counterpart nothing is absorbed either; the values that were sent are kept as our own writes.
  const sent = Object.entries(member?.fields ?? {}).flatMap(([name, { own }]): [string, MemberField][] =>
    own === undefined ? [] : [[name, { acked: 0, own }]],
  )
  updateMember(pass, { system, fields: Object.fromEntries(sent), settleAt: null, absorbedVersion: null })
  setLane(pass, system, { state: 'quarantined', reason: 'CREATE_TAKEN' })
  keepFailure(pass, {
    system,
    operation: 'create',
    code: 'CREATE_TAKEN',
    message: `The record returned by the create already belongs to record ${recordId}: are both the same?`,
    replay: 'after-check',
  })
}
