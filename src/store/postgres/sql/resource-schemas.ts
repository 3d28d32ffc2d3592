import type { Session } from '../database.ts'

/** Columns that the statement returns. */
export interface SchemaColumns {
  readonly system: string
  readonly resource: string
  readonly accepted: string
  readonly accepted_at: number
  readonly seen: string
  readonly seen_at: number
}

export async function readSchemas(session: Session): Promise<readonly SchemaColumns[]> {
  return session.rows<SchemaColumns>(all, [])
}

/** Returns the previous row. */
export async function upsertSchema(
  session: Session,
  system: string,
  resource: string,
  schema: string,
): Promise<SchemaColumns | undefined> {
  const [before] = await session.rows<SchemaColumns>(one, [system, resource])
  await session.rows(upsert, [system, resource, schema])
  return before
}

/** Returns the resources whose accepted form changed. */
export async function acceptSeen(
  session: Session,
  system: string,
  resource: string | undefined,
): Promise<readonly { readonly resource: string; readonly now: number }[]> {
  return session.rows<{ resource: string; now: number }>(accept, [system, resource ?? null])
}

const columns = 'system, resource, accepted, accepted_at, seen, seen_at'

const all = {
  name: 'read-schemas',
  text: `select ${columns} from resource_schema order by system, resource`,
}

const one = {
  name: 'read-schema',
  text: `select ${columns} from resource_schema where system = $1 and resource = $2 for update`,
}

const upsert = {
  name: 'upsert-schema',
  text: `
    insert into resource_schema (system, resource, accepted, accepted_at, seen, seen_at)
    values ($1, $2, $3, now_ms(), $3, now_ms())
    on conflict (system, resource) do update set seen = excluded.seen, seen_at = excluded.seen_at`,
}

const accept = {
  name: 'accept-schemas',
  text: `
    update resource_schema set accepted = seen, accepted_at = now_ms()
    where system = $1 and ($2::text is null or resource = $2) and accepted <> seen
    returning resource, now_ms() as now`,
}
