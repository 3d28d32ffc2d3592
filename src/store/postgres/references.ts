/** Native ids to records and back. */
import type { ReferenceAnswer, ReferenceQuery } from '../contract.ts'
import type { Session } from './database.ts'
import { findReferences } from './sql/find-references.ts'
import { fromText } from './text.ts'

export async function resolveReferences(
  session: Session,
  queries: readonly ReferenceQuery[],
): Promise<readonly ReferenceAnswer[]> {
  if (queries.length === 0) return []
  const rows = await findReferences(session, queries)
  const found = new Map(rows.map((row) => [row.n - 1, row]))
  return queries.map((query, n) => {
    const row = found.get(n)
    const rid = row === undefined || row.rid === null ? query.rid : fromText(row.rid)
    return row === undefined || rid === undefined ? undefined : { recordId: row.record_id, rid }
  })
}
