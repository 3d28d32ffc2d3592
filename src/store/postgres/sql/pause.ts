import type { Pause } from '../../health-contract.ts'
import type { Session } from '../database.ts'
import { fromText, toText } from '../text.ts'

/** False when the work is paused already. */
export async function insertPause(
  session: Session,
  actor: string,
  reason: string | undefined,
): Promise<boolean> {
  return (await session.rows(insert, [toText(actor), toText(reason)])).length > 0
}

/** False when the work was not paused. */
export async function deletePause(session: Session): Promise<boolean> {
  return (await session.rows(remove, [])).length > 0
}

/** The pause by a person; undefined while work goes on. */
export async function readPause(session: Session): Promise<Pause | undefined> {
  const [row] = await session.rows<{ actor: string; reason: string | null; at: number }>(read, [])
  if (row === undefined) return undefined
  return {
    actor: fromText(row.actor),
    at: row.at,
    ...(row.reason === null ? {} : { reason: fromText(row.reason) }),
  }
}

const insert = {
  name: 'insert-pause',
  text: `
    insert into pause (actor, reason, at) values ($1, $2, now_ms())
    on conflict (only_row) do nothing
    returning at`,
}

const remove = { name: 'delete-pause', text: `delete from pause returning at` }

const read = { name: 'read-pause', text: `select actor, reason, at from pause` }
