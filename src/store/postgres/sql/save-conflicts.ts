import type { Session } from '../database.ts'

export interface EncodedConflict {
  readonly id: string
  readonly recordId: string
  readonly entity: string
  readonly field: string
  readonly policy: string
  readonly winner: string | undefined
  readonly candidates: Uint8Array
}

/** Returns the existing conflicts with these ids, with their candidates. Their records are locked already. */
export function readConflicts(
  session: Session,
  ids: readonly string[],
): Promise<{ readonly id: string; readonly candidates: Uint8Array }[]> {
  return session.rows(read, [ids])
}

/** Saves new conflicts and the new state of open ones; a decided one is unchanged. */
export async function saveConflicts(session: Session, conflicts: readonly EncodedConflict[]): Promise<void> {
  if (conflicts.length === 0) return
  await session.rows(statement, [
    conflicts.map(({ id }) => id),
    conflicts.map(({ recordId }) => recordId),
    conflicts.map(({ entity }) => entity),
    conflicts.map(({ field }) => field),
    conflicts.map(({ policy }) => policy),
    conflicts.map(({ winner }) => winner ?? null),
    conflicts.map(({ candidates }) => candidates),
  ])
}

const read = {
  name: 'read-conflicts',
  text: `select id, candidates from conflict where id = any($1::uuid[])`,
}

const statement = {
  name: 'save-conflicts',
  text: `
    insert into conflict as c (id, record_id, entity, field, policy, state, winner, decided_by, at, candidates)
    select id, record_id, entity, field, policy,
      case when winner is null then 'open' else 'decided' end,
      winner,
      case when winner is null then null else 'policy' end,
      now_ms(), candidates
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[])
      as u (id, record_id, entity, field, policy, winner, candidates)
    on conflict (id) do update set
      state = excluded.state,
      winner = excluded.winner,
      decided_by = excluded.decided_by,
      candidates = excluded.candidates
      where c.state = 'open' and c.record_id = excluded.record_id`,
}
