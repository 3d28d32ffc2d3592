import type { Intent } from '../../../model/state.ts'
import type { Session } from '../database.ts'

export async function insertIntents(
  session: Session,
  intents: readonly { readonly intent: Intent; readonly document: Uint8Array }[],
): Promise<void> {
  if (intents.length === 0) return
  const column = <T>(pick: (intent: Intent) => T): T[] => intents.map(({ intent }) => pick(intent))
  await session.rows(statement, [
    column(({ id }) => id),
    column(({ recordId }) => recordId),
    column(({ system }) => system),
    column(({ entity }) => entity),
    column(({ operation }) => operation),
    intents.map(({ document }) => document),
    column(({ createdAt }) => createdAt),
    column(({ firstSentAt }) => firstSentAt),
    column(({ notAfter }) => notAfter),
    column(({ state }) => state),
  ])
}

const statement = {
  name: 'insert-intents',
  text: `
    insert into intent (id, record_id, system, entity, operation, document, created_at, first_sent_at,
      not_after, state)
    select *
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::bigint[],
      $8::bigint[], $9::bigint[], $10::text[])`,
}
