/** The schemas of resources, as reported by systems. */
import type { AdminStore, SchemaRow } from '../admin-contract.ts'
import { appendJournal, key, type MemoryContext } from './tables.ts'

/** Implements `AdminStore.schemas`. */
export function listSchemas({ tables }: MemoryContext): readonly SchemaRow[] {
  const order = (row: SchemaRow): string => key(row.system, row.resource)
  return [...tables.schemas.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1))
}

/** Implements `AdminStore.saveSchema`. */
export function saveSchema(
  { tables, now }: MemoryContext,
  { system, resource, schema }: Parameters<AdminStore['saveSchema']>[0],
): SchemaRow | undefined {
  const place = key(system, resource)
  const before = tables.schemas.get(place)
  const accepted = before ?? { accepted: schema, acceptedAt: now() }
  tables.schemas.set(place, {
    system,
    resource,
    accepted: accepted.accepted,
    acceptedAt: accepted.acceptedAt,
    seen: schema,
    seenAt: now(),
  })
  return before
}

/** Implements `AdminStore.acceptSchemas`. */
export function acceptSchemas(
  context: MemoryContext,
  { system, resource }: Parameters<AdminStore['acceptSchemas']>[0],
  actor: string,
): number {
  const { tables, now } = context
  const changed = listSchemas(context).filter(
    (row) =>
      row.system === system &&
      (resource === undefined || row.resource === resource) &&
      row.accepted !== row.seen,
  )
  for (const row of changed)
    tables.schemas.set(key(row.system, row.resource), { ...row, accepted: row.seen, acceptedAt: now() })
  const body = { acceptedSchema: system, resources: changed.map((row) => row.resource) }
  if (changed.length > 0) appendJournal(context, [{ kind: 'person', actor, body }])
  return changed.length
}
