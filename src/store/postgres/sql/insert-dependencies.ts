import type { DependencyDraft } from '../../contract.ts'
import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/** Later ones of the same field replace earlier ones. */
export async function insertDependencies(
  session: Session,
  dependencies: readonly DependencyDraft[],
): Promise<void> {
  if (dependencies.length === 0) return
  const last = new Map(dependencies.map((row) => [`${row.recordId}/${row.system}/${row.field}`, row]))
  const rows = [...last.values()]
  await session.rows(statement, [
    rows.map(({ recordId }) => recordId),
    rows.map(({ system }) => system),
    rows.map(({ field }) => field),
    rows.map(({ targetRecordId }) => targetRecordId ?? null),
    rows.map(({ target }) => target?.system ?? null),
    rows.map(({ target }) => target?.entity ?? null),
    rows.map(({ target }) => toText(target?.rid)),
  ])
}

const statement = {
  name: 'insert-dependencies',
  text: `
    insert into dependency (record_id, system, field, target_record_id, target_system, target_entity, target_rid)
    select *
    from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[])
    on conflict (record_id, system, field) do update set
      target_record_id = excluded.target_record_id,
      target_system = excluded.target_system,
      target_entity = excluded.target_entity,
      target_rid = excluded.target_rid`,
}
