/**
 * Writes that the system itself answered with an error whose effect is not known: a resolver that threw, a payload without the record.
 *
 * Unlike silence, such a response means that nothing of the call is on its way any more, so a look can tell at once what came of it. And unlike
 * an outage it usually comes again: the data meets something that the system has no code for. So the write is tried a few times, and then a
 * person gets to see the system's own words.
 *
 * - updates: looked at and written again; after {@link attemptsMax} answers of this kind for the same values they count as refused
 * - creates: found out by their own class of identity, never repeated without it; after as many responses, or at once where the system offers no
 *   way to find out, the lane is quarantined
 * - removals: the failure is told, and the removal is judged anew like any other in doubt
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

/** Responses of this kind to the same values before a person is told and the write rests. */
const attemptsMax = 3

/** Takes such a response in. False: the write stays in doubt, and is found out like any other. */
export function takeAnsweredError(pass: Pass, write: OutgoingWrite, failure: CallFailure): boolean {
  const { intent, planned } = write
  const { system, operation } = intent
  const { code, message } = failure
  const told = { system, operation, code, message, replay: 'safe' } as const
  if (planned === undefined) {
    keepFailure(pass, told)
    return false
  }
  const attempts = countAttempt(pass, planned)
  if (operation === 'create') {
    const { create } = placeOf(pass.context, system, pass.entity.name).resource.capabilities
    if (attempts < attemptsMax && create !== 'none') {
      keepFailure(pass, told)
      return false
    }
    const doubt = 'The record may have been created nevertheless: look for it before retrying.'
    quarantineCreate(pass, intent, { code, message: `${message} ${doubt}` })
    return true
  }
  resolveIntent(pass, intent, { state: 'abandoned', outcome: code })
  lookForEffect(pass, system)
  if (attempts < attemptsMax) backOff(pass, system, { reason: code, look: true })
  else {
    refuse(pass, planned, code, [])
    keepFailure(pass, told)
  }
  return true
}

/** Records that a response was about instead of the one that was to be written: somebody may have changed them, perhaps we did. */
export function observeOthers(pass: Pass, system: string, others: readonly string[] | undefined): void {
  if (others === undefined || others.length === 0) return
  addRows(pass, {
    marks: others.map((nativeId) => ({ system, entity: pass.entity.name, nativeId, force: true })),
  })
}

/** What was sent stays ours, so that a look that shows it takes it for no edit. */
function lookForEffect(pass: Pass, system: string): void {
  const { lagMs } = placeOf(pass.context, system, pass.entity.name).resource.capabilities.read
  pass.observations.delete(system)
  updateMember(pass, { system, settleAt: pass.context.clock.now() + lagMs + 1 })
}

/** Counts the response with each field of the write; the highest count of a field whose value is still the same one. */
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
