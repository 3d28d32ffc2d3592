import type { Session } from '../database.ts'

/**
 * One owner at a time: a new one only when the old one's time has elapsed. There is no owner while the work
 * is paused.
 */
export async function ownSchedule(session: Session, owner: string, ttlMs: number): Promise<boolean> {
  const rows = await session.rows<{ owner: string }>(own, [owner, ttlMs])
  return rows.length > 0
}

/** When a job was last done. */
export async function lastScheduled(session: Session, key: string): Promise<number | undefined> {
  const [row] = await session.rows<{ at: number }>(last, [key])
  return row?.at
}

/** Stores when a job was last done. */
export async function saveScheduled(session: Session, key: string, at: number): Promise<void> {
  await session.rows(save, [key, at])
}

const own = {
  name: 'own-schedule',
  text: `
    insert into schedule_owner as s (owner, until)
    select $1, now_ms() + $2::bigint where not exists (select 1 from pause)
    on conflict (only_row) do update set owner = excluded.owner, until = excluded.until
    where s.owner = excluded.owner or s.until <= now_ms()
    returning owner`,
}

const last = { name: 'last-scheduled', text: `select at from schedule where key = $1` }

const save = {
  name: 'save-scheduled',
  text: `
    insert into schedule (key, at) values ($1, $2)
    on conflict (key) do update set at = excluded.at`,
}
