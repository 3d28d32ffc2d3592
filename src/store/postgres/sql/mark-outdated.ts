import type { MarkPlaceRequest } from '../../binding-contract.ts'
import type { Session } from '../database.ts'

/**
 * Makes the next records due whose member in the system was read through another lens set than the current
 * one; returns their ids.
 */
export async function markOutdated(
  session: Session,
  { system, entity, after, limit }: MarkPlaceRequest,
): Promise<readonly string[]> {
  const rows = await session.rows<{ id: string }>(statement, [entity, system, after ?? null, limit])
  return rows.map(({ id }) => id).sort()
}

const statement = {
  name: 'mark-outdated',
  text: `
    with outdated as (
      select r.id
      from record r
      join member m on m.record_id = r.id and m.system = $2::text
      where r.entity = $1 and r.state in ('active', 'ignored') and ($3::uuid is null or r.id > $3)
        and m.rid is not null
        and coalesce(m.lens, (select id from lens_set where system = $2 and entity = $1 and legacy))
          is distinct from (select id from lens_set where system = $2 and entity = $1 and current)
        and exists (select 1 from lens_set where system = $2 and entity = $1 and current)
      order by r.id
      limit $4
      for no key update of r
    )
    update record r set
      next_at = case when r.dirty_seq > r.clean_seq then least(r.next_at, now_ms()) else now_ms() end,
      dirty_seq = r.dirty_seq + 1,
      dirty_since = coalesce(r.dirty_since, now_ms()),
      causes = add_causes(r.causes, array['definition']),
      look = union_text(r.look, array[$2::text])
    from outdated
    where r.id = outdated.id
    returning r.id`,
}
