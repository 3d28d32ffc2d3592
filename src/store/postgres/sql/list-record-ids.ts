import type { Session } from '../database.ts'

/** Active records, newest id first. */
export function listRecordIds(
  session: Session,
  entity: string,
  limit: number,
  before: string | undefined,
): Promise<{ id: string }[]> {
  return session.rows<{ id: string }>(statement, [entity, limit, before ?? null])
}

const statement = {
  name: 'list-record-ids',
  text: `
    select id
    from record
    where entity = $1 and state = 'active' and ($3::uuid is null or id < $3)
    order by id desc
    limit $2`,
}
