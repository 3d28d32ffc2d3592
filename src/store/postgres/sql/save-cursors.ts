import type { CursorWrite } from '../../contract.ts'
import type { Session } from '../database.ts'
import { fromText, toText } from '../text.ts'

export async function saveCursors(session: Session, cursors: readonly CursorWrite[]): Promise<void> {
  if (cursors.length === 0) return
  // A row can be written once per statement; the last write of a batch counts.
  const last = new Map(cursors.map((cursor) => [JSON.stringify([cursor.system, cursor.entity]), cursor]))
  const rows = [...last.entries()].sort().map(([, cursor]) => cursor)
  await session.rows(save, [
    rows.map(({ system }) => system),
    rows.map(({ entity }) => entity),
    rows.map(({ position }) => toText(position)),
  ])
}

/** The position in a change feed; undefined before its first read. */
export async function readCursor(
  session: Session,
  system: string,
  entity: string,
): Promise<string | undefined> {
  const [row] = await session.rows<{ position: string }>(read, [system, entity])
  return row === undefined ? undefined : fromText(row.position)
}

/** Forgets the position in a change feed. */
export async function deleteCursor(session: Session, system: string, entity: string): Promise<void> {
  await session.rows(remove, [system, entity])
}

const save = {
  name: 'save-cursors',
  text: `
    insert into cursor as c (system, entity, position, at)
    select system, entity, position, now_ms()
    from unnest($1::text[], $2::text[], $3::text[]) as u (system, entity, position)
    on conflict (system, entity) do update set position = excluded.position, at = excluded.at`,
}

const read = {
  name: 'read-cursor',
  text: `select position from cursor where system = $1 and entity = $2`,
}

const remove = {
  name: 'delete-cursor',
  text: `delete from cursor where system = $1 and entity = $2`,
}
