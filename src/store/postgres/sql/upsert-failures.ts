import type { FailureDraft } from '../../contract.ts'
import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/** One row per lane: a resolved failure starts again. */
export async function upsertFailures(session: Session, failures: readonly FailureDraft[]): Promise<void> {
  if (failures.length === 0) return
  const last = new Map(failures.map((failure) => [`${failure.recordId}/${failure.system}`, failure]))
  const rows = [...last.values()]
  await session.rows(statement, [
    rows.map(({ recordId }) => recordId),
    rows.map(({ system }) => system),
    rows.map(({ entity }) => entity),
    rows.map(({ operation }) => operation),
    rows.map(({ code }) => code),
    rows.map(({ message }) => toText(message)),
    rows.map(({ signature }) => toText(signature)),
    rows.map(({ replay }) => replay),
    rows.map(({ passId }) => passId ?? null),
  ])
}

const statement = {
  name: 'upsert-failures',
  text: `
    insert into failure as f (record_id, system, entity, operation, code, message, signature, replay,
      pass_id, first_at, last_at)
    select record_id, system, entity, operation, code, message, signature, replay, pass_id, now_ms(), now_ms()
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
      $9::text[])
      as u (record_id, system, entity, operation, code, message, signature, replay, pass_id)
    on conflict (record_id, system) do update set
      operation = excluded.operation,
      code = excluded.code,
      message = excluded.message,
      signature = excluded.signature,
      replay = excluded.replay,
      pass_id = excluded.pass_id,
      first_at = case when f.closed_at is null then f.first_at else excluded.first_at end,
      count = case when f.closed_at is null then f.count + 1 else 1 end,
      last_at = excluded.last_at,
      closed_at = null`,
}
