import type { Session } from '../database.ts'

export interface NewLink {
  readonly recordId: string
  readonly system: string
  readonly entity: string
  /** As stored in the column. */
  readonly storedNativeId: string
}

/**
 * Counterparts without a base: their values are compared with nothing, and never overwritten before they were
 * read. Values that were sent before there was a counterpart are our own if they appear in it now.
 */
export async function linkMembers(session: Session, links: readonly NewLink[]): Promise<void> {
  if (links.length === 0) return
  await session.rows(statement, [
    links.map(({ recordId }) => recordId),
    links.map(({ system }) => system),
    links.map(({ entity }) => entity),
    links.map(({ storedNativeId }) => storedNativeId),
  ])
}

const statement = {
  name: 'link-members',
  text: `
    insert into member as m (record_id, system, entity, rid, state, linked_at)
    select record_id, system, entity, rid, 'linked', now_ms()
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as u (record_id, system, entity, rid)
    on conflict (record_id, system) do update set
      rid = excluded.rid,
      state = excluded.state,
      linked_at = excluded.linked_at,
      fields = case when m.state = 'absent' then m.fields end,
      shadow_mac = null,
      floor = null,
      absorbed_version = null,
      asof = 0,
      settle_at = null,
      lane = 'open',
      lane_until = null,
      lane_reason = null,
      lane_attempts = 0,
      gone_since = null,
      gone_confirmed_at = null,
      reappeared_at = null,
      create_wanted_at = null,
      evidence = null`,
}
