import type { Session } from '../database.ts'

/**
 * Waits for passes that are committing the targets of these records' dependencies. Without it, a target that
 * gets its counterpart while the dependency is being written would see no dependency, and the dependency no
 * counterpart: the waiting record would wait indefinitely.
 */
export async function shareTargets(session: Session, recordIds: readonly string[]): Promise<void> {
  await session.rows(statement, [recordIds])
}

const statement = {
  name: 'share-targets',
  text: `
    select r.id
    from record r
    where r.id in (
      select target_record_id from dependency where record_id = any($1::uuid[])
      union
      select m.record_id
      from dependency d
      join member m on m.system = d.target_system and m.entity = d.target_entity and m.rid = d.target_rid
      where d.record_id = any($1::uuid[])
    )
    and r.id <> all($1::uuid[])
    order by r.id
    for share`,
}
