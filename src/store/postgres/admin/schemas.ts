/** The schemas of resources, as reported by systems. */
import type { AdminStore, SchemaRow } from '../../admin-contract.ts'
import type { PostgresContext } from '../context.ts'
import { acceptSeen, readSchemas, type SchemaColumns, upsertSchema } from '../sql/resource-schemas.ts'

/** Implements `AdminStore.schemas`. */
export async function listSchemas({ database }: PostgresContext): Promise<readonly SchemaRow[]> {
  return (await readSchemas(database.session('reading schemas'))).map(toRow)
}

/** Implements `AdminStore.saveSchema`. */
export async function saveSchema(
  { database }: PostgresContext,
  { system, resource, schema }: Parameters<AdminStore['saveSchema']>[0],
): Promise<SchemaRow | undefined> {
  const before = await database.transaction('keeping a schema', (session) =>
    upsertSchema(session, system, resource, schema),
  )
  return before === undefined ? undefined : toRow(before)
}

/** Implements `AdminStore.acceptSchemas`. */
export async function acceptSchemas(
  context: PostgresContext,
  { system, resource }: Parameters<AdminStore['acceptSchemas']>[0],
  actor: string,
): Promise<number> {
  return context.journal.borrow((append) =>
    context.database.transaction('accepting schemas', async (session) => {
      const accepted = await acceptSeen(session, system, resource)
      const [first] = accepted
      if (first === undefined) return 0
      const body = { acceptedSchema: system, resources: accepted.map((one) => one.resource).sort() }
      await append(session, [{ kind: 'person', actor, body }], first.now)
      return accepted.length
    }),
  )
}

function toRow(row: SchemaColumns): SchemaRow {
  return {
    system: row.system,
    resource: row.resource,
    accepted: row.accepted,
    acceptedAt: row.accepted_at,
    seen: row.seen,
    seenAt: row.seen_at,
  }
}
