import type { Session } from '../database.ts'

/** Columns that the statement returns. */
export interface CrowdedKeyColumns {
  readonly entity: string
  readonly rule: number
  readonly holders: number
  readonly examples: readonly string[]
}

/**
 * Exact keys that more records hold than they can distinguish, the most common first. Reads the whole index,
 * so it runs only on a person's request.
 */
export function findCrowdedKeys(
  session: Session,
  holdersMax: number,
  limit: number,
): Promise<CrowdedKeyColumns[]> {
  return session.rows<CrowdedKeyColumns & Record<string, unknown>>(statement, [holdersMax, limit])
}

const statement = {
  name: 'find-crowded-keys',
  text: `
    select min(r.entity) as entity, min(k.rule)::integer as rule, count(*) as holders,
      (array_agg(k.record_id order by k.record_id))[1:3] as examples
    from match_key k
    join record r on r.id = k.record_id and r.state in ('candidate', 'review', 'active')
    where k.kind = 'exact'
    group by k.mac
    having count(*) > $1
    order by count(*) desc, min(k.record_id::text)
    limit $2`,
}
