import type { Session } from '../database.ts'

/** When the next dirty record falls due. */
export async function nextDue(session: Session): Promise<number | undefined> {
  const [row] = await session.rows<{ next_at: number }>(statement, [])
  return row?.next_at
}

const statement = {
  name: 'next-due',
  text: `
    select next_at
    from record
    where lease_owner is null and dirty_seq > clean_seq
    order by next_at
    limit 1`,
}
