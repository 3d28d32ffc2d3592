import type { RecordState } from '../../../model/state.ts'
import type { Session } from '../database.ts'

export interface LockedRecord {
  readonly id: string
  readonly entity: string
  readonly state: RecordState
  readonly rev: number
  readonly owner: number | null
  readonly epoch: number
  readonly now: number
  /** Epoch of the bound definition. */
  readonly bound: number
}

/**
 * In the order of their ids, so that batches that share records wait for each other instead of deadlocking.
 */
export function lockRecords(session: Session, ids: readonly string[]): Promise<LockedRecord[]> {
  return session.rows<{ [Key in keyof LockedRecord]: LockedRecord[Key] }>(statement, [ids])
}

const statement = {
  name: 'lock-records',
  text: `
    select id, entity, state, rev, lease_owner as owner, lease_epoch as epoch, now_ms() as now,
      coalesce((select epoch - contracts from integration), 0) as bound
    from record
    where id = any($1::uuid[])
    order by id
    for no key update`,
}
