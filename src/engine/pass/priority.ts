/**
 * In which lane of a system's limits the calls of a pass wait.
 *
 * What the first load brings goes with the batches: tens of thousands of records that nobody waits for must not keep somebody's change of this
 * minute in the line. Everything else was announced by somebody just now. Lists and feeds say themselves what they are.
 */
import type { CallContext } from '../../connectors/kit/contract.ts'
import type { Pass } from '../context.ts'
import { neverAgreed } from '../protect/first-loads.ts'

const known = new WeakMap<Pass, Promise<CallContext['priority']>>()

/** The lane of this pass; the same for all its calls. */
export function priorityOf(pass: Pass): Promise<CallContext['priority']> {
  const asked = known.get(pass)
  if (asked !== undefined) return asked
  // Without a response of the store the pass comes to nothing anyway; its calls are not held up by that.
  const priority = judge(pass).catch((): CallContext['priority'] => 'webhook')
  known.set(pass, priority)
  return priority
}

async function judge(pass: Pass): Promise<CallContext['priority']> {
  const isNew = pass.claim.members.every(({ system }) => neverAgreed(pass, system))
  if (!isNew) return 'webhook'
  const listedAt = await pass.context.firstLoads.listedAt(pass.context, pass.entity)
  return listedAt === undefined || pass.record.discoveredAt <= listedAt ? 'batch' : 'webhook'
}

const urgency = ['batch', 'webhook', 'hand'] as const

/** The lane of a call that serves several: nobody waits longer for the company. */
export function mostUrgent(priorities: readonly CallContext['priority'][]): CallContext['priority'] {
  return urgency.findLast((one) => priorities.includes(one)) ?? 'webhook'
}
