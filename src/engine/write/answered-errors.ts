/**
 * Writes to which the system responded with an error whose effect is unknown: a resolver that threw, a
 * payload without the record.
 *
 * Unlike a missing response, such a response means that nothing of the call is still in flight, so a read can
 * determine the effect at once. Unlike an outage, the error usually repeats: the data triggers a case that
 * the system has no code for. The write is therefore tried a few times and then reported with the system's
 * own message.
 *
 * - updates: read and written again; after {@link attemptsMax} responses of this kind to the same values they
 *   count as refused
 * - creates: resolved by their own class of identity, never repeated without it; after as many responses, or
 *   at once where the system offers no way to find out, the lane is quarantined
 * - removals: the failure is reported, and the removal is evaluated again like any other in doubt
 */
import type { CallFailure } from '../../connectors/kit/contract.ts'
import type { PlannedWrite } from '../../model/merge/contract.ts'
import { unseen } from '../../model/merge/member-field.ts'
import type { MemberField } from '../../model/state.ts'
import { resolveIntent } from '../pass/commit.ts'
import type { Pass } from '../pass/contract.ts'
import { keepFailure } from '../pass/failure.ts'
import { backOff } from '../pass/lane.ts'
import { addRows, updateMember } from '../pass/pass.ts'
import { placeOf } from '../place.ts'
import type { OutgoingWrite } from '../ports.ts'
import { refuse } from './compose.ts'
import { quarantineCreate } from './quarantine-create.ts'

/** Responses of this kind to the same values before the write is reported and no longer repeated. */
const attemptsMax = 3

/** Processes such a response. Returns false when the write stays in doubt and is resolved like any other. */
export function takeAnsweredError(pass: Pass, write: OutgoingWrite, failure: CallFailure): boolean {
  const { intent, planned } = write
  const { system, operation } = intent
  const { code, message } = failure
  const facts = { system, operation, code, message, replay: 'safe' } as const
  if (planned === undefined) {
    keepFailure(pass, facts)
    return false
  }
  const attempts = countAttempt(pass, planned)
  if (operation === 'create') {
    const { create } = placeOf(pass.context, system, pass.entity.name).resource.capabilities
    if (attempts < attemptsMax && create !== 'none') {
      keepFailure(pass, facts)
      return false
    }
    const doubt = 'The record may have been created nevertheless: look for it before retrying.'
    quarantineCreate(pass, intent, { code, message: `${message} ${doubt}` })
    return true
  }
  resolveIntent(pass, intent, { state: 'abandoned', outcome: code })
  requestVerification(pass, system)
  if (attempts < attemptsMax) backOff(pass, system, { reason: code, read: true })
  else {
    refuse(pass, planned, code, [])
    keepFailure(pass, facts)
  }
  return true
}

/**
 * Marks records that a response was about instead of the written one: they may have been changed, possibly by
 * our write.
 */
export function observeOthers(pass: Pass, system: string, others: readonly string[] | undefined): void {
  if (others === undefined || others.length === 0) return
  addRows(pass, {
    marks: others.map((nativeId) => ({ system, entity: pass.entity.name, nativeId, force: true })),
  })
}

/**
 * The values that were sent are kept as our own writes, so that a read which shows them does not take them
 * for an edit.
 */
function requestVerification(pass: Pass, system: string): void {
  const { lagMs } = placeOf(pass.context, system, pass.entity.name).resource.capabilities.read
  pass.observations.delete(system)
  updateMember(pass, { system, settleAt: pass.context.clock.now() + lagMs + 1 })
}

/**
 * Counts the response with each field of the write; returns the highest count of a field whose value is still
 * the same.
 */
function countAttempt(pass: Pass, { system, revs }: PlannedWrite): number {
  const fields: Record<string, MemberField> = { ...pass.members.get(system)?.fields }
  let highest = 0
  for (const [name, rev] of Object.entries(revs)) {
    const state = fields[name] ?? unseen
    const count = state.unclear?.rev === rev ? state.unclear.count + 1 : 1
    fields[name] = { ...state, unclear: { rev, count } }
    highest = Math.max(highest, count)
  }
  updateMember(pass, { system, fields })
  return highest
}
