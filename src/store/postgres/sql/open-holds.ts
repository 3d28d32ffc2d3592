import type { HoldDraft } from '../../contract.ts'
import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/** One open hold per (record, kind, system, field): another of the same is the same hold. */
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
    select id, record_id, entity, system, field, kind, reason, now_ms()
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
      as u (id, record_id, entity, system, field, kind, reason)
    on conflict do nothing`,
}
