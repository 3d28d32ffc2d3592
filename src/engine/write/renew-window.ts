/**
 * Gives writes that could not start in time a new window, under the same intents.
 *
 * A decision of many fields, or of many records, may take longer to commit than a write may wait; the same
 * goes for a queue in front of a slow system. The decision itself is still right as long as the record is
 * leased to this pass, so the work is not repeated: only the end of the window moves, and that is durable
 * before the call starts. What limits it is the record: its lease, and for a create how long its evidence is
 * good.
 */
import { openIntentFields, withdrawIntentFields } from '../../model/merge/outcome.ts'
import { commitSoFar, resolveIntent } from '../pass/commit.ts'
import type { Pass } from '../pass/contract.ts'
import { updateMember } from '../pass/pass.ts'
import { placeOf } from '../place.ts'
import type { OutgoingWrite } from '../ports.ts'
import { sendWindow } from './compose.ts'

/** True when the write could still start, with a new window, in this pass. */
export function mayRenew(pass: Pass, { intent, check }: OutgoingWrite): boolean {
  const { clock, integration, gates, settings } = pass.context
  const limitMs = integration.systems.get(intent.system)?.timing.writeTimeoutMs
  if (limitMs === undefined || pass.signal.aborted) return false
  if (gates.get(intent.system)?.closedUntil() !== undefined) return false
  // A window that the lease shortens to nothing would only cost a commit.
  if (pass.deadline - limitMs < clock.monotonic() + settings.startWindowMs / 2) return false
  return check?.evidence === undefined || clock.now() <= check.evidence.goodUntil
}

/**
 * Returns the writes with their new windows, which are committed; `over` when the record no longer belonged
 * to this pass.
 */
export async function renewWindows(
  pass: Pass,
  writes: readonly OutgoingWrite[],
): Promise<readonly OutgoingWrite[] | 'over'> {
  const renewed = writes.map((write) => renew(pass, write))
  return (await commitSoFar(pass)) ? renewed : 'over'
}

function renew(pass: Pass, write: OutgoingWrite): OutgoingWrite {
  const { intent, planned } = write
  const { notAfter } = sendWindow(pass, intent.system)
  resolveIntent(pass, intent, { state: 'open', outcome: 'renewed', notAfter })
  if (planned !== undefined) {
    const { part } = placeOf(pass.context, intent.system, pass.entity.name)
    const body = write.body ?? planned.values
    const fields = pass.members.get(intent.system)?.fields ?? {}
    const before = withdrawIntentFields(fields, { planned, body, notAfter: intent.notAfter })
    updateMember(pass, {
      system: intent.system,
      fields: openIntentFields(part, before, { planned, body, notAfter }),
    })
  }
  return { ...write, intent: { ...intent, notAfter } }
}
