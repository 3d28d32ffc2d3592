import type { Session } from '../database.ts'

/** Answers the id that the schema is bound to: the given one if it was free. */
export async function bindIntegration(session: Session, id: string, version: string): Promise<string> {
  const [row] = await session.rows<{ id: string }>(bind, [id, version])
  if (row !== undefined) return row.id
  const [bound] = await session.rows<{ id: string }>(read, [])
  return bound?.id ?? id
}

export async function saveDefinition(session: Session, version: string, document: Uint8Array): Promise<void> {
  await session.rows(save, [version, document])
}

const bind = {
  name: 'bind-integration',
  text: `
    insert into integration as i (id, version) values ($1, $2)
    on conflict (only_row) do update set version = excluded.version where i.id = excluded.id
    returning id`,
}

const read = { name: 'read-integration', text: `select id from integration` }

const save = {
  name: 'save-definition',
  text: `
    insert into definition (version, document, at) values ($1, $2, now_ms())
    on conflict (version) do nothing`,
}
