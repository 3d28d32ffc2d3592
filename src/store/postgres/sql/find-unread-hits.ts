import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/** A native record that a search found, for the create of another record. */
export interface SearchHit {
  /** Groups the hits of one create. */
  readonly n: number
  readonly system: string
  readonly entity: string
  readonly nativeId: string
  /** When the search began. */
  readonly since: number
}

/**
 * By create: it has a hit that was not read since the search. A hit that will not be read for a while (in
 * quarantine, under review, deleted) is ignored, and so is one whose pass has ended.
 */
export async function findUnreadHits(
  session: Session,
  hits: readonly SearchHit[],
): Promise<ReadonlySet<number>> {
  if (hits.length === 0) return new Set()
  const rows = await session.rows<{ n: number }>(statement, [
    hits.map(({ n }) => n),
    hits.map(({ system }) => system),
    hits.map(({ entity }) => entity),
    hits.map(({ nativeId }) => toText(nativeId)),
    hits.map(({ since }) => since),
  ])
  return new Set(rows.map(({ n }) => n))
}

const statement = {
  name: 'find-unread-hits',
  text: `
    select distinct u.n
    from unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::bigint[])
      as u (n, system, entity, rid, since)
    join member m on m.system = u.system and m.entity = u.entity and m.rid = u.rid
      and m.asof < u.since and m.lane <> 'quarantined'
    join record r on r.id = m.record_id and r.dirty_seq > r.clean_seq
      and r.state in ('candidate', 'active', 'deleting', 'ignored')`,
}
