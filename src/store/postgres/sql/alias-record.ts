import type { Session } from '../database.ts'

/** The record becomes a tombstone that points to its survivor, and so do the records that pointed to it. */
export async function aliasRecord(session: Session, loserId: string, survivorId: string): Promise<void> {
  await session.rows(alias, [loserId, survivorId])
}

/** The merged counterpart keeps its native id, as gone, so that late events can be attributed to it. */
export async function loseMember(session: Session, recordId: string, system: string): Promise<void> {
  await session.rows(lose, [recordId, system])
}

/** Counterparts that move to another record. */
export async function emptyMembers(
  session: Session,
  recordId: string,
  systems: readonly string[],
): Promise<void> {
  if (systems.length > 0) await session.rows(empty, [recordId, systems])
}

const alias = {
  name: 'alias-record',
  text: `
    update record set
      alias_of = $2,
      state = case when id = $1 then 'tombstoned' else state end,
      tombstone_rev = case when id = $1 then rev else tombstone_rev end
    where id = $1 or alias_of = $1`,
}

const lose = {
  name: 'lose-member',
  text: `
    update member set
      state = 'gone', fields = null, shadow_mac = null, settle_at = null, gone_since = null, gone_confirmed_at = null,
      lane = 'open', lane_until = null, lane_reason = null, lane_attempts = 0
    where record_id = $1 and system = $2`,
}

const empty = {
  name: 'empty-members',
  text: `
    update member set rid = null, linked_at = null, state = 'absent'
    where record_id = $1 and system = any($2::text[])`,
}
