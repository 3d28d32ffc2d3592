import type { Session } from '../database.ts'

/**
 * Makes records due that wait because calls to a system failed. Records that fall due within the spread
 * anyway are unchanged.
 */
export async function resumeWaiting(
  session: Session,
  { system, limit, spreadMs }: { readonly system: string; readonly limit: number; readonly spreadMs: number },
): Promise<number> {
  const rows = await session.rows<{ id: string }>(statement, [system, limit, spreadMs])
  return rows.length
}

// Failed calls are counted in `lane_attempts`. A lane that backs off or is in doubt has a time of its own, a
// held one waits for a person.
const statement = {
  name: 'resume-waiting',
  text: `
    with waiting as (
      select r.id
      from member m
      join record r on r.id = m.record_id
      where m.system = $1 and m.lane_attempts > 0 and m.lane in ('open', 'rejected', 'waiting')
        and r.lease_owner is null and r.dirty_seq > r.clean_seq and r.next_at > (select now_ms()) + $3
      limit $2
      for no key update of r skip locked
    )
    update record r set next_at = now_ms() + floor(random() * $3)::bigint
    from waiting
    where r.id = waiting.id
    returning r.id`,
}
