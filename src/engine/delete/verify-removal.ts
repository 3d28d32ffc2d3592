/**
 * Removals that the system answered with success: done once a look shows that the record is gone. Some systems answer 200 and delete nothing.
 *
 * Until then the member stays `linked`, and `goneSince` holds the time from which a read has to show it gone.
 */
import type { Member } from '../../model/state.ts'
import { observeMember } from '../observe/observe.ts'
import type { Observation, Pass } from '../pass/contract.ts'
import { keepFailure } from '../pass/failure.ts'
import { addNeed, note, setLane, updateMember } from '../pass/pass.ts'
import { placeOf } from '../place.ts'
import type { OutgoingWrite, SendOutcome } from '../ports.ts'

/** A record that is still shown so long after it has to be gone was not deleted: reads lag a little more than declared now and then. */
const graceMs = 5_000
/** Wait between two looks within that time. */
const retryMs = 2_000

export const notRemoved = 'ENGINE_NOT_REMOVED'

/** Whether a removal that was just answered is proven; an archived record stays readable, so there the response has to do. */
export async function isRemovalProven(
  pass: Pass,
  { intent }: OutgoingWrite,
  outcome: SendOutcome,
): Promise<boolean> {
  const { system, operation } = intent
  if (outcome.kind !== 'ok' || operation !== 'delete') return true
  const { read, inflightMs } = placeOf(pass.context, system, pass.entity.name).resource.capabilities
  const goneSince = pass.context.clock.now() + (outcome.accepted === true ? inflightMs : 0)
  updateMember(pass, { system, state: 'linked', goneSince })
  if (outcome.accepted === true || read.lagMs > 0) {
    addNeed(pass, { at: goneSince + read.lagMs + 1, why: 'verify-removal', look: [system] })
    return false
  }
  const observation = await observeMember(pass, system)
  if (observation.kind === 'gone') return true
  if (observation.kind === 'live') judgeUnproven(pass, system, observation)
  return false
}

/** A removal of this member was answered with success, and it is not known to be gone yet. */
export function isUnproven({ state, goneSince }: Member): boolean {
  return state === 'linked' && goneSince !== undefined
}

/** The system shows a record that it said it had deleted: looks again for a while, then tells a person. */
export function judgeUnproven(
  pass: Pass,
  system: string,
  { observed }: Extract<Observation, { readonly kind: 'live' }>,
): void {
  const { capabilities } = placeOf(pass.context, system, pass.entity.name).resource
  const goneSince = pass.members.get(system)?.goneSince ?? 0
  const now = pass.context.clock.now()
  if (observed.at < goneSince + capabilities.read.lagMs + graceMs) {
    addNeed(pass, { at: Math.max(goneSince, now) + retryMs, why: 'verify-removal', look: [system] })
    return
  }
  updateMember(pass, { system, goneSince: null })
  setLane(pass, system, 'rejected', { reason: notRemoved })
  note(pass, { kind: 'delete', body: { system, step: 'not removed' } })
  keepFailure(pass, {
    system,
    operation: 'delete',
    code: notRemoved,
    message: `${system} confirmed the deletion of the record, but still returns it. Retry to delete it again.`,
    replay: 'safe',
  })
}
