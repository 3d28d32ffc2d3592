import type { PassRows } from '../../contract.ts'
import type { Session } from '../database.ts'

/** Closes holds without a remaining reason. */
export async function closeHolds(
  session: Session,
  cleared: readonly NonNullable<PassRows['clearedHolds']>[number][],
): Promise<void> {
  if (cleared.length === 0) return
  await session.rows(statement, [
    cleared.map(({ recordId }) => recordId),
    cleared.map(({ kind }) => kind),
    cleared.map(({ system }) => system ?? null),
    cleared.map(({ field }) => field ?? null),
  ])
}

const statement = {
  name: 'close-holds',
  text: `
    update hold h set closed_at = now_ms(), decision = 'over'
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as u (record_id, kind, system, field)
    where h.closed_at is null and h.record_id = u.record_id and h.kind = u.kind
      and (u.system is null or h.system = u.system)
      and (u.field is null or h.field = u.field)`,
}
