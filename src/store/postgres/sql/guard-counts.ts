import type { Session } from '../database.ts'

/**
 * Changes counted in the last 24 hours; the oldest bucket counts as a whole, so the bound is conservative.
 */
export async function readSpent(
  session: Session,
  system: string,
  entity: string,
  operation: string,
): Promise<number> {
  const [row] = await session.rows<{ spent: number }>(read, [system, entity, operation])
  return row?.spent ?? 0
}

export async function addSpent(
  session: Session,
  system: string,
  entity: string,
  operation: string,
  count: number,
): Promise<void> {
  await session.rows(add, [system, entity, operation, count])
}

/**
 * Adds `total` to the count if the sum of the last 24 hours and `added` stay within the bound; returns
 * whether it did. One statement, safe against others like it. `total` is less than `added` where changes are
 * returned at the same time.
 */
export async function addWithin(
  session: Session,
  place: { readonly system: string; readonly entity: string; readonly operation: string },
  { added, total, bound }: { readonly added: number; readonly total: number; readonly bound: number },
): Promise<boolean> {
  const { system, entity, operation } = place
  const values = [system, entity, operation, total, added, bound]
  const rows = await session.rows<{ added: boolean }>(within, values)
  return rows.length > 0
}

export async function countLinked(session: Session, system: string, entity: string): Promise<number> {
  const [row] = await session.rows<{ linked: number }>(linked, [system, entity])
  return row?.linked ?? 0
}

const read = {
  name: 'read-spent',
  text: `
    select coalesce(sum(count), 0)::bigint as spent
    from guard_count
    where system = $1 and entity = $2 and operation = $3 and hour >= now_ms() / 3600000 - 24`,
}

const add = {
  name: 'add-spent',
  text: `
    insert into guard_count as g (system, entity, operation, hour, count)
    values ($1, $2, $3, now_ms() / 3600000, $4)
    on conflict (system, entity, operation, hour) do update set count = g.count + excluded.count`,
}

// Concurrent updates of a row are serialised, and each is evaluated with the previous result; older hours
// don't change any more.
const within = {
  name: 'add-within',
  text: `
    with earlier as (
      select coalesce(sum(count), 0) as spent
      from guard_count
      where system = $1 and entity = $2 and operation = $3
        and hour >= now_ms() / 3600000 - 24 and hour < now_ms() / 3600000
    )
    insert into guard_count as g (system, entity, operation, hour, count)
    select $1, $2, $3, now_ms() / 3600000, $4::bigint
    from earlier
    where earlier.spent + $5::bigint <= $6::bigint
    on conflict (system, entity, operation, hour) do update set count = g.count + excluded.count
      where (select spent from earlier) + g.count + $5::bigint <= $6::bigint
    returning true as added`,
}

const linked = {
  name: 'count-linked',
  text: `
    select count(*) as linked
    from member
    where system = $1 and entity = $2 and rid is not null and state = 'linked'`,
}
