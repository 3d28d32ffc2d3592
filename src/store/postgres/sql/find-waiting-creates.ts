import type { Session } from '../database.ts'

export interface CreateCheck {
  readonly entity: string
  readonly system: string
  /** Candidates discovered before this must have been read. */
  readonly readUpTo: number
}

/**
 * Indexes of the creates that an older unread candidate could make superfluous. A candidate in quarantine, or
 * at rest (under review, ignored), is ignored: it may stay so indefinitely.
 */
export async function findWaitingCreates(
  session: Session,
  checks: readonly CreateCheck[],
): Promise<ReadonlySet<number>> {
  if (checks.length === 0) return new Set()
  const rows = await session.rows<{ n: number }>(statement, [
    checks.map(({ system }) => system),
    checks.map(({ entity }) => entity),
    checks.map(({ readUpTo }) => readUpTo),
  ])
  return new Set(rows.map(({ n }) => n - 1))
}

// The oldest unread candidate is found once per (system, entity), not once per create.
const statement = {
  name: 'find-waiting-creates',
  text: `
    with checked as (
      select * from unnest($1::text[], $2::text[], $3::bigint[]) with ordinality as u (system, entity, read_up_to, n)
    ),
    oldest as (
      select lane.system, lane.entity, (
        select m.discovered_at
        from member m
        join record r on r.id = m.record_id and r.dirty_seq > r.clean_seq
        where m.system = lane.system and m.entity = lane.entity and m.state = 'unread' and m.lane <> 'quarantined'
        order by m.discovered_at
        limit 1
      ) as discovered_at
      from (select distinct system, entity from checked) lane
    )
    select c.n
    from checked c
    join oldest o on o.system = c.system and o.entity = c.entity
    where o.discovered_at < c.read_up_to`,
}
