import type { Session } from '../database.ts'
import type { DirtyMark } from './mark-dirty.ts'

/**
 * Deletes the satisfied dependencies of waiting records and on targets, opens the lanes that waited, and
 * returns the records to be marked. A record is a target by its id once it has a counterpart in the system,
 * or by a native id once it is more than a candidate.
 */
export async function releaseDependencies(
  session: Session,
  { waiting, targets }: { readonly waiting: readonly string[]; readonly targets: readonly string[] },
): Promise<readonly DirtyMark[]> {
  if (waiting.length === 0 && targets.length === 0) return []
  const rows = await session.rows<{
    record_id: string
    system: string
    target_system: string | null
  }>(statement, [waiting, targets])
  return rows.flatMap(({ record_id: recordId, system, target_system: other }) => [
    { recordId, system, cause: 'record' as const },
    ...(other === null ? [] : [{ recordId, system: other, cause: 'record' as const }]),
  ])
}

const statement = {
  name: 'release-dependencies',
  text: `
    with concerned as (
      select d.ctid as at, d.* from dependency d where d.record_id = any($1::uuid[])
      union
      select d.ctid, d.* from dependency d where d.target_record_id = any($2::uuid[])
      union
      select d.ctid, d.*
      from member m
      join dependency d on d.target_system = m.system and d.target_entity = m.entity and d.target_rid = m.rid
      where m.record_id = any($2::uuid[])
    ),
    satisfied as (
      select c.at
      from concerned c
      where exists (
        select 1 from member m
        where m.record_id = c.target_record_id and m.system = c.system and m.rid is not null and m.state <> 'gone'
      )
      or exists (
        select 1
        from member m
        join record r on r.id = m.record_id
        where m.system = c.target_system and m.entity = c.target_entity and m.rid = c.target_rid
          and r.state not in ('candidate', 'review')
      )
    ),
    released as (
      delete from dependency d
      using satisfied s
      where d.ctid = s.at
      returning d.record_id, d.system, d.target_system
    ),
    opened as (
      update member m set lane = 'open', lane_until = null, lane_reason = null, lane_attempts = 0
      where m.lane = 'waiting' and (m.record_id, m.system) in (select record_id, system from released)
    )
    select record_id, system, target_system from released`,
}
