/**
 * The mass-change guard: per system, entity and day only so many creates, updates and deletions happen without approval. Changes beyond the limit
 * are held for a person, record by record, while everything below the limit and every other place continues.
 *
 * A create or update is counted by the commit that opens its intent, and no longer counted once it is known to have had no effect: a process that
 * is killed in between neither counts a change twice nor loses one. Deletions are counted when they are first suspected: see `detect.ts`.
 *
 * Changes of the first load are not counted: it is planned and approved as a whole. These are the changes to a record that existed when the load
 * had listed all systems, in a system in which the record was never in agreement before.
 */
import type { Entity } from '../../model/integration.ts'
import type { GuardedChange } from '../../store/contract.ts'

/** What the guard counts of a write. */
export function guardedChange(
  { guard }: Entity,
  system: string,
  operation: GuardedChange['operation'],
): GuardedChange {
  return { system, operation, ...guard[operation] }
}
