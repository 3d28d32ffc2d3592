import type { Session } from '../database.ts'
import { type RecordColumns, recordColumns } from './record-columns.ts'

/** The rows of these records. */
export function readRecords(session: Session, ids: readonly string[]): Promise<RecordColumns[]> {
  return session.rows<RecordColumns & Record<string, unknown>>(statement, [ids])
}

const statement = {
  name: 'read-records',
  text: `select ${recordColumns('r')} from record r where r.id = any($1::uuid[])`,
}
