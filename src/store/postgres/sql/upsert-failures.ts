import type { FailureDraft } from '../../contract.ts'
import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/** A failure, with its message encoded where messages are not stored as text. */
export interface StoredFailure extends FailureDraft {
  readonly messageDocument: Uint8Array | undefined
}

/** One row per lane: a resolved failure starts again. */
export async function upsertFailures(session: Session, failures: readonly StoredFailure[]): Promise<void> {
  if (failures.length === 0) return
  const last = new Map(failures.map((failure) => [`${failure.recordId}/${failure.system}`, failure]))
  const rows = [...last.values()]
  await session.rows(statement, [
    rows.map(({ recordId }) => recordId),
    rows.map(({ system }) => system),
    rows.map(({ entity }) => entity),
    rows.map(({ operation }) => operation),
    rows.map(({ code }) => code),
    rows.map(({ message, messageDocument }) => (messageDocument === undefined ? toText(message) : '')),
    rows.map(({ signature }) => toText(signature)),
    rows.map(({ replay }) => replay),
    rows.map(({ passId }) => passId ?? null),
    rows.map(({ messageDocument }) => messageDocument ?? null),
  ])
}

const statement = {
  name: 'upsert-failures',
  text: `
    insert into failure as f (record_id, system, entity, operation, code, message, signature, replay,
      pass_id, message_document, first_at, last_at)
    select record_id, system, entity, operation, code, message, signature, replay, pass_id,
      message_document, now_ms(), now_ms()
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
      $9::text[], $10::bytea[])
      as u (record_id, system, entity, operation, code, message, signature, replay, pass_id, message_document)
    on conflict (record_id, system) do update set
      operation = excluded.operation,
      code = excluded.code,
      message = excluded.message,
      message_document = excluded.message_document,
      signature = excluded.signature,
      replay = excluded.replay,
      pass_id = excluded.pass_id,
      first_at = case when f.closed_at is null then f.first_at else excluded.first_at end,
      count = case when f.closed_at is null then f.count + 1 else 1 end,
      last_at = excluded.last_at,
      closed_at = null`,
}
