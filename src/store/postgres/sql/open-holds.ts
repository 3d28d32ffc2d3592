import type { HoldDraft } from '../../contract.ts'
import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/**
 * One open hold per (record, kind, system, field): a second one updates it, so that a waiting one names what
 * it waits for now.
 */
export async function openHolds(session: Session, holds: readonly HoldDraft[]): Promise<void> {
  if (holds.length === 0) return
  await session.rows(statement, [
    holds.map(({ id }) => id),
    holds.map(({ recordId }) => recordId),
    holds.map(({ entity }) => entity),
    holds.map(({ system }) => system ?? null),
    holds.map(({ field }) => field ?? null),
    holds.map(({ kind }) => kind),
    holds.map(({ reason }) => toText(reason)),
  ])
}

const statement = {
  name: 'open-holds',
  text: `
    insert into hold (id, record_id, entity, system, field, kind, reason, at)
    select distinct on (record_id, kind, system, field) id, record_id, entity, system, field, kind, reason, now_ms()
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) with ordinality
      as u (id, record_id, entity, system, field, kind, reason, n)
    order by record_id, kind, system, field, n
    on conflict (record_id, kind, system, field) where closed_at is null do update set reason = excluded.reason
    where hold.kind = 'delete-waits' and hold.reason <> excluded.reason`,
}
