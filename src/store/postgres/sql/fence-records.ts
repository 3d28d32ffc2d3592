import type { Session } from '../database.ts'

/** Takes records from a worker, if one holds them: its later commits are fenced. */
export async function fenceRecords(session: Session, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await session.rows(statement, [ids])
}

const statement = {
  name: 'fence-records',
  text: `
    update record set
      lease_owner = null,
      lease_epoch = lease_epoch + 1,
      look = union_text(look, claimed_look),
      claimed_look = '{}',
      causes = add_causes(claimed_causes, causes),
      claimed_causes = '{}'
    where id = any($1::uuid[]) and lease_owner is not null`,
}
