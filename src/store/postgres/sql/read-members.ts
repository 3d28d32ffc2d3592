import type { LaneState } from '../../../model/lane.ts'
import type { MemberState } from '../../../model/state.ts'
import type { Session } from '../database.ts'

/** Columns that the statement returns. */
export interface MemberColumns {
  readonly record_id: string
  readonly system: string
  readonly entity: string
  readonly rid: string | null
  readonly state: MemberState
  readonly fields: Uint8Array | null
  readonly floor: string | null
  readonly absorbed_version: string | null
  readonly asof: number
  readonly settle_at: number | null
  readonly lane: LaneState
  readonly lane_until: number | null
  readonly lane_reason: string | null
  readonly lane_attempts: number
  readonly gone_since: number | null
  readonly gone_confirmed_at: number | null
  readonly reappeared_at: number | null
  readonly create_wanted_at: number | null
  readonly lens: number | null
  readonly evidence: string | null
}

/** The members of these records. */
export function readMembers(session: Session, recordIds: readonly string[]): Promise<MemberColumns[]> {
  return session.rows<MemberColumns & Record<string, unknown>>(statement, [recordIds])
}

const statement = {
  name: 'read-members',
  text: `
    select record_id, system, entity, rid, state, fields, floor, absorbed_version, asof, settle_at,
      lane, lane_until, lane_reason, lane_attempts, gone_since, gone_confirmed_at, reappeared_at,
      create_wanted_at, lens, evidence
    from member
    where record_id = any($1::uuid[])
    order by record_id, system`,
}
