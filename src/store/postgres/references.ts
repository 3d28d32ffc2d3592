/** Native ids to records and back. */
import type { ReferenceQuery, ReferenceResponse } from '../contract.ts'
import type { Session } from './database.ts'
import { findReferences } from './sql/find-references.ts'
import { fromText } from './text.ts'

/** Implements `Store.resolveReferences`. */
export async function resolveReferences(
  session: Session,
  queries: readonly ReferenceQuery[],
): Promise<readonly ReferenceResponse[]> {
  if (queries.length === 0) return []
  const rows = await findReferences(session, queries)
  const found = new Map(rows.map((row) => [row.n - 1, row]))
  return queries.map((query, n) => {
    const row = found.get(n)
    const nativeId = row === undefined || row.rid === null ? query.nativeId : fromText(row.rid)
    return row === undefined || nativeId === undefined ? undefined : { recordId: row.record_id, nativeId }
  })
}
