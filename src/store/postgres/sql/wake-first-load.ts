import type { Session } from '../database.ts'

/** Records whose create waits until this place was listed are due at once: the list has completed. */
export async function wakeFirstLoad(session: Session, system: string, entity: string): Promise<void> {
  await session.rows(statement, [system, entity])
}

const statement = {
  name: 'wake-first-load',
  text: `
    with waiting as (
      select r.id
      from member m
      join record r on r.id = m.record_id
      where m.system = $1 and m.entity = $2 and m.lane = 'waiting' and m.lane_reason = 'first-load'
        and r.dirty_seq > r.clean_seq and r.next_at > now_ms()
      order by r.id
      for no key update of r
    )
    update record r set next_at = now_ms() from waiting where r.id = waiting.id`,
}
