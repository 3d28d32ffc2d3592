import type { Session } from '../database.ts'

/** Returns which of these records have an open duplicate, with the other record of one. */
export async function findDuplicateCreates(
  session: Session,
  recordIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (recordIds.length === 0) return new Map()
  const rows = await session.rows<{ id: string; other_id: string }>(statement, [recordIds])
  return new Map(rows.map((row) => [row.id, row.other_id]))
}

const statement = {
  name: 'find-duplicate-creates',
  text: `
    select own.id, other.id as other_id
    from unnest($1::uuid[]) as own (id)
    cross join lateral (
      select other_id as id from duplicate where record_id = own.id and state = 'open'
      union all
      select record_id from duplicate where other_id = own.id and state = 'open'
      limit 1
    ) other`,
}
