/**
 * Verifies removals that the system confirmed: a removal is complete once a read shows that the record is
 * gone. Some systems return 200 and delete nothing.
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

/**
 * A record that is still returned this long after it should be gone was not deleted. The margin covers reads
 * that lag slightly more than declared.
 */
const graceMs = 5_000
/** Wait between two reads within that time. */
const retryMs = 2_000

export const notRemoved = 'ENGINE_NOT_REMOVED'

/**
 * Whether a removal that was just confirmed needs no further proof. An archived record stays readable, so its
 * response has to be enough.
 */
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
    addNeed(pass, { at: goneSince + read.lagMs + 1, why: 'verify-removal', toRead: [system] })
    return false
  }
  const observation = await observeMember(pass, system)
  if (observation.kind === 'gone') return true
  if (observation.kind === 'live') judgeUnproven(pass, system, observation)
  return false
}

/**
 * True when a removal of this member was confirmed by the system, but the record is not known to be gone yet.
 */
export function isUnproven({ state, goneSince }: Member): boolean {
  return state === 'linked' && goneSince !== undefined
}

/**
 * The system returns a record whose deletion it confirmed: reads again for a while, then reports a failure.
 */
export function judgeUnproven(
  pass: Pass,
  system: string,
  { observed }: Extract<Observation, { readonly kind: 'live' }>,
): void {
  const { capabilities } = placeOf(pass.context, system, pass.entity.name).resource
  const goneSince = pass.members.get(system)?.goneSince ?? 0
  const now = pass.context.clock.now()
  if (observed.at < goneSince + capabilities.read.lagMs + graceMs) {
    addNeed(pass, { at: Math.max(goneSince, now) + retryMs, why: 'verify-removal', toRead: [system] })
    return
  }
  updateMember(pass, { system, goneSince: null })
  setLane(pass, system, { state: 'rejected', reason: notRemoved })
  note(pass, { kind: 'delete', body: { system, step: 'not removed' } })
  keepFailure(pass, {
    system,
    operation: 'delete',
    code: notRemoved,
    message: `${system} confirmed the deletion of the record, but still returns it. Retry to delete it again.`,
    replay: 'safe',
  })
}
