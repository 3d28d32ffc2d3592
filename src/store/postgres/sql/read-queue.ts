import type { Session } from '../database.ts'

export interface QueueColumns {
  readonly now: number
  /** Epoch of the bound definition, 0 before anything is bound. */
  readonly epoch: number
  readonly next_at: number | null
  /** Another worker holds its session lock. */
  readonly others: boolean
}

/**
 * What a worker that claimed nothing needs to know, in one statement. Locks of other databases of the same
 * server are ignored.
 */
export async function readQueue(session: Session, lockClass: number, worker: number): Promise<QueueColumns> {
  const rows = await session.rows<QueueColumns & Record<string, unknown>>(statement, [lockClass, worker])
  return rows[0] ?? { now: 0, epoch: 0, next_at: null, others: true }
}

const statement = {
  name: 'read-queue',
  text: `
    select
      now_ms() as now,
      coalesce((select epoch - contracts from integration), 0) as epoch,
      (
        select next_at
        from record
        where lease_owner is null and dirty_seq > clean_seq
        order by next_at
        limit 1
      ) as next_at,
      exists (
        select 1
        from pg_locks
        where locktype = 'advisory' and classid = $1::bigint and objsubid = 2 and granted
          and objid <> $2::bigint and database = (select oid from pg_database where datname = current_database())
      ) as others`,
}
