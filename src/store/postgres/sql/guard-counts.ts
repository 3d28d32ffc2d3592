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

const linked = {
  name: 'count-linked',
  text: `
    select count(*) as linked
    from member
    where system = $1 and entity = $2 and rid is not null and state = 'linked'`,
}
