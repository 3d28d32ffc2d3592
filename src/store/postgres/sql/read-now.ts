import type { Session } from '../database.ts'

/** The clock of all times in the store. */
export async function readNow(session: Session): Promise<number> {
  const [row] = await session.rows<{ now: number }>(statement, [])
  return row?.now ?? 0
}

const statement = { name: 'read-now', text: `select now_ms() as now` }
