import type { DependencyDraft } from '../../contract.ts'
import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/**
 * Writes the targets that the fields wait for. Earlier targets of the same kind (native ids, or records) that
 * a field no longer waits for are dropped.
 */
export async function insertDependencies(
  session: Session,
  dependencies: readonly DependencyDraft[],
): Promise<void> {
  if (dependencies.length === 0) return
  await session.rows(statement, [
    dependencies.map(({ recordId }) => recordId),
    dependencies.map(({ system }) => system),
    dependencies.map(({ field }) => field),
    dependencies.map(({ targetRecordId }) => targetRecordId ?? null),
    dependencies.map(({ target }) => target?.system ?? null),
    dependencies.map(({ target }) => target?.entity ?? null),
    dependencies.map(({ target }) => toText(target?.nativeId)),
  ])
}

const statement = {
  name: 'insert-dependencies',
  text: `
    with wanted as (
      select distinct *
      from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[])
        as u (record_id, system, field, target_record_id, target_system, target_entity, target_rid)
    ),
    dropped as (
      delete from dependency d
      where exists (
        select 1 from wanted w
        where w.record_id = d.record_id and w.system = d.system and w.field = d.field
          and (w.target_rid is null) = (d.target_rid is null)
      )
      and not exists (
        select 1 from wanted w
        where w.record_id = d.record_id and w.system = d.system and w.field = d.field
          and w.target_record_id is not distinct from d.target_record_id
          and w.target_system is not distinct from d.target_system
          and w.target_entity is not distinct from d.target_entity
          and w.target_rid is not distinct from d.target_rid
      )
      and d.record_id = any($1::uuid[])
    )
    insert into dependency (record_id, system, field, target_record_id, target_system, target_entity, target_rid)
    select * from wanted
    on conflict do nothing`,
}
