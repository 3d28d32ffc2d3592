import type { Session } from '../database.ts'

/** The entities of records, without locking them. */
export async function entitiesOf(session: Session, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return []
  const rows = await session.rows<{ entity: string }>(statement, [ids])
  return rows.map(({ entity }) => entity)
}

const statement = {
  name: 'entities-of',
  text: `select distinct entity from record where id = any($1::uuid[])`,
}
