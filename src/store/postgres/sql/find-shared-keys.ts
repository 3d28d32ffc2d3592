import type { Session } from '../database.ts'

/** Keys of a record; its registered keys are ignored when new ones are given. */
export interface KeyQuery {
  /** Groups the keys of one query. */
  readonly n: number
  readonly recordId: string
  readonly system: string
  readonly mac: Uint8Array
}

/**
 * By query: another record with a native record of that system and the same exact key, unless a person kept
 * them apart.
 */
export async function findSharedKeys(
  session: Session,
  queries: readonly KeyQuery[],
): Promise<ReadonlyMap<number, string>> {
  if (queries.length === 0) return new Map()
  const rows = await session.rows<{ n: number; other_id: string }>(statement, [
    queries.map(({ n }) => n),
    queries.map(({ recordId }) => recordId),
    queries.map(({ system }) => system),
    queries.map(({ mac }) => mac),
  ])
  return new Map(rows.map((row) => [row.n, row.other_id]))
}

const statement = {
  name: 'find-shared-keys',
  text: `
    select distinct on (u.n) u.n, k.record_id as other_id
    from unnest($1::integer[], $2::uuid[], $3::text[], $4::bytea[]) as u (n, record_id, system, mac)
    join match_key k on k.mac = u.mac and k.kind = 'exact' and k.record_id <> u.record_id
    join record r on r.id = k.record_id and r.state in ('candidate', 'review', 'active', 'deleting')
    join member m on m.record_id = k.record_id and m.system = u.system and m.rid is not null
    where not exists (
      select 1 from kept_apart a
      where a.record_id = least(u.record_id, k.record_id) and a.other_id = greatest(u.record_id, k.record_id)
    )
    order by u.n, k.rule, k.record_id`,
}
