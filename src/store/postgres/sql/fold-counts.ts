import type { Session } from '../database.ts'

/** Changes added to the kept counts in one statement. */
const atOnce = 20_000

/** Adds the changes so far to the kept counts. Returns the number of changes; at the limit there may be more. */
export async function foldCounts(
  session: Session,
): Promise<{ readonly folded: number; readonly more: boolean }> {
  const [row] = await session.rows<{ folded: number }>(statement, [])
  const folded = row?.folded ?? 0
  return { folded, more: folded >= atOnce }
}

// Changes that another process is adding at the moment are left to it.
const statement = {
  name: 'fold-counts',
  text: `
    with gone as (
      delete from count_change
      where ctid = any (array(select ctid from count_change limit ${atOnce} for update skip locked))
      returning subject, system, entity, value, count, linked
    ),
    added as (
      insert into kept_count as k (subject, system, entity, value, count, linked)
      select subject, system, entity, value, sum(count), sum(linked)
      from gone
      group by subject, system, entity, value
      having sum(count) <> 0 or sum(linked) <> 0
      order by subject, system, entity, value
      on conflict (subject, system, entity, value) do update
        set count = k.count + excluded.count, linked = k.linked + excluded.linked
    )
    select count(*) as folded from gone`,
}
