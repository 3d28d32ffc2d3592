/**
 * The mass-change guard limits how many creates, updates and deletions happen per system, entity and day without review. Further changes are held
 * record by record, while changes below the limit and all other places continue.
 * The guard counts completed writes: a write takes its permit before it is sent and returns it where it had no effect. Permits are taken one by one;
 * passes that are ready at the same time share a statement. Deletions take theirs when they are first suspected: see `detect.ts`.
 * Changes that the first load itself causes are not counted: it is planned and approved as a whole. These are the changes to records that existed
 * when the load had listed all systems, in systems in which they have never been in agreement before.
 */
import type { Entity, GuardLimit } from '../../model/integration.ts'
import type { EngineContext } from '../context.ts'

/** Changes that the guard counts here. */
export type Counted = 'create' | 'update'

/** What the guard needs of a pass. */
export interface Guarded {
  readonly context: Pick<EngineContext, 'store'>
  readonly entity: Entity
  /** Permits that no write of this pass has used so far, by system. */
  readonly permits: Map<string, Counted>
}

/** Takes a permit, using one that the pass still has before taking another: a write that a system refused may be sent again. */
export async function takePermit(pass: Guarded, system: string, operation: Counted): Promise<boolean> {
  const held = pass.permits.get(system)
  if (held === operation) return true
  if (held !== undefined) await giveBack(pass, system, held)
  const granted = await reserve(pass, system, operation, 1)
  if (granted) pass.permits.set(system, operation)
  return granted
}

/** The write was made, or may have been made: its permit is spent. */
export function spendPermit(pass: Guarded, system: string): void {
  pass.permits.delete(system)
}

/** Returns the permits that the pass did not use. */
export async function returnPermits(pass: Guarded): Promise<void> {
  for (const [system, operation] of pass.permits) await giveBack(pass, system, operation)
}

async function giveBack(pass: Guarded, system: string, operation: Counted): Promise<void> {
  pass.permits.delete(system)
  await reserve(pass, system, operation, -1)
}

function reserve(
  { context, entity }: Guarded,
  system: string,
  operation: Counted,
  count: 1 | -1,
): Promise<boolean> {
  const limit: GuardLimit = entity.guard[operation]
  return context.store.reserve({ system, entity: entity.name, operation, count, ...limit })
}
