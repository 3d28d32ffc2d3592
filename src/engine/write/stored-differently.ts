/**
 * A system that responds to a write with a value other than the sent one, in no recognised form (not
 * shortened, not rounded, not trimmed), has not stored it: the mapping is wrong, or a rule of the system
 * replaces the value. Accepting it silently would treat two different values as agreed, writing it again
 * would never end. It is therefore accepted once and reported as a failure; a retry sends the value once
 * more.
 */

import { isRecognisedCoercion } from '../../model/coercion.ts'
import { openLane } from '../../model/lane.ts'
import type { AgreedFields, MemberFields } from '../../model/state.ts'
import type { Pass } from '../pass/contract.ts'
import { clearFailure, keepFailure } from '../pass/failure.ts'
import { setLane } from '../pass/pass.ts'
import type { OutgoingWrite } from '../ports.ts'

/** Lane reason (the lane is open) with this failure, so that the next stored write closes it. */
const laneReason = 'stored-differently'
const code = 'ENGINE_STORED_DIFFERENTLY'

/** Opens or resolves the failure after an acknowledged write, by the current state of the member's fields. */
export function judgeStoredValues(pass: Pass, { intent }: OutgoingWrite): void {
  const { system } = intent
  const member = pass.members.get(system)
  const replaced = replacedFields(pass, member?.fields ?? {}, pass.record.fields)
  if (replaced.length === 0) {
    if (member?.lane.reason !== laneReason) return
    clearFailure(pass, system)
    setLane(pass, system, openLane)
    return
  }
  const names = replaced.sort().join(', ')
  keepFailure(pass, {
    system,
    operation: intent.operation,
    code,
    message: `${system} responded to a write with a different value for ${names} from the one sent.`,
    replay: 'safe',
    about: names,
  })
  if (member?.lane.state === 'open') setLane(pass, system, { state: 'open', reason: laneReason })
}

/**
 * A read may show that the failure was resolved without a write of ours: somebody corrected the value there,
 * or it is the agreed one by now.
 */
export function settleStoredDifferently(pass: Pass): void {
  const { claim } = pass
  for (const before of claim.members) {
    const { system } = before
    const member = pass.members.get(system)
    if (member === undefined || pass.observations.get(system)?.kind !== 'live') continue
    if (replacedFields(pass, before.fields, claim.record.fields).length === 0) continue
    if (replacedFields(pass, member.fields, pass.record.fields).length > 0) continue
    clearFailure(pass, system, code)
    if (member.lane.state === 'open' && member.lane.reason === laneReason) setLane(pass, system, openLane)
  }
}

function replacedFields(pass: Pass, fields: MemberFields, agreed: AgreedFields): string[] {
  return Object.entries(fields).flatMap(([name, state]) => {
    const type = pass.entity.fields.get(name)?.type
    if (state.coerced !== true || type === undefined) return []
    return isRecognisedCoercion(agreed[name]?.value, state.shadow, type) === undefined ? [name] : []
  })
}
