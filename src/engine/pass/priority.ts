/**
 * In which lane of a system's limits the calls of a pass wait.
 *
 * What the first load brings goes with the batches: tens of thousands of records that nobody waits for must not keep somebody's change of this
 * minute in the line. Everything else was announced by somebody just now. Lists and feeds say themselves what they are.
 */
import type { CallContext } from '../../connectors/kit/contract.ts'
import type { Pass } from './contract.ts'

/** The system has never been in agreement with the record, as it was when the pass began: what the pass merged so far is part of the first. */
export function neverAgreed(pass: Pass, system: string): boolean {
  const member = pass.claim.members.find((other) => other.system === system)
  return Object.values(member?.fields ?? {}).every(
    (field) => field.acked === 0 && field.rebased === undefined,
  )
}

/** What the first load itself causes in that system. `listedAt` undefined: it is still going on. */
export function isFirstLoad(pass: Pass, system: string, listedAt: number | undefined): boolean {
  if (listedAt === undefined) return true
  return pass.record.discoveredAt <= listedAt && neverAgreed(pass, system)
}

/** The lane of this pass; the same for all its calls. */
export function priorityOf(pass: Pass): Promise<CallContext['priority']> {
  if (pass.priority !== undefined) return pass.priority
  // Without a response of the store the pass comes to nothing anyway; its calls are not held up by that.
  const priority = judge(pass).catch((): CallContext['priority'] => 'webhook')
  pass.priority = priority
  return priority
}

async function judge(pass: Pass): Promise<CallContext['priority']> {
  const isNew = pass.claim.members.every(({ system }) => neverAgreed(pass, system))
  if (!isNew) return 'webhook'
  const listedAt = await pass.context.firstLoads.listedAt(pass.entity)
  return listedAt === undefined || pass.record.discoveredAt <= listedAt ? 'batch' : 'webhook'
}

const urgency = ['batch', 'webhook', 'hand'] as const

/** The lane of a call that serves several: nobody waits longer for the company. */
export function mostUrgent(priorities: readonly CallContext['priority'][]): CallContext['priority'] {
  return urgency.findLast((one) => priorities.includes(one)) ?? 'webhook'
}
