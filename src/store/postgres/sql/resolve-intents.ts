import type { IntentUpdate } from '../../contract.ts'
import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/** A record's pass may only change the record's own intents. */
export async function resolveIntents(
  session: Session,
  updates: readonly (IntentUpdate & { readonly recordId: string })[],
): Promise<void> {
  if (updates.length === 0) return
  await session.rows(statement, [
    updates.map(({ id }) => id),
    updates.map(({ recordId }) => recordId),
    updates.map(({ state }) => state),
    updates.map(({ outcome }) => toText(outcome)),
    updates.map(({ notAfter }) => notAfter ?? null),
  ])
}

const statement = {
  name: 'resolve-intents',
  text: `
    update intent i set
      state = u.state,
      outcome = coalesce(u.outcome, i.outcome),
      not_after = coalesce(u.not_after, i.not_after)
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[])
      as u (id, record_id, state, outcome, not_after)
    where i.id = u.id and i.record_id = u.record_id`,
}
