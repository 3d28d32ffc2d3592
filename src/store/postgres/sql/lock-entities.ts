import type { Session } from '../database.ts'

/**
 * Matching and creating exclude each other per entity until the transaction ends: otherwise a candidate that
 * registers its keys and a create that looks for them could miss each other. Locked before any row. The
 * transactions take a few milliseconds.
 */
export async function lockEntities(
  session: Session,
  lockClass: number,
  entities: readonly string[],
): Promise<void> {
  if (entities.length === 0) return
  await session.rows(statement, [lockClass, [...new Set(entities)].sort()])
}

// Hashes of entity names are negative, worker numbers positive: they share a lock class without collisions.
const statement = {
  name: 'lock-entities',
  text: `
    select pg_advisory_xact_lock($1::integer, key)
    from (select distinct -1 - (hashtext(entity) & 1073741823) as key from unnest($2::text[]) as entity order by 1) keys`,
}
