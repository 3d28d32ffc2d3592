import type { MemberState, RecordState } from '../../../model/state.ts'
import type { Session } from '../database.ts'

/** Columns that the statement returns. */
export interface PairDetailColumns {
  readonly record_id: string
  readonly record_state: RecordState
  readonly system: string
  readonly rid: string | null
  readonly state: MemberState
  readonly lane_reason: string | null
  readonly made_here: boolean
  readonly deletion_waits: boolean
}

/** The members of duplicates' records in each system, and what waits there. */
export function readPairDetails(
  session: Session,
  recordIds: readonly string[],
): Promise<PairDetailColumns[]> {
  if (recordIds.length === 0) return Promise.resolve([])
  return session.rows<PairDetailColumns & Record<string, unknown>>(statement, [recordIds])
}

const statement = {
  name: 'read-pair-details',
  text: `
    select m.record_id, r.state as record_state, m.system, m.rid, m.state, m.lane_reason,
      exists (
        select 1 from intent i
        where i.record_id = m.record_id and i.system = m.system and i.operation = 'create' and i.state = 'done'
      ) as made_here,
      exists (
        select 1 from hold h
        where h.record_id = m.record_id and h.system = m.system and h.kind = 'delete-waits' and h.closed_at is null
      ) as deletion_waits
    from member m
    join record r on r.id = m.record_id
    where m.record_id = any($1::uuid[])
    order by m.record_id, m.system`,
}
