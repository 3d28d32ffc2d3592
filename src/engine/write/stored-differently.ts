/**
 * A system that answers a write with another value than was sent, in no form we know (not shortened, not rounded, not trimmed), has not kept it:
 * the mapping is wrong, or a rule over there replaces it. Taking it over silently would call two different values an agreement, writing it
 * again would never end. So it is accepted once and told to a person; a retry sends the value once more.
 */
import { isRecognisedCoercion } from '../../model/coercion.ts'
import type { AgreedFields, MemberFields } from '../../model/state.ts'
import type { Pass } from '../pass/contract.ts'
import { clearFailure, keepFailure } from '../pass/failure.ts'
import { setLane } from '../pass/pass.ts'
import type { OutgoingWrite } from '../ports.ts'

/** Reason of an open lane with this failure, so that the next write that is kept closes it. */
const laneReason = 'stored-differently'
const code = 'ENGINE_STORED_DIFFERENTLY'

/** Keeps or clears the failure after an acknowledged write, by what the member's fields hold now. */
export function judgeStoredValues(pass: Pass, { intent }: OutgoingWrite): void {
  const { system } = intent
  const member = pass.members.get(system)
  const replaced = replacedFields(pass, member?.fields ?? {}, pass.record.fields)
  if (replaced.length === 0) {
    if (member?.laneReason !== laneReason) return
    clearFailure(pass, system)
    setLane(pass, system, 'open')
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
  if (member?.lane === 'open') setLane(pass, system, 'open', { reason: laneReason })
}

/** A look may show what no write of ours brought about: somebody over there has put the value right, or it is the agreed one by now. */
export function settleStoredDifferently(pass: Pass): void {
  const { claim } = pass
  for (const before of claim.members) {
    const { system } = before
    const member = pass.members.get(system)
    if (member === undefined || pass.observations.get(system)?.kind !== 'live') continue
    if (replacedFields(pass, before.fields, claim.record.fields).length === 0) continue
    if (replacedFields(pass, member.fields, pass.record.fields).length > 0) continue
    clearFailure(pass, system, code)
    if (member.lane === 'open' && member.laneReason === laneReason) setLane(pass, system, 'open')
  }
}

function replacedFields(pass: Pass, fields: MemberFields, agreed: AgreedFields): string[] {
  return Object.entries(fields).flatMap(([name, state]) => {
    const type = pass.entity.fields.get(name)?.type
    if (state.coerced !== true || type === undefined) return []
    return isRecognisedCoercion(agreed[name]?.value, state.shadow, type) === undefined ? [name] : []
  })
}
