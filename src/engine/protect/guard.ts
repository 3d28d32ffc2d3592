/**
 * The mass-change guard: per system, entity and day only so many creates, updates and deletions happen by themselves. What goes beyond is
 * held for a person, record by record, while everything below the limit and every other place flows on.
 *
 * What is counted is what was written: a write takes its permit before it is sent and gives it back where it had no effect. Permits are taken one by
 * one; passes that are ready at the same time share a statement. Deletions take theirs when they are first suspected: see `detect.ts`.
 *
 * What the first load itself causes is not counted: it is planned and approved as a whole. That is each change to a record that was
 * there when the load had listed all systems, towards a system in which it has never been in agreement before.
 */
import type { GuardLimit } from '../../model/integration.ts'
import type { IntentOperation } from '../../model/state.ts'
import type { Pass, PassParts } from '../context.ts'
import { addRows, emit, note, setLane } from '../pass/pass.ts'
import { isFirstLoad } from './first-loads.ts'

/** Lane reason that lets one change past the guard; the store sets it when a person releases a hold. */
export const RELEASED = 'released'

/** Creates the guard of one engine. */
export function createGuard(): PassParts['allowChange'] {
  return async (pass, { system, operation }) => {
    if (operation === 'archive' || operation === 'delete') return true
    if (pass.members.get(system)?.laneReason === RELEASED) {
      setLane(pass, system, 'open')
      return true
    }
    if (isFirstLoad(pass, system, await pass.context.firstLoads.listedAt(pass.context, pass.entity)))
      return true
    if (await takePermit(pass, system, operation)) return true
    holdChange(pass, system, operation)
    return false
  }
}

function holdChange(pass: Pass, system: string, operation: IntentOperation): void {
  const reason = `More ${operation}s than the guard of ${pass.entity.name} allows in ${system} within 24 hours.`
  holdLane(pass, system, { kind: 'guard', reason })
}

/** Holds one lane for a person. */
export function holdLane(
  pass: Pass,
  system: string,
  {
    laneReason,
    ...hold
  }: {
    readonly kind: 'guard' | 'delete-guard' | 'update-delete'
    readonly reason: string
    /** What the closed lane says. @default the kind */
    readonly laneReason?: string
  },
): void {
  const { context, record, entity } = pass
  addRows(pass, {
    holds: [{ id: context.random.uuid(), recordId: record.id, entity: entity.name, system, ...hold }],
  })
  setLane(pass, system, 'held', { reason: laneReason ?? hold.kind })
  note(pass, { kind: 'hold', body: { system, ...hold } })
  emit(pass, { type: 'ChangeHeld', recordId: record.id, entity: entity.name, system, kind: hold.kind })
}

/** A permit that this pass has already is used before another one is taken: a write that a system refused may go once more. */
async function takePermit(pass: Pass, system: string, operation: Counted): Promise<boolean> {
  const held = pass.permits.get(system)
  if (held === operation) return true
  if (held !== undefined) await giveBack(pass, system, held)
  const granted = await reserve(pass, system, operation, 1)
  if (granted) pass.permits.set(system, operation)
  return granted
}

/** Changes that the guard counts here. */
type Counted = 'create' | 'update'

/** The write was made, or may have been: its permit is spent. */
export function spendPermit(pass: Pass, system: string): void {
  pass.permits.delete(system)
}

/** Gives back what the pass did not use. */
export async function returnPermits(pass: Pass): Promise<void> {
  for (const [system, operation] of pass.permits) await giveBack(pass, system, operation)
}

async function giveBack(pass: Pass, system: string, operation: Counted): Promise<void> {
  pass.permits.delete(system)
  await reserve(pass, system, operation, -1)
}

function reserve(
  { context, entity }: Pass,
  system: string,
  operation: Counted,
  count: 1 | -1,
): Promise<boolean> {
  const limit: GuardLimit = entity.guard[operation]
  return context.store.reserve({ system, entity: entity.name, operation, count, ...limit })
}
