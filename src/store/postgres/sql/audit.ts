import type { Session } from '../database.ts'

/** Remembers that the ends of the streams were stored elsewhere now. */
export async function saveAnchor(session: Session): Promise<void> {
  await session.rows(anchor, [])
}

const anchor = {
  name: 'save-anchor',
  text: `
    insert into anchor (at) values (now_ms())
    on conflict (only_row) do update set at = excluded.at`,
}

/** Whether this role may change lines of the audit trail, and when the streams were anchored last. */
export async function readProtection(
  session: Session,
): Promise<{ readonly append_only: boolean; readonly anchored_at: number | null }> {
  const [row] = await session.rows<{ append_only: boolean; anchored_at: number | null }>(protection, [])
  return row ?? { append_only: false, anchored_at: null }
}

const protection = {
  name: 'read-protection',
  text: `
    select not (
      has_table_privilege('audit', 'update') or has_table_privilege('audit', 'delete')
      or has_table_privilege('audit', 'truncate')
    ) as append_only, (select at from anchor) as anchored_at`,
}
