import type { Cause } from '../../../model/cause.ts'
import type { Session } from '../database.ts'
import { toText } from '../text.ts'
import type { Native } from './find-natives.ts'

/**
 * Creates candidates; a native id that was discovered concurrently by another transaction is left out of the
 * result.
 */
export async function discoverRecords(
  session: Session,
  natives: readonly (Native & { readonly causes: readonly Cause[] })[],
): Promise<Set<number>> {
  if (natives.length === 0) return new Set()
  const rows = await session.rows<{ n: number }>(statement, [
    natives.map(({ system }) => system),
    natives.map(({ entity }) => entity),
    natives.map(({ nativeId }) => toText(nativeId)),
    natives.map(({ causes }) => causes.join(',')),
  ])
  return new Set(rows.map(({ n }) => n - 1))
}

// The foreign key is checked when the statement ends: by then the record exists as well.
const statement = {
  name: 'discover-records',
  text: `
    with wanted as materialized (
      select new_id() as id, system, entity, rid, causes, n, now_ms() as now
      from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality
        as u (system, entity, rid, causes, n)
    ),
    fresh as (
      insert into member (record_id, system, entity, rid, state, linked_at, discovered_at)
      select id, system, entity, rid, 'unread', now, now from wanted
      on conflict (system, entity, rid) where rid is not null do nothing
      returning record_id
    ),
    inserted as (
      insert into record (id, entity, state, look, causes, discovered_at, next_at)
      select id, entity, 'candidate', array[system], string_to_array(causes, ','), now, now
      from wanted
      where id in (select record_id from fresh)
    )
    select n from wanted where id in (select record_id from fresh)`,
}
