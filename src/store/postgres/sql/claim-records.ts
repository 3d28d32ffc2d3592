import { unreadableCodes } from '../../../model/unreadable-row.ts'
import type { Session } from '../database.ts'
import { type RecordColumns, recordColumns } from './record-columns.ts'

/** Columns that the statement returns. */
export interface ClaimedColumns extends RecordColumns {
  readonly epoch: number
  readonly now: number
  /** The format in which documents are written. */
  readonly format: number
  /** Times that it could not be read, while the failure that says so is open. */
  readonly unreadable: number | null
}

/**
 * Claims due records. Rows that another worker is claiming at this moment are skipped, not waited for; a
 * crash counts as an attempt because the attempt is counted here. Nothing is claimed while the work is
 * paused.
 */
export function claimRecords(
  session: Session,
  {
    worker,
    limit,
    leaseMs,
    binding,
  }: {
    readonly worker: number
    readonly limit: number
    readonly leaseMs: number
    /** Nothing is claimed once another epoch is bound. */
    readonly binding: number | undefined
  },
): Promise<ClaimedColumns[]> {
  const parameters = [worker, limit, leaseMs, binding ?? null, unreadableCodes]
  return session.rows<ClaimedColumns & Record<string, unknown>>(statement, parameters)
}

// `(select now_ms())` is evaluated once: called per row, the function would prevent the use of the index.
const statement = {
  name: 'claim-records',
  text: `
    with due as (
      select id
      from record
      where lease_owner is null and dirty_seq > clean_seq and next_at <= (select now_ms())
        and not exists (select 1 from pause)
        and ($4::bigint is null or $4 = (select epoch - contracts from integration))
      order by next_at
      limit $2
      for no key update skip locked
    )
    update record r set
      lease_owner = $1,
      lease_epoch = r.lease_epoch + 1,
      lease_until = now_ms() + $3,
      claimed_look = case when r.claimed_look = '{}' then r.look else union_text(r.claimed_look, r.look) end,
      look = '{}',
      claimed_causes = add_causes(r.claimed_causes, r.causes),
      causes = '{}',
      claimed_seq = r.dirty_seq,
      attempts = r.attempts + 1
    from due
    where r.id = due.id
    returning ${recordColumns('r')}, r.lease_epoch as epoch, now_ms() as now,
      (select number from store_format) as format, (
      select max(f.count) from failure f
      where f.record_id = r.id and f.closed_at is null and f.code = any($5::text[])
    ) as unreadable`,
}
