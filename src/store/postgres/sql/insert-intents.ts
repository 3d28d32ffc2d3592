import type { Intent } from '../../../model/state.ts'
import type { Session } from '../database.ts'
import { packBytes } from '../packed-bytes.ts'

/** Adds intents in state `open`. */
export async function insertIntents(
  session: Session,
  intents: readonly { readonly intent: Intent; readonly document: Uint8Array }[],
): Promise<void> {
  if (intents.length === 0) return
  const column = <T>(pick: (intent: Intent) => T): T[] => intents.map(({ intent }) => pick(intent))
  const documents = packBytes(intents.map(({ document }) => document))
  await session.rows(statement, [
    column(({ id }) => id),
    column(({ recordId }) => recordId),
    column(({ system }) => system),
    column(({ entity }) => entity),
    column(({ operation }) => operation),
    documents.starts,
    column(({ createdAt }) => createdAt),
    column(({ firstSentAt }) => firstSentAt),
    column(({ notAfter }) => notAfter),
    column(({ state }) => state),
    documents.bytes,
    documents.lengths,
    column(({ causes }) => (causes ?? []).join(',')),
    column(({ definition }) => definition ?? null),
  ])
}

const statement = {
  name: 'insert-intents',
  text: `
    insert into intent (id, record_id, system, entity, operation, document, created_at, first_sent_at,
      not_after, state, causes, definition)
    select id, record_id, system, entity, operation, substring($11::bytea from start for length),
      created_at, first_sent_at, not_after, state, string_to_array(causes, ','), definition
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::bigint[],
      $8::bigint[], $9::bigint[], $10::text[], $12::integer[], $13::text[], $14::text[])
      as u (id, record_id, system, entity, operation, start, created_at, first_sent_at, not_after, state, length,
        causes, definition)`,
}
