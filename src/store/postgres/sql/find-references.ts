import type { ReferenceQuery } from '../../contract.ts'
import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/** Columns that the statement returns. */
export interface ReferenceColumns {
  readonly n: number
  readonly record_id: string
  /** Native id of the record in the requested system, if it has one there. */
  readonly rid: string | null
}

/**
 * Merged records return their survivor; candidates return nothing, since it is unknown which record they
 * belong to. A native id that its own system merged into another one belongs to that one, wherever the rest
 * of its record went.
 */
export function findReferences(
  session: Session,
  queries: readonly ReferenceQuery[],
): Promise<ReferenceColumns[]> {
  return session.rows<ReferenceColumns & Record<string, unknown>>(statement, [
    queries.map(({ system }) => system),
    queries.map(({ entity }) => entity),
    queries.map(({ nativeId }) => toText(nativeId)),
    queries.map(({ recordId }) => recordId ?? null),
  ])
}

const statement = {
  name: 'find-references',
  text: `
    with found as (
      select u.n, u.system, u.entity, coalesce(u.record_id, m.record_id) as record_id,
        u.record_id is null and m.state = 'gone' as is_gone
      from unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) with ordinality
        as u (system, entity, rid, record_id, n)
      left join member m
        on u.record_id is null and m.system = u.system and m.entity = u.entity and m.rid = u.rid
    )
    select f.n, owner.id as record_id, counterpart.rid
    from found f
    join record r on r.id = f.record_id and r.entity = f.entity
    left join lateral (
      select coalesce(s.alias_of, s.id) as id
      from duplicate d
      join record s on s.id = d.survivor_id
      where f.is_gone and r.alias_of is not null and d.cause = 'merge' and d.system = f.system
        and d.survivor_id <> r.id and (d.record_id = r.id or d.other_id = r.id)
      order by d.id
      limit 1
    ) merged on true
    join record owner on owner.id = coalesce(merged.id, r.alias_of, r.id) and owner.state not in ('candidate', 'review')
    left join member counterpart
      on counterpart.record_id = owner.id and counterpart.system = f.system and counterpart.state <> 'gone'`,
}
