import type { PassRows } from '../../contract.ts'
import type { Session } from '../database.ts'

/** Closes the open failures of these lanes; with a code only those that have it. */
export async function closeFailures(
  session: Session,
  lanes: readonly NonNullable<PassRows['clearedFailures']>[number][],
): Promise<void> {
  if (lanes.length === 0) return
  await session.rows(statement, [
    lanes.map(({ recordId }) => recordId),
    lanes.map(({ system }) => system),
    lanes.map(({ code }) => code ?? null),
  ])
}

const statement = {
  name: 'close-failures',
  text: `
    update failure f set closed_at = now_ms()
    from unnest($1::uuid[], $2::text[], $3::text[]) as u (record_id, system, code)
    where f.record_id = u.record_id and f.system = u.system and f.closed_at is null
      and (u.code is null or f.code = u.code)`,
}
