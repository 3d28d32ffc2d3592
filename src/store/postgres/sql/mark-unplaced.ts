import type { Session } from '../database.ts'

/** Makes the next active records due that have no member row for the system; returns their ids. */
export async function markUnplaced(
  session: Session,
  {
    system,
    entity,
    after,
    limit,
  }: {
    readonly system: string
    readonly entity: string
    readonly after?: string
    readonly limit: number
  },
): Promise<readonly string[]> {
  const rows = await session.rows<{ id: string }>(statement, [entity, system, after ?? null, limit])
  return rows.map(({ id }) => id).sort()
}

const statement = {
  name: 'mark-unplaced',
  text: `
    with unplaced as (
      select r.id
      from record r
      where r.entity = $1 and r.state = 'active' and ($3::uuid is null or r.id > $3)
        and not exists (select 1 from member m where m.record_id = r.id and m.system = $2::text)
      order by r.id
      limit $4
      for no key update
    )
    update record r set
      next_at = case when r.dirty_seq > r.clean_seq then least(r.next_at, now_ms()) else now_ms() end,
      dirty_seq = r.dirty_seq + 1,
      causes = add_causes(r.causes, array['definition']),
      dirty_since = coalesce(r.dirty_since, now_ms()),
      look = union_text(r.look, array[$2::text])
    from unplaced
    where r.id = unplaced.id
    returning r.id`,
}
