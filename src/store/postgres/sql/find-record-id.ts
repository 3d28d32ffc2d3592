import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/** The record that has this native record in a system; undefined when there is none. */
export async function findRecordId(
  session: Session,
  system: string,
  entity: string | undefined,
  nativeId: string,
): Promise<string | undefined> {
  const [row] = await session.rows<{ record_id: string }>(statement, [
    system,
    entity ?? null,
    toText(nativeId),
  ])
  return row?.record_id
}

const statement = {
  name: 'find-record-id',
  text: `
    select record_id
    from member
    where system = $1 and ($2::text is null or entity = $2) and rid = $3
    order by entity
    limit 1`,
}
