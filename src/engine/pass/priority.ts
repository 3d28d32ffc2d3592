/**
 * The priority with which the calls of a pass wait in a system's limits.
 *
 * Work of the first load has the priority of batches: tens of thousands of such records must not delay a
 * change that a user made just now. Everything else was announced recently. Lists and feeds set their own
 * priority.
 */
import type { CallContext } from '../../connectors/kit/contract.ts'
import type { Pass } from './contract.ts'

/**
 * True when the system had never been in agreement with the record when the pass began: everything the pass
 * merged so far is part of the first load.
 */
export function neverAgreed(pass: Pass, system: string): boolean {
  const member = pass.claim.members.find((other) => other.system === system)
  return Object.values(member?.fields ?? {}).every(
    (field) => field.acked === 0 && field.rebased === undefined,
  )
}

/**
 * True for changes that the first load itself causes in that system. `listedAt` undefined: it is still
 * running.
 */
export function isFirstLoad(pass: Pass, system: string, listedAt: number | undefined): boolean {
  if (listedAt === undefined) return true
  return pass.record.discoveredAt <= listedAt && neverAgreed(pass, system)
}

/** The priority of this pass; the same for all its calls. */
export function priorityOf(pass: Pass): Promise<CallContext['priority']> {
  if (pass.priority !== undefined) return pass.priority
  // Without a response of the store the pass fails anyway; its calls need not wait for it.
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

/**
 * The priority of a call that serves several passes: sharing a call never lowers the priority of any of them.
 */
export function mostUrgent(priorities: readonly CallContext['priority'][]): CallContext['priority'] {
  return urgency.findLast((one) => priorities.includes(one)) ?? 'webhook'
}
