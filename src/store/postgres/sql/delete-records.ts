import type { Session } from '../database.ts'

/** Deletes records with all their dependent rows. */
export async function deleteRecords(session: Session, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await session.rows(statement, [ids])
}

const statement = {
  name: 'delete-records',
  text: `delete from record where id = any($1::uuid[])`,
}
