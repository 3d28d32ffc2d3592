import type { Cause } from '../../../model/cause.ts'
import type { Session } from '../database.ts'

export interface DirtyMark {
  readonly recordId: string
  /** One system, or `*` for all. */
  readonly system: string
  readonly cause: Cause
}

/**
 * Makes records due; returns the existing ids. Records that a worker holds become due when it releases them.
 */
export async function markDirty(session: Session, marks: readonly DirtyMark[]): Promise<Set<string>> {
  if (marks.length === 0) return new Set()
  const rows = await session.rows<{ id: string }>(statement, [
    marks.map(({ recordId }) => recordId),
    marks.map(({ system }) => system),
    marks.map(({ cause }) => cause),
  ])
  return new Set(rows.map(({ id }) => id))
}

const statement = {
  name: 'mark-dirty',
  text: `
    with mark as (
      select record_id, array_agg(distinct system order by system) as systems,
        array_agg(distinct cause) as causes
      from unnest($1::uuid[], $2::text[], $3::text[]) as u (record_id, system, cause)
      group by record_id
    ),
    locked as (
      select r.id from record r where r.id in (select record_id from mark) order by r.id for no key update
    )
    update record r set
      next_at = case when r.dirty_seq > r.clean_seq then least(r.next_at, now_ms()) else now_ms() end,
      dirty_seq = r.dirty_seq + 1,
      dirty_since = coalesce(r.dirty_since, now_ms()),
      look = case when r.look = '{}' then mark.systems else union_text(r.look, mark.systems) end,
      causes = add_causes(r.causes, mark.causes)
    from mark
    join locked on locked.id = mark.record_id
    where r.id = mark.record_id
    returning r.id`,
}
