import type { Session } from '../database.ts'
import { holdersMax } from './refresh-duplicates.ts'

/** Columns that the statement returns. */
export interface MatterColumns {
  readonly duplicates: readonly {
    readonly recordId: string
    readonly cause: 'key' | 'merge'
    readonly survivorId: string | null
  }[]
  readonly matches: readonly string[]
  readonly unread: boolean
}

/** Maximum number of named records, as many as a person can review at once. */
const namedMax = 10

/**
 * Returns what is undecided about a record, and whether an unread native record of that system was discovered
 * before a time.
 */
export async function findOpenMatters(
  session: Session,
  query: {
    readonly recordId: string
    readonly system: string
    readonly entity: string
    readonly before: number
  },
): Promise<MatterColumns> {
  const [row] = await session.rows<MatterColumns & Record<string, unknown>>(statement, [
    query.recordId,
    query.system,
    query.entity,
    query.before,
    namedMax,
    holdersMax,
  ])
  return row ?? { duplicates: [], matches: [], unread: false }
}

// A candidate that could not be read is ignored: it would hold the deletion for as long as that persists.
const statement = {
  name: 'find-open-matters',
  text: `
    select
      coalesce((
        select json_agg(pair)
        from (
          select case when record_id = $1::uuid then other_id else record_id end as "recordId", cause,
            survivor_id as "survivorId"
          from duplicate
          where state = 'open' and (record_id = $1::uuid or other_id = $1::uuid)
          order by at, id
          limit $5
        ) pair
      ), '[]'::json) as duplicates,
      array(
        select distinct k.record_id
        from match_key mine
        join match_key k on k.mac = mine.mac and k.kind = 'exact' and k.record_id <> mine.record_id
        join record r on r.id = k.record_id and r.state in ('candidate', 'review')
        where mine.record_id = $1::uuid and mine.kind = 'exact'
          and not exists (
            select 1 from kept_apart a
            where a.record_id = least($1::uuid, k.record_id) and a.other_id = greatest($1::uuid, k.record_id)
          )
          and (select count(*) from (select from match_key h where h.mac = mine.mac limit $6 + 1) holder) <= $6
        limit $5
      ) as matches,
      exists (
        select 1
        from member m
        join record r on r.id = m.record_id and r.dirty_seq > r.clean_seq
        where m.system = $2 and m.entity = $3 and m.state = 'unread'
          and m.lane not in ('quarantined', 'backoff')
          and r.state = 'candidate' and m.discovered_at < $4
      ) as unread`,
}
