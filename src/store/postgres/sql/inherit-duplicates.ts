import type { Session } from '../database.ts'

/**
 * A possible duplicate of a record is a possible duplicate of the record that it becomes part of: its open
 * duplicates pass on. `system` is the one that merged the two, if one did. Pairs that are kept apart stay
 * apart.
 */
export async function inheritDuplicates(
  session: Session,
  loserId: string,
  survivorId: string,
  system: string | null,
): Promise<void> {
  await session.rows(statement, [loserId, survivorId, system])
}

const statement = {
  name: 'inherit-duplicates',
  text: `
    insert into duplicate as d (entity, record_id, other_id, cause, system, survivor_id, state, at)
    select p.entity, least($2::uuid, p.id), greatest($2::uuid, p.id), 'merge', coalesce(p.system, $3::text),
      case when p.survivor_id = $1::uuid then $2::uuid else p.survivor_id end, 'open', now_ms()
    from (
      select entity, system, survivor_id, case when record_id = $1::uuid then other_id else record_id end as id
      from duplicate
      where state = 'open' and (record_id = $1::uuid or other_id = $1::uuid)
    ) p
    where p.id <> $2::uuid
      and not exists (
        select 1 from kept_apart k
        where k.record_id = least($2::uuid, p.id) and k.other_id = greatest($2::uuid, p.id)
      )
    on conflict (record_id, other_id) do update set
      state = 'open', cause = 'merge', system = excluded.system, survivor_id = excluded.survivor_id,
      at = excluded.at, closed_at = null, decided_by = null, before = null
    where d.state <> 'open' or (d.cause = 'key' and excluded.survivor_id is not null)`,
}
