import type { Session } from '../database.ts'

/** One reservation at a time; the transactions are short. */
export async function lockGuard(session: Session, lockClass: number): Promise<void> {
  await session.rows(lock, [lockClass])
}

/** Changes counted in the last 24 hours; the oldest bucket counts whole, so the bound errs on the careful side. */
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

/** Adds to the count if the sum of the last 24 hours stays within the bound; answers whether it did. One statement, safe against others like it. */
export async function addWithin(
  session: Session,
  place: { readonly system: string; readonly entity: string; readonly operation: string },
  count: number,
  bound: number,
): Promise<boolean> {
  const { system, entity, operation } = place
  const rows = await session.rows<{ added: boolean }>(within, [system, entity, operation, count, bound])
  return rows.length > 0
}

export async function countLinked(session: Session, system: string, entity: string): Promise<number> {
  const [row] = await session.rows<{ linked: number }>(linked, [system, entity])
  return row?.linked ?? 0
}

// Entity locks are negative and far from the lowest number, workers positive.
const lock = { name: 'lock-guard', text: `select pg_advisory_xact_lock($1::integer, -2147483648)` }

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

// A row that others are adding to is waited for and judged by what they left in it; older hours don't change any more.
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
    where earlier.spent + $4::bigint <= $5::bigint
    on conflict (system, entity, operation, hour) do update set count = g.count + excluded.count
      where (select spent from earlier) + g.count + excluded.count <= $5::bigint
    returning true as added`,
}

const linked = {
  name: 'count-linked',
  text: `
    select count(*) as linked
    from member
    where system = $1 and entity = $2 and rid is not null and state = 'linked'`,
}
