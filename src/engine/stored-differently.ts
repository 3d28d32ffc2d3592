/**
 * A system that answers a write with another value than was sent, in no form we know (not shortened, not rounded, not trimmed), has not kept it:
 * the mapping is wrong, or a rule over there replaces it. Taking it over silently would call two different values an agreement, writing it
 * again would never end. So it is accepted once and told to a person; a retry sends the value once more.
 */
import { isRecognisedCoercion } from '../model/coercion.ts'
import type { OutgoingWrite, Pass } from './context.ts'
import { clearFailure, keepFailure } from './failure.ts'
import { setLane } from './pass.ts'

/** Reason of an open lane with this failure, so that the next write that is kept closes it. */
const laneReason = 'stored-differently'

/** Keeps or clears the failure after an acknowledged write, by what the member's fields hold now. */
export function judgeStoredValues(pass: Pass, { intent }: OutgoingWrite): void {
  const { system } = intent
  const member = pass.members.get(system)
  const replaced = Object.entries(member?.fields ?? {}).flatMap(([name, state]) => {
    const type = pass.entity.fields.get(name)?.type
    if (state.coerced !== true || type === undefined) return []
    return isRecognisedCoercion(pass.record.fields[name]?.value, state.shadow, type) === undefined
      ? [name]
      : []
  })
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
    code: 'ENGINE_STORED_DIFFERENTLY',
    message: `${system} answered a write with another value for ${names} than was sent.`,
    replay: 'safe',
    about: names,
  })
  if (member?.lane === 'open') setLane(pass, system, 'open', { reason: laneReason })
}
